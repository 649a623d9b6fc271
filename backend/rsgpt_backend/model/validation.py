"""Validation of a model's config: types, ranges and consistency, checked before any module is built."""

from __future__ import annotations

import dataclasses
import math
import re
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from rsgpt_plugin.shared.vocabulary.kinds import KINDS

_SHA256 = re.compile(r"[0-9a-f]{64}|")
_MAX_TEXT_LENGTH = 4000
_MAX_STOPS = 32
_EFFICIENTNET_STRIDE = 32
_FINDER_STRIDES = (4, 8)
_MAX_LABELS = 64

# Minimum and maximum of the numbers in all fields of this name
_RANGES: dict[str, tuple[float, float]] = {
    "image_size": (14, 2048),
    "width": (1, 32_768),
    "cells": (1, 25_000),
    "matching_width": (0, 4096),
    "patch": (0, 256),
    "layers": (0, 200),
    "heads": (0, 256),
    "intermediate": (0, 262_144),
    "queries": (1, 4096),
    "cross_attention_frequency": (1, 200),
    "vocabulary": (0, 1_000_000),
    "max_text": (1, 8192),
    "positions": (0, 8192),
    "dropout": (0, 0.99),
    "bos_id": (0, 10_000_000),
    "eos_id": (0, 10_000_000),
    "beams": (1, 64),
    "repetition_penalty": (0.01, 100),
    "no_repeat_ngram": (0, 100),
    "yes_odds": (-50, 50),
    "max_new_tokens": (1, 4096),
    "mean": (-10, 10),
    "std": (1e-6, 10),
    "calibration": (-100, 100),
    "thresholds": (0.001, 1),
    "max_side": (64, 4096),
    "min_side": (32, 4096),
    "finest_gsd_m": (0, 1000),
    "quantile": (0.5, 1),
    "axes": (1, 1024),
}


def check(config: Any) -> None:
    """Check a ModelConfig. Raises ValueError, which names the key and the reason, if the config is not valid."""
    _check_fields(config, "")
    _check_vision(config.vision)
    _check_qformer(config.qformer, config.vision)
    _check_matching(config)
    _check_language(config.language)
    if config.finder is not None:
        _check_finder(config.finder, config.vision)
    if config.classifier is not None:
        _check_classifier(config.classifier, config.vision)
    if config.question_parser is not None:
        _check_question_parser(config.question_parser)
    if config.novelty is not None:
        _require(config.novelty.axes < config.vision.width, "novelty.axes is not below vision.width")
    _require(_SHA256.fullmatch(config.weights_sha256), "weights_sha256 is not a SHA-256 in hexadecimal")
    for form, (slope, _) in config.calibration.items():
        _require(slope, f"calibration of {form!r} has the slope 0")


def _check_fields(part: Any, prefix: str) -> None:
    hints = get_type_hints(type(part))
    for field in dataclasses.fields(part):
        name, value = prefix + field.name, getattr(part, field.name)
        if dataclasses.is_dataclass(value):
            _check_fields(value, f"{name}.")
            continue
        _require(_has_type(value, hints[field.name]), f"{name} is not of type {_type_name(hints[field.name])}")
        minimum, maximum = _RANGES.get(field.name, (-math.inf, math.inf))
        for number in _numbers(value):
            _require(minimum <= number <= maximum, f"{name} is {number}, not from {minimum} to {maximum}")


