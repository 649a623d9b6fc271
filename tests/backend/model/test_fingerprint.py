"""The fingerprint changes with everything that determines an answer, and with nothing else."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import LlamaForCausalLM

from rsgpt_backend.engine.loading import load_engine
from rsgpt_backend.model.config import FinderConfig, ModelConfig, NoveltyConfig, QuestionParserConfig
from rsgpt_backend.model.fingerprint import fingerprint


@pytest.fixture
def config(toy_folder: Path) -> ModelConfig:
    return ModelConfig.read(toy_folder)


def changed(config: ModelConfig, part: str, change: dict[str, Any]) -> ModelConfig:
    """Return the config with changed values, in one of its parts if `part` is not empty."""
    return replace(config, **({part: replace(getattr(config, part), **change)} if part else change))


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("", {"weights_sha256": "1" * 64}),
        ("", {"calibration": {"yes_no": (1.5, 0.2)}}),
        ("", {"yes_odds": 0.3}),
        ("", {"beams": 3}),
        ("", {"repetition_penalty": 1.5}),
        ("", {"no_repeat_ngram": 4}),
        ("", {"caption_prompt": "What is this?"}),
        ("", {"question_parser": QuestionParserConfig()}),
        ("", {"novelty": NoveltyConfig()}),
        ("vision", {"mean": (0.4, 0.5, 0.5)}),
        ("qformer", {"max_text": 12}),
        ("language", {"sha256": "1" * 64}),
        ("language", {"template": "{image}{bos}Q: {prompt}"}),
        ("language", {"stops": ("###",)}),
    ],
)
def test_fingerprint_changes_with_each_relevant_value(
    config: ModelConfig, toy_folder: Path, part: str, change: dict[str, Any]
) -> None:
    before = fingerprint(config, toy_folder, "fp32")
    assert fingerprint(changed(config, part, change), toy_folder, "fp32") != before


def test_fingerprint_changes_with_the_precision(config: ModelConfig, toy_folder: Path) -> None:
    fingerprints = {fingerprint(config, toy_folder, name) for name in ("fp32", "bf16", "fp16", "int8", "int4")}
    assert len(fingerprints) == 5
    assert {len(text) for text in fingerprints} == {16}


def test_fingerprint_ignores_name_licence_notes_and_paths(
    config: ModelConfig, toy_folder: Path, tmp_path: Path
) -> None:
    before = fingerprint(config, toy_folder, "fp32")
    elsewhere = shutil.copytree(toy_folder / "language", tmp_path / "elsewhere")
    language = replace(config.language, source=str(elsewhere))
    renamed = replace(config, name="other", licence="other", notes={"a": 1}, language=language)
    assert fingerprint(renamed, tmp_path, "fp32") == before


def test_fingerprint_changes_with_the_language_model(config: ModelConfig, toy_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(toy_folder, tmp_path / "model"))
    config = replace(config, language=replace(config.language, source="language", sha256=""))
    before = fingerprint(config, folder, "fp32")
    model = LlamaForCausalLM.from_pretrained(folder / "language")
    with torch.no_grad():
        model.lm_head.weight.mul_(0.5)
    model.save_pretrained(folder / "language")
    assert fingerprint(config, folder, "fp32") != before


def test_fingerprint_changes_with_the_tokenizer(config: ModelConfig, toy_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(toy_folder, tmp_path / "model"))
    config = replace(config, language=replace(config.language, source="language"))
    before = fingerprint(config, folder, "fp32")
    tokenizer = folder / "language" / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text("utf-8") + "\n", "utf-8")
    assert fingerprint(config, folder, "fp32") != before


def test_engine_has_the_fingerprint_of_its_precision(config: ModelConfig, toy_folder: Path) -> None:
    engine = load_engine(str(toy_folder), "auto")
    assert (engine.precision, engine.fingerprint) == ("fp32", fingerprint(config, toy_folder, "fp32"))
    engine = load_engine(str(toy_folder), "bf16")
    assert (engine.precision, engine.fingerprint) == ("bf16", fingerprint(config, toy_folder, "bf16"))


def test_fingerprint_changes_with_the_finder(config: ModelConfig, toy_folder: Path) -> None:
    with_finder = replace(config, finder=FinderConfig())
    other = replace(config, finder=FinderConfig(thresholds=(0.4,) * 5))
    assert len({fingerprint(each, toy_folder, "fp32") for each in (config, with_finder, other)}) == 3


def test_a_model_without_a_finder_has_the_fingerprint_of_before(config: ModelConfig, toy_folder: Path) -> None:
    """Answers that are kept under the fingerprint stay valid when the config gets a part that the model lacks."""
    plain = config.to_dict()
    assert plain.pop("finder") is None
    before = replace(config)
    object.__setattr__(before, "to_dict", lambda: plain)
    assert fingerprint(before, toy_folder, "fp32") == fingerprint(config, toy_folder, "fp32")
