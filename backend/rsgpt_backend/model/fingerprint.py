"""One hash of everything that decides a model's answers. It loads no weights."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from .config import PACKAGE, ModelConfig
from .folder_files import plain_files
from .hashes import joint_sha256
from .language.language_files import language_folder, language_sha256

# Raise this number when a change of the code makes a model answer otherwise.
_VERSION = 2
_LENGTH = 16  # hexadecimal digits
_DECIDES_NOTHING = ("name", "licence", "notes")
_SETTINGS = (".json", ".model", ".txt")


def fingerprint(config: ModelConfig, folder: Path, precision: str) -> str:
    """A hash over weights, language model, tokenizers, prompts, decoding, calibration, and the precision in use.

    folder: the model's; precision: a name of model/precision.py, not "auto". Not in it: the device, whose rounding
    can change an answer in rare cases, and settings that come with a request.
    """
    decisive = {key: value for key, value in config.to_dict().items() if key not in _DECIDES_NOTHING}
    language = decisive["language"]
    # Where the language model lies does not matter, and what it is may not be recorded.
    language["sha256"] = config.language.sha256 or language_sha256(config.language, folder)
    del language["source"]
    text = json.dumps([_VERSION, precision, decisive, _settings_sha256(config, folder)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]


def _settings_sha256(config: ModelConfig, folder: Path) -> str:
    """A hash of the settings and tokenizers beside the weights, which decide answers, too. A package has none."""
    folders = [folder / config.qformer.tokenizer] if config.qformer.tokenizer != "language" else []
    if not config.language.source.startswith(PACKAGE):
        folders.append(language_folder(config.language, folder))
    return joint_sha256([file for one in folders for suffix in _SETTINGS for file in plain_files(one, suffix)])
