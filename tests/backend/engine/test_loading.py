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


def test_engine_of_a_folder(toy_folder: Path) -> None:
    loaded = load_engine(str(toy_folder))
    assert loaded.name == NAME
    assert loaded.weights_sha256 == file_sha256(toy_folder / "model.safetensors")
    assert loaded.caption_prompt == "Describe this image."
    assert loaded.model.language.dtype == torch.float32


def test_optimized_engine_gives_the_same_answers(
    toy_folder: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        pytest.skip("this PyTorch has no oneDNN")
    monkeypatch.setattr(packed_module, "is_packing_faster", lambda: True)
    loaded = load_engine(str(toy_folder))
    assert any(isinstance(module, PackedLinear) for module in loaded.model.language.modules())
    asks = [ask(number, prompt, beams=beams) for number in range(4) for prompt in ("gray", "yes") for beams in (1, 3)]
    answers, wanted = loaded.answer(asks), engine.answer(asks)
    assert [answer.text for answer in answers] == [answer.text for answer in wanted]
    confidences = [answer.confidence for answer in wanted]
    assert [answer.confidence for answer in answers] == pytest.approx(confidences, abs=1e-3)


def test_large_memory_need_is_reported(toy_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    messages: list[str] = []
    load_engine(str(toy_folder), "auto", messages.append)
    assert messages == []
    monkeypatch.setattr(loading, "_REPORTED_BYTES", 0)
    load_engine(str(toy_folder), "auto", messages.append)
    (message,) = messages
    assert re.fullmatch(rf"{toy_folder.name} in fp32 needs 0\.8 GB, \d+\.\d GB are free\.", message)


def test_unknown_name_is_rejected() -> None:
    with pytest.raises(ModelError, match="no model 'nonsense'"):
        load_engine("nonsense")
