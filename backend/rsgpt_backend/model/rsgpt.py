"""The complete model: vision encoder, layer norm, Q-Former, projection and language model.

It turns pictures and instructions into the input of the language model; decoding/ generates answers from it.
Layout of RSGPT: [query vectors] [BOS, instruction] [answer, EOS]. MiniGPT-4 has the image inside its template.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from ..errors import ModelError
from .config import ModelConfig
from .hardware.precision import FLOAT32, Precision
from .heads.classifier import Classifier
from .heads.finder.network import Finder
from .heads.matching import MatchingHead
from .heads.novelty import NoveltyDetector
from .heads.question_parser import QuestionParser
from .instructions import Instruction, Instructor
from .language.language import LanguageModel, load_language, load_reader
from .qformer import build_qformer
from .vision.efficientnet import EfficientNetLite
from .vision.encoders import build_encoder, channels_last, normalize
from .vision.ground_resolution import GroundResolutionCell

TRAINED_PARTS = ("bridge", "finder", "matching", "classifier", "question_parser", "novelty")


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
        self.ground_resolution = GroundResolutionCell(vision.width) if vision.ground_resolution else None
        self.qformer = build_qformer(config.qformer, vision, words)
        self.projection = nn.Linear(config.qformer.width, config.language.width)

    def forward(self, features: Tensor, ids: Tensor, mask: Tensor, ground: Tensor | None = None) -> Tensor:
        """features: [batch, cells, vision width]; ids, mask: [batch, length] -> [batch, queries, language width].

        ground: [batch], meters per input pixel, NaN or None if unknown; ignored by models without ground_resolution.
        """
        return cast(Tensor, self.projection(self.qformer(self.cells(features, ground), ids, mask)))

    def cells(self, features: Tensor, ground: Tensor | None = None) -> Tensor:
        """Return what the Q-Former attends to: [batch, cells, vision width], with one more cell for the ground."""
        cells: Tensor = self.ln_vision(features.float())
        if self.cell_positions is not None:
            cells = cells + self.cell_positions
        if self.ground_resolution is None:
            return cells
        ground = cells.new_full(cells.shape[:1], math.nan) if ground is None else ground.to(cells.device)
        return torch.cat([cells, self.ground_resolution(ground).to(cells.dtype)], dim=1)


class Rsgpt(nn.Module):
    """A model of the family. Encoder and language model are frozen; the bridge and the heads that it has are trained.

    finder: None if the model cannot find objects; matching: None if it has no vectors to compare pictures and texts;
    classifier: None if only the language model answers questions about the whole picture; question_parser: None if no
    free question is recognized; novelty: None if no picture lowers confidences.
    """

    def __init__(self, config: ModelConfig, language: LanguageModel, reader: Any = None) -> None:
        """reader: the Q-Former's tokenizer; None if it shares the language model's."""
        super().__init__()
        self.config = config
        self.encoder = channels_last(build_encoder(config.vision).eval().requires_grad_(False))
        self.bridge = Bridge(config, language.words)
        self.finder = _build_finder(config, self.encoder)
        self.matching = MatchingHead(config.qformer.width, config.matching_width) if config.matching_width else None
        self.classifier = Classifier(config.classifier, config.vision.width) if config.classifier else None
        parser = config.question_parser
        self.question_parser = QuestionParser(parser, config.language.width) if parser else None
        self.novelty = NoveltyDetector(config.novelty, config.vision.width) if config.novelty else None
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
        """Set the mode of the trained parts only: frozen parts must not update statistics or drop units."""
        super().train(False)
        for part in self.trained_parts().values():
            part.train(mode)
        return self

    def trained_parts(self) -> dict[str, nn.Module]:
        """Return the trained parts that the model has, by the prefix of their weights."""
        parts = {name: getattr(self, name) for name in TRAINED_PARTS}
        return {name: part for name, part in parts.items() if part is not None}

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

    def query_vectors(
        self, features: Tensor, instructions: Sequence[Instruction], ground: Tensor | None = None
    ) -> Tensor:
        """features [batch, cells, vision width] and their instructions -> [batch, queries, language width].

        ground: see Bridge.forward.
        """
        ids, mask = pad([instruction.read for instruction in instructions], 0, features.device)
        return cast(Tensor, self.bridge(features, ids, mask, ground))

    def prefix(self, features: Tensor, instructions: Sequence[Instruction], ground: Tensor | None = None) -> Prefix:
        """Return the input of the language model; for RSGPT: query vectors, padding, BOS and instruction.

        ground: see Bridge.forward.
        """
        queries = self.query_vectors(features, instructions, ground)
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
