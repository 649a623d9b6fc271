"""A request in words, as the token ids that the Q-Former and the language model read. It knows no pictures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .config import ModelConfig

_REMEMBERED = 4096  # texts: a run asks the same few of every tile
_SPECIAL = re.compile(r"(\{bos\}|\{eos\})")


@dataclass(frozen=True)
class Instruction:
    """One request. read: by the Q-Former; before, after: by the language model, around the image."""

    read: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]

    def __len__(self) -> int:
        """Tokens that the language model reads beside the image."""
        return len(self.before) + len(self.after)


class Instructor:
    """Makes instructions of texts, by a model's template and its tokenizers."""

    def __init__(self, config: ModelConfig, tokenizer: Any, reader: Any) -> None:
        """reader: the Q-Former's own tokenizer; None where it shares the language model's."""
        self._language = config.language
        self._longest = min(config.qformer.max_text, config.qformer.positions or config.qformer.max_text)
        self._tokenizer, self._reader = tokenizer, reader
        self._before, self._after = config.language.template.split("{image}")
        self._made = lru_cache(_REMEMBERED)(self._make)

    def __call__(self, texts: Sequence[str]) -> list[Instruction]:
        """One instruction a text; what is too long for the Q-Former loses its beginning, there alone."""
        return [self._made(text) for text in texts]

    def _make(self, text: str) -> Instruction:
        return Instruction(self._read(text), self._fill(self._before, text), self._fill(self._after, text))

    def _read(self, text: str) -> tuple[int, ...]:
        if self._reader is None:
            return self._ids(text)[-self._longest :]
        return tuple(self._reader(text, truncation=True, max_length=self._longest).input_ids)

    def _fill(self, template: str, text: str) -> tuple[int, ...]:
        ids: list[int] = []
        for part in _SPECIAL.split(template):
            if part == "{bos}":
                ids.append(self._language.bos_id)
            elif part == "{eos}":
                ids.append(self._language.eos_id)
            elif part:
                ids += self._ids(part.replace("{prompt}", text))
        return tuple(ids)

    def _ids(self, text: str) -> tuple[int, ...]:
        return tuple(self._tokenizer(text, add_special_tokens=False).input_ids)
