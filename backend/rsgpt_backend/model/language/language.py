"""Frozen language models and their tokenizers, from a GGUF inside a package or a transformers folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from ...errors import ModelError
from ..config import LanguageConfig, QFormerConfig
from ..folder_files import inside
from ..hardware.linear import narrowed
from ..hardware.precision import FLOAT32, Precision
from ..hardware.quantised import load_quantised
from .language_files import check_language, language_folder
from .pretrained import language_config, load_pretrained, load_tokenizer


@dataclass(frozen=True)
class LanguageModel:
    """A language model in evaluation mode, without gradients, and its tokenizer."""

    model: Any
    tokenizer: Any

    @property
    def words(self) -> nn.Embedding:
        """The table of word vectors, [vocabulary, width]."""
        table: nn.Embedding = self.model.get_input_embeddings()
        return table


def load_language(config: LanguageConfig, precision: Precision = FLOAT32, base: Path | None = None) -> LanguageModel:
    """Load model and tokenizer on the CPU; nothing is downloaded. base: see language_folder."""
    folder = language_folder(config, base)
    language_config(folder, config.encoder_decoder)  # what it is decides what reads its tokenizer
    check_language(config, folder)
    tokenizer = load_tokenizer(folder)
    if precision.bits:
        model = load_quantised(folder, config.encoder_decoder, precision)
    else:
        model = load_pretrained(folder, config.encoder_decoder, dtype=precision.language)
        model = narrowed(model) if precision.narrow else model
    if config.encoder_decoder:
        model.generation_config.decoder_start_token_id = config.bos_id
    return LanguageModel(model.eval().requires_grad_(False), tokenizer)


def load_reader(config: QFormerConfig, base: Path | None = None) -> Any:
    """The Q-Former's own tokenizer; None where it reads nothing or shares the language model's.

    base: the model's folder, in which it lies; None where a recipe names it.
    """
    if config.tokenizer == "language" or not (config.layers and config.instruction):
        return None
    if base is not None and Path(config.tokenizer).is_absolute():
        raise ModelError(
            f"{base / 'model.json'} names a tokenizer outside its folder, {config.tokenizer}. Copy that folder into "
            "it, and give its name there as tokenizer."
        )
    folder = Path(config.tokenizer) if base is None else inside(base, config.tokenizer)
    return load_tokenizer(folder, truncation_side="left")
