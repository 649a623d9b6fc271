"""A model is recognized by its projection and by whether its Q-Former reads text."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from rsgpt_backend.convert.recognise import recognize_member
from rsgpt_backend.errors import ModelError

TEXT = {"Qformer.bert.embeddings.word_embeddings.weight": torch.ones(1)}


def projection(kind: str, rows: int, columns: int = 768) -> dict[str, Tensor]:
    return {f"{kind}.weight": torch.empty(rows, columns, device="meta")}


@pytest.mark.parametrize(
    ("tensors", "trained", "name"),
    [
        ({**projection("llm_proj", 4096), **TEXT}, False, "instructblip-vicuna-7b"),
        ({**projection("llm_proj", 5120), **TEXT}, False, "instructblip-vicuna-13b"),
        ({**projection("llm_proj", 4096), **TEXT}, True, "rsgpt-7b"),
        ({**projection("llm_proj", 5120), **TEXT}, True, "rsgpt-13b"),
        ({**projection("t5_proj", 2048), **TEXT}, True, "instructblip-flan-t5-xl"),
        (projection("t5_proj", 2048), False, "blip2-flan-t5-xl"),
        (projection("opt_proj", 2560), False, "blip2-opt-2.7b"),
        (projection("llama_proj", 4096), False, "minigpt4-7b"),
        (projection("llama_proj", 5120), True, "minigpt4-13b"),
        (projection("llama_proj", 4096, 5632), False, "minigpt4-llama2-7b"),
        ({**projection("vision_proj", 256), **projection("t5_proj", 2048)}, False, "blip2-flan-t5-xl"),
    ],
)
def test_every_member_is_recognized(tensors: dict[str, Tensor], trained: bool, name: str) -> None:
    assert recognize_member(tensors, trained).name == name


@pytest.mark.parametrize(
    "tensors", [{}, projection("vision_proj", 256), {"llm_proj.weight": torch.ones(4)}, projection("llm_proj", 4096)]
)
def test_unknown_model_is_rejected(tensors: dict[str, Tensor]) -> None:
    with pytest.raises(ModelError, match="projection|No supported model"):
        recognize_member(tensors, trained=False)
