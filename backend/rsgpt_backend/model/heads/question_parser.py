"""The question parser: what a question asks for and which of its words name the thing, from its word vectors.

It classifies the intent and fills the slots of a sentence with one network (Chen et al., "BERT for Joint Intent
Classification and Slot Filling", 2019), on the frozen word vectors of the language model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, cast, get_args

import torch
from torch import Tensor, nn

from rsgpt_plugin.shared.text import one_line

from ..config import QuestionParserConfig

QuestionKind = Literal["presence", "number", "place", "area", "other"]
Tag = Literal["outside", "thing", "restriction"]
QUESTION_KINDS: tuple[QuestionKind, ...] = get_args(QuestionKind)
TAGS: tuple[Tag, ...] = get_args(Tag)

_DROPOUT = 0.3
_WORD_DROPOUT = 0.1  # probability that a token is not seen
_LOWEST = -1e4  # value of padding before the maximum over the tokens


class QuestionParser(nn.Module):
    """Neighboring tokens are joined, then each token attends to all others."""

    def __init__(self, config: QuestionParserConfig, word_width: int) -> None:
        super().__init__()
        width = config.width
        self.norm = nn.LayerNorm(word_width)
        self.reduce = nn.Linear(word_width, width)
        self.drop_words = nn.Dropout1d(_WORD_DROPOUT)
        self.neighbors = nn.Linear(3 * width, width)
        self.attend = nn.TransformerEncoderLayer(
            width, config.heads, 2 * width, _DROPOUT, batch_first=True, norm_first=True
        )
        self.kind = nn.Linear(2 * width, len(QUESTION_KINDS))
        self.tag = nn.Linear(width, len(TAGS))

    def forward(self, words: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """words: [batch, tokens, word width]; mask: [batch, tokens], True for real tokens.

        Returns logits of QUESTION_KINDS, [batch, kinds], and of TAGS, [batch, tokens, tags].
        """
        padding = ~mask[..., None]
        hidden = self.drop_words(self.reduce(self.norm(words.float()))).masked_fill(padding, 0)
        before, after = hidden.roll(1, 1), hidden.roll(-1, 1)
        before[:, 0], after[:, -1] = 0, 0
        hidden = hidden + torch.relu(self.neighbors(torch.cat([before, hidden, after], dim=2)))
        hidden = cast(Tensor, self.attend(hidden, src_key_padding_mask=~mask))
        mean = hidden.masked_fill(padding, 0).sum(1) / mask.sum(1, keepdim=True)
        maximum = hidden.masked_fill(padding, _LOWEST).amax(1)
        return self.kind(torch.cat([mean, maximum], dim=1)), self.tag(hidden)


def normalized(question: str) -> str:
    """Return a question as the parser reads it: in lower case, on one line, with plain apostrophes."""
    return one_line(question).lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")


def tokens_of(tokenizer: Any, questions: Sequence[str]) -> list[tuple[list[int], list[tuple[int, int]]]]:
    """Return the token ids of normalized questions, and where each token starts and ends in the text."""
    if not questions:  # which the tokenizer refuses
        return []
    tokens = tokenizer(list(questions), add_special_tokens=False, return_offsets_mapping=True)
    return list(zip(tokens.input_ids, tokens.offset_mapping, strict=True))
