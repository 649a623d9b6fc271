"""Load frozen language models and tokenizers, from a GGUF in a package or from a transformers folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from ...errors import ModelError
from ..config import LanguageConfig, QFormerConfig
from ..folder_files import path_inside
from ..hardware.linear import narrow_linear_layers
from ..hardware.precision import FLOAT32, Precision
from ..hardware.quantised import load_quantized
from .language_files import check_language, language_folder
from .pretrained import language_config, load_pretrained, load_tokenizer


@dataclass(frozen=True)
class LanguageModel:
    """A language model in evaluation mode without gradients, and its tokenizer."""

    model: Any
    tokenizer: Any

    @property
    def words(self) -> nn.Embedding:
        """The table of word vectors, [vocabulary, width]."""
        table: nn.Embedding = self.model.get_input_embeddings()
        return table


def load_language(config: LanguageConfig, precision: Precision = FLOAT32, base: Path | None = None) -> LanguageModel:
    """Load model and tokenizer on the CPU; nothing is downloaded. base: see language_folder.

    Raises ModelError if files are missing or damaged, or the weights do not match the recorded hash.
    """
    folder = language_folder(config, base)
    language_config(folder, config.encoder_decoder)  # checked first: it determines how the tokenizer is read
    check_language(config, folder)
    tokenizer = load_tokenizer(folder)
    if precision.bits:
        model = load_quantized(folder, config.encoder_decoder, precision)
    else:
        model = load_pretrained(folder, config.encoder_decoder, dtype=precision.language)
        model = narrow_linear_layers(model) if precision.narrow else model
    if config.encoder_decoder:
        model.generation_config.decoder_start_token_id = config.bos_id
    return LanguageModel(model.eval().requires_grad_(False), tokenizer)


def load_reader(config: QFormerConfig, base: Path | None = None) -> Any:
    """Return the Q-Former's tokenizer; None if it reads no text or shares the language model's tokenizer.

    base: the model folder that contains the tokenizer; None if a recipe names the tokenizer's folder.
    """
    if config.tokenizer == "language" or not (config.layers and config.instruction):
        return None
    if base is not None and Path(config.tokenizer).is_absolute():
        raise ModelError(
            f"{base / 'model.json'} names a tokenizer outside its folder, {config.tokenizer}. Copy the tokenizer into "
            "the folder, and set tokenizer to its name there."
        )
    folder = Path(config.tokenizer) if base is None else path_inside(base, config.tokenizer)
    return load_tokenizer(folder, truncation_side="left")