def _check_vision(vision: Any) -> None:
    if vision.kind.startswith("efficientnet"):
        _require(vision.image_size % _EFFICIENTNET_STRIDE == 0, "vision.image_size is not a multiple of 32")
        side = vision.image_size // _EFFICIENTNET_STRIDE
        _require(vision.cells == side**2, f"vision.cells is not {side**2}, which follows from image_size")
        return
    sizes = (vision.patch, vision.layers, vision.heads, vision.intermediate)
    _require(min(sizes) > 0, "patch, layers, heads or intermediate of vision is 0")
    _require(vision.width % vision.heads == 0, "vision.width is not a multiple of vision.heads")
    cells = 1 + (vision.image_size // vision.patch) ** 2
    _require(vision.cells == cells, f"vision.cells is not {cells}, which follows from image_size and patch")


def _check_qformer(qformer: Any, vision: Any) -> None:
    if not qformer.layers:
        _require(not vision.ground_resolution, "vision.ground_resolution needs a Q-Former, but qformer.layers is 0")
        patches = vision.cells - 1
        _require(patches % qformer.queries == 0, "qformer.queries does not divide the number of patches")
        width = patches // qformer.queries * vision.width
        _require(qformer.width == width, f"qformer.width is not {width}, which follows from qformer.queries")
        return
    _require(min(qformer.heads, qformer.intermediate) > 0, "qformer.heads or qformer.intermediate is 0")
    _require(qformer.width % qformer.heads == 0, "qformer.width is not a multiple of qformer.heads")
    if qformer.instruction and qformer.tokenizer != "language":
        _require(qformer.vocabulary, "qformer.vocabulary is 0")


def _check_matching(config: Any) -> None:
    reads_text = config.qformer.layers > 0 and config.qformer.instruction
    _require(not config.matching_width or reads_text, "matching_width needs a Q-Former that reads text")


def _check_language(language: Any) -> None:
    _require(_SHA256.fullmatch(language.sha256), "language.sha256 is not a SHA-256 in hexadecimal")
    _require(language.template.count("{image}") == 1, "language.template does not contain {image} exactly once")
    _require("{prompt}" in language.template, "language.template does not contain {prompt}")
    _require(len(language.stops) <= _MAX_STOPS, f"language.stops has more than {_MAX_STOPS} texts")
    _require(all(language.stops), "language.stops has an empty text")


def _check_finder(finder: Any, vision: Any) -> None:
    _require(vision.kind.startswith("efficientnet"), f"a finder does not work with the encoder {vision.kind!r}")
    _require(finder.labels, "finder.labels is empty")
    _check_names(finder, "finder", ("labels", "regions"))
    _require(set(finder.boxed) <= set(finder.labels), "finder.boxed has a name that finder.labels lacks")
    _require(len(finder.thresholds) == len(finder.labels), "finder.thresholds does not have one number per label")
    _require(finder.stride in _FINDER_STRIDES, "finder.stride is not 4 or 8")
    _require(finder.min_side <= finder.max_side, "finder.min_side is larger than finder.max_side")


def _check_classifier(classifier: Any, vision: Any) -> None:
    _require(vision.kind.startswith("efficientnet"), f"a classifier does not work with the encoder {vision.kind!r}")
    _check_names(classifier, "classifier", ("things", "kinds"))
    _require(classifier.kinds, "classifier.kinds is empty")
    unknown = sorted(set(classifier.kinds) - set(KINDS))
    _require(not unknown, f"classifier.kinds has {unknown[:1]}, which is no group of kinds of areas")


def _check_question_parser(parser: Any) -> None:
    _require(min(parser.width, parser.heads) > 0, "question_parser.width or question_parser.heads is 0")
    _require(parser.width % parser.heads == 0, "question_parser.width is not a multiple of question_parser.heads")


def _check_names(head: Any, head_name: str, keys: tuple[str, ...]) -> None:
    for key in keys:
        names = getattr(head, key)
        _require(len(names) <= _MAX_LABELS, f"{head_name}.{key} has more than {_MAX_LABELS} names")
        _require(len(set(names)) == len(names) and all(names), f"{head_name}.{key} has an empty or a repeated name")


def _has_type(value: Any, hint: Any) -> bool:
    """An int is a valid float; NaN and infinity are not."""
    origin, parts = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if origin is UnionType:
        return any(_has_type(value, part) for part in parts)
    if origin is dict:
        return isinstance(value, dict) and all(
            _has_type(key, parts[0]) and _has_type(item, parts[1]) for key, item in value.items()
        )
    if origin is tuple:
        hints = parts[:1] * len(value) if isinstance(value, tuple) and parts[1:] == (Ellipsis,) else parts
        return isinstance(value, tuple) and len(value) == len(hints) and all(map(_has_type, value, hints))
    if hint is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if hint is str:
        return isinstance(value, str) and len(value) <= _MAX_TEXT_LENGTH
    return type(value) is hint


def _numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [number for item in value.values() for number in _numbers(item)]
    if isinstance(value, tuple):
        return [number for item in value for number in _numbers(item)]
    return [value] if isinstance(value, (int, float)) and not isinstance(value, bool) else []


def _type_name(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) and not get_args(hint) else str(hint)


def _require(condition: Any, message: str) -> None:
    if not condition:
        raise ValueError(message)
