"""A config is checked for types, ranges and consistency; the error names the key and the reason."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rsgpt_backend.model.config import ModelConfig, NoveltyConfig, QuestionParserConfig
from rsgpt_backend.model.published_models import FAMILY
from rsgpt_backend.model.validation import check
from tests.backend.toy import make_config

TOY = make_config(Path("language"))
VIT = replace(TOY.vision, kind="eva-vit", patch=16, layers=2, heads=4, intermediate=64, cells=17)


def changed(path: str, value: Any, config: ModelConfig = TOY) -> ModelConfig:
    """Return a config with a value at a dotted path."""
    part, _, name = path.rpartition(".")
    if not part:
        return replace(config, **{name: value})
    return replace(config, **{part: replace(getattr(config, part), **{name: value})})


def test_the_toy_and_all_published_models_are_valid() -> None:
    for config in (TOY, *FAMILY.values()):
        check(config)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", ""),
        ("beams", 1),
        ("beams", 64),
        ("repetition_penalty", 1),  # an int is a valid float
        ("repetition_penalty", 0.01),
        ("yes_odds", -50),
        ("question_parser", QuestionParserConfig(width=32, heads=1)),
        ("calibration", {"yes_no": (1, -100), "phrase": (-0.5, 0.0)}),
        ("notes", {"anything": [1, {"deep": None}]}),
        ("weights_sha256", "0" * 64),
        ("caption_prompt", "x" * 4000),
        ("vision.mean", (0, 10, -10)),
        ("qformer.dropout", 0.99),
        ("language.bos_id", 10_000_000),
        ("language.stops", ("###",) * 32),
        ("language.template", "{prompt}{image}{prompt}"),
        ("language.sha256", "a" * 64),
    ],
)
def test_values_at_the_limits_are_valid(path: str, value: Any) -> None:
    check(changed(path, value))


@pytest.mark.parametrize(
    ("path", "value", "kind"),
    [
        ("name", 7, "str"),
        ("name", None, "str"),
        ("name", "x" * 4001, "str"),
        ("beams", True, "int"),
        ("beams", 1.0, "int"),
        ("patient", 1, "bool"),
        ("yes_odds", "0", "float"),
        ("yes_odds", True, "float"),
        ("yes_odds", math.nan, "float"),
        ("yes_odds", math.inf, "float"),
        ("calibration", {"yes_no": (1.0,)}, r"dict\[str, tuple\[float, float\]\]"),
        ("calibration", {1: (1.0, 0.0)}, r"dict\[str, tuple\[float, float\]\]"),
        ("calibration", [], r"dict\[str, tuple\[float, float\]\]"),
        ("notes", {1: "x"}, r"dict\[str, typing.Any\]"),
        ("vision.mean", (0.5, 0.5), r"tuple\[float, float, float\]"),
        ("vision.mean", [0.5, 0.5, 0.5], r"tuple\[float, float, float\]"),
        ("vision.image_size", "64", "int"),
        ("qformer.instruction", "no", "bool"),
        ("language.stops", ("x", 1), r"tuple\[str, \.\.\.\]"),
        ("language.source", Path("x"), "str"),
    ],
)
def test_a_value_of_another_type_is_refused(path: str, value: Any, kind: str) -> None:
    with pytest.raises(ValueError, match=f"^{path} is not of type {kind}$"):
        check(changed(path, value))


@pytest.mark.parametrize(
    ("path", "value", "limits"),
    [
        ("beams", 0, "from 1 to 64"),
        ("beams", 65, "from 1 to 64"),
        ("repetition_penalty", 0, "from 0.01 to 100"),
        ("no_repeat_ngram", -1, "from 0 to 100"),
        ("max_new_tokens", 4097, "from 1 to 4096"),
        ("yes_odds", 50.5, "from -50 to 50"),
        ("vision.image_size", 4096, "from 14 to 2048"),
        ("vision.width", 0, "from 1 to 32768"),
        ("qformer.queries", 0, "from 1 to 4096"),
        ("qformer.cross_attention_frequency", 0, "from 1 to 200"),
        ("qformer.dropout", 1.0, "from 0 to 0.99"),
        ("language.eos_id", -1, "from 0 to 10000000"),
    ],
)
def test_a_number_out_of_range_is_refused(path: str, value: Any, limits: str) -> None:
    with pytest.raises(ValueError, match=f"^{path} is {value}, not {limits}$"):
        check(changed(path, value))


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("vision.std", (0.2, 0.0, 0.2), r"vision\.std is 0\.0, not from 1e-06 to 10"),
        ("calibration", {"phrase": (1.0, 101.0)}, r"calibration is 101\.0, not from -100 to 100"),
        ("calibration", {"phrase": (0.0, 1.0)}, "calibration of 'phrase' has the slope 0"),
        ("weights_sha256", "F" * 64, "weights_sha256 is not a SHA-256"),
        ("weights_sha256", "0" * 63, "weights_sha256 is not a SHA-256"),
        ("language.sha256", "../../x", r"language\.sha256 is not a SHA-256"),
        ("language.template", "{prompt}", "does not contain {image} exactly once"),
        ("language.template", "{image}{prompt}{image}", "does not contain {image} exactly once"),
        ("language.template", "{image}", "does not contain {prompt}"),
        ("language.stops", ("x",) * 33, r"language\.stops has more than 32 texts"),
        ("language.stops", ("x", ""), r"language\.stops has an empty text"),
        ("vision.image_size", 65, "not a multiple of 32"),
        ("vision.cells", 5, r"vision\.cells is not 4, which follows from image_size"),
        ("qformer.heads", 0, r"qformer\.heads or qformer\.intermediate is 0"),
        ("qformer.intermediate", 0, r"qformer\.heads or qformer\.intermediate is 0"),
        ("qformer.heads", 3, r"qformer\.width is not a multiple of qformer\.heads"),
        ("qformer.tokenizer", "reader", r"qformer\.vocabulary is 0"),
    ],
)
def test_values_that_contradict_each_other_are_refused(path: str, value: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^.*{sentence}"):
        check(changed(path, value))


def test_a_q_former_that_reads_no_text_needs_no_vocabulary() -> None:
    check(changed("qformer.instruction", False, changed("qformer.tokenizer", "reader")))


def test_a_vit_is_valid() -> None:
    check(replace(TOY, vision=VIT))


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("patch", 0, "patch, layers, heads or intermediate of vision is 0"),
        ("layers", 0, "patch, layers, heads or intermediate of vision is 0"),
        ("heads", 3, r"vision\.width is not a multiple of vision\.heads"),
        ("cells", 16, r"vision\.cells is not 17, which follows from image_size and patch"),
    ],
)
def test_the_shape_of_a_vit_is_checked(name: str, value: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        check(replace(TOY, vision=replace(VIT, **{name: value})))


def test_patches_are_joined_evenly_without_a_q_former() -> None:
    joined = replace(TOY.qformer, layers=0, queries=4, width=4 * VIT.width)
    check(replace(TOY, vision=VIT, qformer=joined))
    with pytest.raises(ValueError, match=r"qformer\.queries does not divide the number of patches"):
        check(replace(TOY, vision=VIT, qformer=replace(joined, queries=3)))
    with pytest.raises(ValueError, match=rf"qformer\.width is not {4 * VIT.width}, which follows"):
        check(replace(TOY, vision=VIT, qformer=replace(joined, width=VIT.width)))


def test_a_ground_resolution_needs_a_qformer() -> None:
    joined = next(config for config in FAMILY.values() if not config.qformer.layers)
    with pytest.raises(ValueError, match="vision.ground_resolution needs a Q-Former"):
        check(changed("vision.ground_resolution", True, joined))


@pytest.mark.parametrize(
    ("parser", "message"),
    [
        (QuestionParserConfig(width=30, heads=4), "width is not a multiple of question_parser.heads"),
        (QuestionParserConfig(width=0), "question_parser.width"),
    ],
)
def test_the_width_of_a_question_parser_is_checked(parser: QuestionParserConfig, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check(changed("question_parser", parser))


@pytest.mark.parametrize(
    ("novelty", "message"),
    [
        (NoveltyConfig(axes=320), "novelty.axes is not below vision.width"),
        (NoveltyConfig(axes=0), "novelty.axes is 0, not from 1"),
        (NoveltyConfig(quantile=0.1), "novelty.quantile is 0.1, not from 0.5"),
    ],
)
def test_a_novelty_detector_is_checked(novelty: NoveltyConfig, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check(changed("novelty", novelty))


def test_vectors_need_a_qformer_that_reads_text() -> None:
    check(changed("matching_width", 256))
    for config in FAMILY.values():
        if not (config.qformer.layers and config.qformer.instruction):
            with pytest.raises(ValueError, match="matching_width needs a Q-Former that reads text"):
                check(changed("matching_width", 256, config))
