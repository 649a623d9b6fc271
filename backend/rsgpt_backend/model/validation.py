"""Types and ranges of a model's config: what no model of the family can have is refused before anything is built.

It knows the config's classes by their fields alone.
"""

from __future__ import annotations

import dataclasses
import math
import re
from typing import Any, get_args, get_origin, get_type_hints

_SHA256 = re.compile(r"[0-9a-f]{64}|")
_LONGEST_TEXT = 4000
_MOST_STOPS = 32
_EFFICIENTNET_STRIDE = 32

# The smallest and the largest value of a number, wherever a field of this name stands
_RANGES: dict[str, tuple[float, float]] = {
    "image_size": (14, 2048),
    "width": (1, 32_768),
    "cells": (1, 25_000),
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
}


def check(config: Any) -> None:
    """Check a ModelConfig. ValueError names the key that cannot be used and says why."""
    _check_fields(config, "")
    _check_vision(config.vision)
    _check_qformer(config.qformer, config.vision)
    _check_language(config.language)
    _require(_SHA256.fullmatch(config.weights_sha256), "weights_sha256 is no SHA-256 in hexadecimal")
    for form, (slope, _) in config.calibration.items():
        _require(slope, f"calibration of {form!r} has the slope 0")


def _check_fields(part: Any, prefix: str) -> None:
    hints = get_type_hints(type(part))
    for field in dataclasses.fields(part):
        name, value = prefix + field.name, getattr(part, field.name)
        if dataclasses.is_dataclass(value):
            _check_fields(value, f"{name}.")
            continue
        _require(_fits(value, hints[field.name]), f"{name} is of another type than {_named(hints[field.name])}")
        least, most = _RANGES.get(field.name, (-math.inf, math.inf))
        for number in _numbers(value):
            _require(least <= number <= most, f"{name} is {number}, not from {least} to {most}")


def _check_vision(vision: Any) -> None:
    if vision.kind.startswith("efficientnet"):
        _require(vision.image_size % _EFFICIENTNET_STRIDE == 0, "vision.image_size is no multiple of 32")
        side = vision.image_size // _EFFICIENTNET_STRIDE
        _require(vision.cells == side**2, f"vision.cells is not {side**2}, as its image_size makes it")
        return
    _require(min(vision.patch, vision.layers, vision.heads, vision.intermediate) > 0, "vision lacks a size of the ViT")
    _require(vision.width % vision.heads == 0, "vision.width is no multiple of its heads")
    cells = 1 + (vision.image_size // vision.patch) ** 2
    _require(vision.cells == cells, f"vision.cells is not {cells}, as its image_size and patch make it")


def _check_qformer(qformer: Any, vision: Any) -> None:
    if not qformer.layers:
        patches = vision.cells - 1
        _require(patches % qformer.queries == 0, "qformer.queries does not divide the picture's patches")
        width = patches // qformer.queries * vision.width
        _require(qformer.width == width, f"qformer.width is not {width}, as its queries make it")
        return
    _require(min(qformer.heads, qformer.intermediate) > 0, "qformer.heads or qformer.intermediate is 0")
    _require(qformer.width % qformer.heads == 0, "qformer.width is no multiple of its heads")
    if qformer.instruction and qformer.tokenizer != "language":
        _require(qformer.vocabulary, "qformer.vocabulary is 0")


def _check_language(language: Any) -> None:
    _require(_SHA256.fullmatch(language.sha256), "language.sha256 is no SHA-256 in hexadecimal")
    _require(language.template.count("{image}") == 1, "language.template does not hold {image} once")
    _require("{prompt}" in language.template, "language.template lacks {prompt}")
    _require(len(language.stops) <= _MOST_STOPS and all(language.stops), "language.stops has an empty text or too many")


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value is of an annotated type; a whole number does for a float, and no float is NaN or infinite."""
    origin, parts = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if origin is dict:
        return isinstance(value, dict) and all(
            _fits(key, parts[0]) and _fits(one, parts[1]) for key, one in value.items()
        )
    if origin is tuple:
        wanted = parts[:1] * len(value) if isinstance(value, tuple) and parts[1:] == (Ellipsis,) else parts
        return isinstance(value, tuple) and len(value) == len(wanted) and all(map(_fits, value, wanted))
    if hint is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if hint is str:
        return isinstance(value, str) and len(value) <= _LONGEST_TEXT
    return type(value) is hint


def _numbers(value: Any) -> list[float]:
    """The numbers that a value holds, however deeply."""
    if isinstance(value, dict):
        return [number for one in value.values() for number in _numbers(one)]
    if isinstance(value, tuple):
        return [number for one in value for number in _numbers(one)]
    return [value] if isinstance(value, (int, float)) and not isinstance(value, bool) else []


def _named(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) and not get_args(hint) else str(hint)


def _require(condition: Any, otherwise: str) -> None:
    if not condition:
        raise ValueError(otherwise)
