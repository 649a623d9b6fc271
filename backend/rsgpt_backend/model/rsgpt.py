"""The complete model: vision encoder, layer norm, Q-Former, projection and language model.

It turns pictures and instructions into the input of the language model; decoding/ generates answers from it.
Layout of RSGPT: [query vectors] [BOS, instruction] [answer, EOS]. MiniGPT-4 has the image inside its template.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from ..errors import ModelError
from .config import ModelConfig
from .finder.network import Finder
from .hardware.precision import FLOAT32, Precision
from .instructions import Instruction, Instructor
from .language.language import LanguageModel, load_language, load_reader
from .qformer import build_qformer
from .vision.efficientnet import EfficientNetLite
from .vision.encoders import build_encoder, channels_last, normalize


@dataclass(frozen=True)
class Prefix:
    """The input of the language model before the answer.

    embeds: [batch, queries + longest prompt, width]; mask: 1 for real positions, 0 for padding. The padding follows the
    image; for a T5, which counts positions regardless of the mask, it follows the prompt.
    """

    embeds: Tensor
    mask: Tensor


class Bridge(nn.Module):
    """The trained part: layer norm on the encoder's output, Q-Former, and a linear projection."""

    def __init__(self, config: ModelConfig, words: nn.Embedding) -> None:
        super().__init__()
        vision = config.vision
        self.ln_vision = nn.LayerNorm(vision.width, eps=1e-5)
        self.cell_positions = nn.Parameter(torch.zeros(vision.cells, vision.width)) if vision.cell_positions else None
        self.qformer = build_qformer(config.qformer, vision, words)
        self.projection = nn.Linear(config.qformer.width, config.language.width)

    def forward(self, features: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
        """features: [batch, cells, vision width]; ids, mask: [batch, length] -> [batch, queries, language width]."""
        features = self.ln_vision(features.float())
        if self.cell_positions is not None:
            features = features + self.cell_positions
        return cast(Tensor, self.projection(self.qformer(features, ids, mask)))


class Rsgpt(nn.Module):
    """A model of the family. Encoder and language model are frozen; `bridge` is trained, and `finder` if it has one."""

    def __init__(self, config: ModelConfig, language: LanguageModel, reader: Any = None) -> None:
        """reader: the Q-Former's tokenizer; None if it shares the language model's."""
        super().__init__()
        self.config = config
        self.encoder = channels_last(build_encoder(config.vision).eval().requires_grad_(False))
        self.bridge = Bridge(config, language.words)
        self.finder = _build_finder(config, self.encoder)
        self.tokenizer = language.tokenizer
        self.instruct = Instructor(config, language.tokenizer, reader)
        self.language = language.model

    @classmethod
    def build(cls, config: ModelConfig, precision: Precision = FLOAT32) -> Rsgpt:
        """Return a model with its language model loaded; encoder and bridge have random float32 weights.

        The paths in the config are trusted: a recipe names them.
        """
        return cls(config, load_language(config.language, precision), load_reader(config.qformer))

    def train(self, mode: bool = True) -> Rsgpt:
        """Set the mode of the bridge only: frozen parts must not update statistics or drop units."""
        super().train(False)
        self.bridge.train(mode)
        return self

    @torch.no_grad()
    def encode(self, pixels: Tensor) -> Tensor:
        """uint8 [batch, 3, size, size] -> features [batch, cells, vision width]."""
        normalized = normalize(pixels, self.config.vision).to(memory_format=torch.channels_last)
        return cast(Tensor, self.encoder(normalized.to(next(self.encoder.parameters()).dtype)))

    @torch.no_grad()
    def encode_grids(self, pixels: Tensor) -> list[Tensor]:
        """uint8 [batch, 3, height, width], sides divisible by 32 -> the encoder's grids in float32, the finest first.

        Only a model with a finder has an encoder with grids.
        """
        normalized = normalize(pixels, self.config.vision).to(memory_format=torch.channels_last)
        grids = cast(EfficientNetLite, self.encoder).grids(normalized.to(next(self.encoder.parameters()).dtype))
        return [grid.float() for grid in grids]

    def query_vectors(self, features: Tensor, instructions: Sequence[Instruction]) -> Tensor:
        """features [batch, cells, vision width] and their instructions -> [batch, queries, language width]."""
        ids, mask = pad([instruction.read for instruction in instructions], 0, features.device)
        return cast(Tensor, self.bridge(features, ids, mask))

    def prefix(self, features: Tensor, instructions: Sequence[Instruction]) -> Prefix:
        """Return the input of the language model; for RSGPT: query vectors, padding, BOS and instruction."""
        queries = self.query_vectors(features, instructions)
        before, before_mask = pad([instruction.before for instruction in instructions], 0, features.device)
        left = not self.config.language.encoder_decoder
        after, after_mask = pad([instruction.after for instruction in instructions], 0, features.device, left)
        words = self.language.get_input_embeddings()
        embeds = torch.cat([words(before), queries.to(words.weight.dtype), words(after)], dim=1)
        mask = torch.cat([before_mask, after_mask.new_ones(queries.shape[:2]), after_mask], dim=1)
        return Prefix(embeds, mask)


def _build_finder(config: ModelConfig, encoder: nn.Module) -> Finder | None:
    if config.finder is None:
        return None
    if not isinstance(encoder, EfficientNetLite):
        raise ModelError(
            f"A finder does not work with the encoder {config.vision.kind!r}. Remove finder from model.json."
        )
    return Finder(config.finder, encoder.grid_channels).eval().requires_grad_(False)


def pad(rows: Sequence[Sequence[int]], fill: int, device: torch.device, left: bool = False) -> tuple[Tensor, Tensor]:
    """Return padded ids and their mask, both int64 [batch, longest row]."""
    longest = max(len(row) for row in rows)
    ids, mask = [], []
    for row in rows:
        gap = longest - len(row)
        ids.append([fill] * gap + list(row) if left else list(row) + [fill] * gap)
        mask.append([0] * gap + [1] * len(row) if left else [1] * len(row) + [0] * gap)
    return torch.tensor(ids, dtype=torch.long, device=device), torch.tensor(mask, dtype=torch.long, device=device)
