"""One hash of everything that decides a model's answers. It loads no weights."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from .config import ModelConfig
from .language import language_sha256

# Raise this number when a change of the code makes a model answer otherwise.
_VERSION = 1
_LENGTH = 16  # hexadecimal digits
_DECIDES_NOTHING = ("name", "licence", "notes")


def fingerprint(config: ModelConfig, folder: Path, precision: str) -> str:
    """A hash over weights, language model, templates, prompts, decoding, calibration, and the precision in use.

    folder: the model's; precision: a name of model/precision.py, not "auto". Not in it: the device, whose rounding
    can change an answer in rare cases, and settings that come with a request.
    """
    decisive = {key: value for key, value in config.to_dict().items() if key not in _DECIDES_NOTHING}
    language = decisive["language"]
    # Where the language model lies does not matter, and what it is may not be recorded.
    language["sha256"] = config.language.sha256 or language_sha256(config.language, folder)
    del language["source"]
    text = json.dumps([_VERSION, precision, decisive], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]
