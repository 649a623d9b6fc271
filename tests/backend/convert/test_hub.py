"""A converted transformers folder returns the logits of transformers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor
from transformers import PreTrainedModel

from rsgpt_backend.convert.conversion import ConversionSources, convert
from rsgpt_backend.convert.hub import hub_config
from rsgpt_backend.errors import ModelError
from rsgpt_backend.model.config import ModelConfig
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_backend.model.vision.encoders import normalize
from rsgpt_backend.model.weights import load_model
from tests.backend.family import BLOCKS, HUB_KINDS, QUERIES, SIDE, VISION, WORDS, make_hub

IMAGE = 390  # id of a query vector in the input of transformers


@pytest.fixture(scope="module", params=HUB_KINDS)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Rsgpt, PreTrainedModel]:
    """The same model: converted, and in transformers."""
    folder = tmp_path_factory.mktemp("hub") / "source"
    theirs = make_hub(request.param, folder)
    convert(ConversionSources([folder]), folder.with_name("model"))
    return load_model(folder.with_name("model")), theirs


def pixels(count: int) -> Tensor:
    return torch.randint(0, 256, (count, 3, SIDE, SIDE), dtype=torch.uint8, generator=torch.Generator().manual_seed(3))


@torch.no_grad()
def test_logits_equal_those_of_transformers(pair: tuple[Rsgpt, PreTrainedModel]) -> None:
    ours, theirs = pair
    pictures = pixels(2)
    instructions = ours.instruct(["describe this image.", "a road?"])
    assert len(instructions[0]) != len(instructions[1])
    for row, instruction in enumerate(instructions):
        image = pictures[row : row + 1]
        prefix = ours.prefix(ours.encode(image), [instruction])
        ids = torch.tensor([[IMAGE] * QUERIES + list(instruction.after)])
        inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        if ours.config.qformer.instruction:
            text_ids = torch.tensor([instruction.read])
            inputs |= {"qformer_input_ids": text_ids, "qformer_attention_mask": torch.ones_like(text_ids)}
        start = {"decoder_input_ids": torch.tensor([[0]])} if ours.config.language.encoder_decoder else {}
        wanted = theirs(pixel_values=normalize(image, ours.config.vision), **inputs, **start).logits
        logits = ours.language(inputs_embeds=prefix.embeds, attention_mask=prefix.mask, **start).logits
        scale = wanted.abs().max()
        torch.testing.assert_close(logits / scale, wanted / scale, atol=1e-6, rtol=0)


def test_sizes_are_read_from_the_folder(pair: tuple[Rsgpt, PreTrainedModel]) -> None:
    config = pair[0].config
    assert (config.vision.width, config.vision.layers, config.vision.cells) == (VISION, BLOCKS, 5)
    assert config.qformer.vocabulary == (len(WORDS) if config.qformer.instruction else 0)


def test_token_ids_that_are_wrong_in_transformers_are_replaced(pair: tuple[Rsgpt, PreTrainedModel]) -> None:
    config: ModelConfig = pair[0].config
    ends = {"instructblip-vicuna-7b": (2, 2), "blip2-opt-2.7b": (2, 50118)}
    assert (config.language.bos_id, config.language.eos_id) == ends.get(config.name, (0, 1))


_PARTS = '"model_type": "blip-2", "text_config": {"model_type": "opt"}, "qformer_config": {}, "num_query_tokens": 32'


@pytest.mark.parametrize(
    "content",
    [
        '{"model_type": "llava"}',
        f'{{{_PARTS}, "vision_config": {{"patch_size": 0}}}}',
        f'{{{_PARTS}, "vision_config": []}}',
    ],
)
def test_folder_of_another_type_is_rejected(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(ModelError, match="not a supported InstructBLIP or BLIP-2 folder"):
        hub_config(tmp_path)


@pytest.mark.parametrize(
    ("vision", "sentence"),
    [
        ('{"num_hidden_layers": 1000000000}', r"vision\.layers is 1000000000"),
        ('{"num_hidden_layers": "two"}', r"vision\.layers is not of type"),
        ('{"num_attention_heads": 0}', "of vision is 0"),
    ],
)
def test_sizes_out_of_range_are_rejected(tmp_path: Path, vision: str, sentence: str) -> None:
    source = tmp_path / "source"
    make_hub("blip-2-opt", source)
    config = json.loads((source / "config.json").read_text("utf-8"))
    config["vision_config"].update(json.loads(vision))
    (source / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=sentence):
        convert(ConversionSources([source]), tmp_path / "model")


def test_deeply_nested_config_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("[" * 100_000)
    with pytest.raises(ModelError, match=r"config\.json cannot be read \(it is nested too deeply"):
        hub_config(tmp_path)
