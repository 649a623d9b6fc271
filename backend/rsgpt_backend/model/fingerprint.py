"""The fingerprint of a model: one hash of everything that determines its answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .config import PACKAGE_PREFIX, ModelConfig
from .folder_files import regular_files
from .hashes import joint_sha256
from .language.language_files import language_folder, language_sha256

# Increase this number when a change of the code changes the answers of a model.
_VERSION = 2
_LENGTH = 16  # hexadecimal digits
_IRRELEVANT = ("name", "licence", "notes")
# Parts that older models lack do not change their fingerprints, nor the answers and features that are kept by them.
_ABSENT: dict[str, Any] = {
    "classifier": None,
    "finder": None,
    "ground_resolution": False,
    "matching_width": 0,
    "novelty": None,
    "question_parser": None,
}
_SETTINGS_SUFFIXES = (".json", ".model", ".txt")


def fingerprint(config: ModelConfig, folder: Path, precision: str) -> str:
    """Return a hash over weights, language model, tokenizers, prompts, decoding, calibration and precision.

    folder: the model folder; precision: a key of hardware/precision.NAMES, not "auto". The hash does not cover the
    device, whose rounding can change an answer in rare cases, and the settings of a request.
    """
    relevant = without_absent({key: value for key, value in config.to_dict().items() if key not in _IRRELEVANT})
    relevant["vision"] = without_absent(relevant["vision"])
    language = relevant["language"]
    # The path of the language model is irrelevant, and its hash may be missing from the config.
    language["sha256"] = config.language.sha256 or language_sha256(config.language, folder)
    del language["source"]
    text = json.dumps([_VERSION, precision, relevant, _settings_sha256(config, folder)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]


def without_absent(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a config without the parts that the model does not have."""
    return {key: value for key, value in values.items() if key not in _ABSENT or value != _ABSENT[key]}


def _settings_sha256(config: ModelConfig, folder: Path) -> str:
    """Return a hash of the settings and tokenizer files, which also determine answers. A package has none."""
    folders = [folder / config.qformer.tokenizer] if config.qformer.tokenizer != "language" else []
    if not config.language.source.startswith(PACKAGE_PREFIX):
        folders.append(language_folder(config.language, folder))
    files = [file for settings in folders for suffix in _SETTINGS_SUFFIXES for file in regular_files(settings, suffix)]
    return joint_sha256(files)
