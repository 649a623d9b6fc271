"""A model is loaded into an engine in a precision that fits, and answers as the unoptimized model does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

from rsgpt_backend.engine import loading
from rsgpt_backend.engine.engine import Engine
from rsgpt_backend.engine.loading import load_engine
from rsgpt_backend.errors import ModelError
from rsgpt_backend.model.hardware import packed_linear as packed_module
from rsgpt_backend.model.hardware.packed_linear import PackedLinear
from rsgpt_backend.model.hashes import file_sha256
from tests.backend.toy import NAME, ask


def test_loading_by_folder(toy_folder: Path) -> None:
    loaded = load_engine(str(toy_folder))
    assert loaded.name == NAME
    assert loaded.weights_sha256 == file_sha256(toy_folder / "model.safetensors")
    assert loaded.caption_prompt == "Describe this image."
    assert loaded.model.language.dtype == torch.float32


def test_what_is_loaded_to_be_asked_says_the_same(
    toy_folder: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        pytest.skip("this PyTorch has no oneDNN")
    monkeypatch.setattr(packed_module, "pays", lambda: True)
    loaded = load_engine(str(toy_folder))
    assert any(isinstance(module, PackedLinear) for module in loaded.model.language.modules())
    asks = [ask(number, prompt, beams=beams) for number in range(4) for prompt in ("gray", "yes") for beams in (1, 3)]
    found, wanted = loaded.answer(asks), engine.answer(asks)
    assert [one.text for one in found] == [one.text for one in wanted]
    assert [one.confidence for one in found] == pytest.approx([one.confidence for one in wanted], abs=1e-3)


def test_what_much_memory_is_needed_for_is_told(toy_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    load_engine(str(toy_folder), "auto", told.append)
    assert told == []
    monkeypatch.setattr(loading, "_MUCH", 0)
    load_engine(str(toy_folder), "auto", told.append)
    (sentence,) = told
    assert re.fullmatch(rf"{toy_folder.name} in fp32 needs 0\.8 GB, \d+\.\d GB are free\.", sentence)


def test_loading_an_unknown_name() -> None:
    with pytest.raises(ModelError, match="no model 'nonsense'"):
        load_engine("nonsense")
