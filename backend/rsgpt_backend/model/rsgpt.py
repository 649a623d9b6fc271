"""The model of the family, whole: encoder, layer norm, Q-Former, projection, language model.

It turns pictures and instructions into the language model's input. It does not generate: see decoding.py.
Layout of RSGPT: [query vectors] [BOS, instruction] [answer, EOS]; the image comes before BOS. MiniGPT-4's is another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from .config import ModelConfig
from .hardware.precision import FLOAT32, Precision
from .instructions import Instruction, Instructor
from .language.language import LanguageModel, load_language, load_reader
from .qformer import build_qformer
from .vision.encoders import build_encoder, fast, normalise


@dataclass(frozen=True)
class Prefix:
    """What the language model reads before it answers.

    embeds: [batch, queries + longest prompt, width]; mask: 1 where real. Padding lies right behind the image; for a T5,
    which counts places and not what is real of them, behind the prompt.
    """

    embeds: Tensor
    mask: Tensor


class Bridge(nn.Module):
    """The trained part: layer norm on the encoder's output, Q-Former, one linear layer."""

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
    """Encoder and language model are frozen; only `bridge` is ever trained."""

    def __init__(self, config: ModelConfig, language: LanguageModel, reader: Any = None) -> None:
        """reader: the Q-Former's own tokenizer, where it has one."""
        super().__init__()
        self.config = config
        self.encoder = fast(build_encoder(config.vision).eval().requires_grad_(False))
        self.bridge = Bridge(config, language.words)
        self.tokenizer = language.tokenizer
        self.instruct = Instructor(config, language.tokenizer, reader)
        self.language = language.model

    @classmethod
    def build(cls, config: ModelConfig, precision: Precision = FLOAT32) -> Rsgpt:
        """A model with its language model loaded, and encoder and bridge still random, in float32.

        The folders that its config names are its author's own: a recipe's.
        """
        return cls(config, load_language(config.language, precision), load_reader(config.qformer))

    def train(self, mode: bool = True) -> Rsgpt:
        """Only the bridge ever leaves evaluation mode: the frozen parts must not update statistics or drop units."""
        super().train(False)
        self.bridge.train(mode)
        return self

    @torch.no_grad()
    def encode(self, pixels: Tensor) -> Tensor:
        """uint8 [batch, 3, size, size] -> features [batch, cells, vision width]."""
        ready = normalise(pixels, self.config.vision).to(memory_format=torch.channels_last)
        return cast(Tensor, self.encoder(ready.to(next(self.encoder.parameters()).dtype)))

    def query_vectors(self, features: Tensor, instructions: Sequence[Instruction]) -> Tensor:
        """features and one instruction each -> [batch, queries, language width]."""
        ids, mask = pad([one.read for one in instructions], 0, features.device)
        return cast(Tensor, self.bridge(features, ids, mask))

    def prefix(self, features: Tensor, instructions: Sequence[Instruction]) -> Prefix:
        """What the language model reads before it answers: for RSGPT query vectors, padding, BOS and instruction."""
        queries = self.query_vectors(features, instructions)
        before, seen = pad([one.before for one in instructions], 0, features.device)
        left = not self.config.language.encoder_decoder
        after, mask = pad([one.after for one in instructions], 0, features.device, left)
        words = self.language.get_input_embeddings()
        embeds = torch.cat([words(before), queries.to(words.weight.dtype), words(after)], dim=1)
        return Prefix(embeds, torch.cat([seen, mask.new_ones(queries.shape[:2]), mask], dim=1))


def pad(rows: Sequence[Sequence[int]], fill: int, device: torch.device, left: bool = False) -> tuple[Tensor, Tensor]:
    """Rows of ids -> (ids, mask), both int64 [batch, longest]."""
    longest = max(len(row) for row in rows)
    ids, mask = [], []
    for row in rows:
        gap = longest - len(row)
        ids.append([fill] * gap + list(row) if left else list(row) + [fill] * gap)
        mask.append([0] * gap + [1] * len(row) if left else [1] * len(row) + [0] * gap)
    return torch.tensor(ids, dtype=torch.long, device=device), torch.tensor(mask, dtype=torch.long, device=device)
