"""A transformers folder, converted, answers as transformers does."""

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
from rsgpt_backend.model.vision.encoders import normalise
from rsgpt_backend.model.weights import load_model
from tests.backend.family import BLOCKS, HUB_KINDS, QUERIES, SIDE, VISION, WORDS, make_hub

IMAGE = 390  # the id that stands for a query vector in transformers' input


@pytest.fixture(scope="module", params=HUB_KINDS)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Rsgpt, PreTrainedModel]:
    """The same model, ours and transformers'."""
    folder = tmp_path_factory.mktemp("hub") / "source"
    theirs = make_hub(request.param, folder)
    convert(ConversionSources([folder]), folder.with_name("model"))
    return load_model(folder.with_name("model")), theirs


def pixels(count: int) -> Tensor:
    """Noise."""
    return torch.randint(0, 256, (count, 3, SIDE, SIDE), dtype=torch.uint8, generator=torch.Generator().manual_seed(3))


@torch.no_grad()
def test_scores_are_transformers_own(pair: tuple[Rsgpt, PreTrainedModel]) -> None:
    ours, theirs = pair
    given = pixels(2)
    instructions = ours.instruct(["describe this image.", "a road?"])
    assert len(instructions[0]) != len(instructions[1])
    for row, instruction in enumerate(instructions):
        one = given[row : row + 1]
        prefix = ours.prefix(ours.encode(one), [instruction])
        ids = torch.tensor([[IMAGE] * QUERIES + list(instruction.after)])
        inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        if ours.config.qformer.instruction:
            read = torch.tensor([instruction.read])
            inputs |= {"qformer_input_ids": read, "qformer_attention_mask": torch.ones_like(read)}
        start = {"decoder_input_ids": torch.tensor([[0]])} if ours.config.language.encoder_decoder else {}
        wanted = theirs(pixel_values=normalise(one, ours.config.vision), **inputs, **start).logits
        got = ours.language(inputs_embeds=prefix.embeds, attention_mask=prefix.mask, **start).logits
        scale = wanted.abs().max()
        torch.testing.assert_close(got / scale, wanted / scale, atol=1e-6, rtol=0)


def test_sizes_come_from_the_folder(pair: tuple[Rsgpt, PreTrainedModel]) -> None:
    config = pair[0].config
    assert (config.vision.width, config.vision.layers, config.vision.cells) == (VISION, BLOCKS, 5)
    assert config.qformer.vocabulary == (len(WORDS) if config.qformer.instruction else 0)


def test_ids_that_transformers_has_wrong_are_set(pair: tuple[Rsgpt, PreTrainedModel]) -> None:
    config: ModelConfig = pair[0].config
    ends = {"instructblip-vicuna-7b": (2, 2), "blip2-opt-2.7b": (2, 50118)}
    assert (config.language.bos_id, config.language.eos_id) == ends.get(config.name, (0, 1))


_PARTS = '"model_type": "blip-2", "text_config": {"model_type": "opt"}, "qformer_config": {}, "num_query_tokens": 32'


@pytest.mark.parametrize(
    "described",
    [
        '{"model_type": "llava"}',
        f'{{{_PARTS}, "vision_config": {{"patch_size": 0}}}}',
        f'{{{_PARTS}, "vision_config": []}}',
    ],
)
def test_a_folder_of_another_kind_is_refused(tmp_path: Path, described: str) -> None:
    (tmp_path / "config.json").write_text(described)
    with pytest.raises(ModelError, match="no InstructBLIP or BLIP-2 folder"):
        hub_config(tmp_path)


@pytest.mark.parametrize(
    ("vision", "sentence"),
    [
        ('{"num_hidden_layers": 1000000000}', r"vision\.layers is 1000000000"),
        ('{"num_hidden_layers": "two"}', r"vision\.layers is of another type"),
        ('{"num_attention_heads": 0}', "size of the ViT"),
    ],
)
def test_sizes_that_no_model_has_are_refused(tmp_path: Path, vision: str, sentence: str) -> None:
    source = tmp_path / "source"
    make_hub("blip-2-opt", source)
    described = json.loads((source / "config.json").read_text("utf-8"))
    described["vision_config"].update(json.loads(vision))
    (source / "config.json").write_text(json.dumps(described))
    with pytest.raises(ModelError, match=sentence):
        convert(ConversionSources([source]), tmp_path / "model")


def test_a_deep_config_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("[" * 100_000)
    with pytest.raises(ModelError, match=r"config\.json cannot be read \(it is nested too deeply"):
        hub_config(tmp_path)
