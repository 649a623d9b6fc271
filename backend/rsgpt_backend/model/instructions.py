"""Prompts as the token ids that the Q-Former and the language model read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .config import ModelConfig

_CACHED_PROMPTS = 4096  # a run asks the same few prompts about every tile
_SPECIAL_TOKENS = re.compile(r"(\{bos\}|\{eos\})")


@dataclass(frozen=True)
class Instruction:
    """The token ids of one prompt. read: input of the Q-Former; before, after: input of the language model, around the
    image."""

    read: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]

    def __len__(self) -> int:
        """Return the number of tokens that the language model reads in addition to the image."""
        return len(self.before) + len(self.after)


class Instructor:
    """Converts prompts to instructions with a model's template and tokenizers."""

    def __init__(self, config: ModelConfig, tokenizer: Any, reader: Any) -> None:
        """reader: the Q-Former's tokenizer; None if it shares the language model's."""
        self._language = config.language
        self._max_length = min(config.qformer.max_text, config.qformer.positions or config.qformer.max_text)
        self._tokenizer, self._reader = tokenizer, reader
        self._before, self._after = config.language.template.split("{image}")
        self._cached = lru_cache(_CACHED_PROMPTS)(self._instruction)

    def __call__(self, texts: Sequence[str]) -> list[Instruction]:
        """Return one instruction per prompt; the Q-Former's input is cut at its beginning if it is too long."""
        return [self._cached(text) for text in texts]

    def _instruction(self, text: str) -> Instruction:
        return Instruction(self._reader_ids(text), self._fill(self._before, text), self._fill(self._after, text))

    def _reader_ids(self, text: str) -> tuple[int, ...]:
        if self._reader is None:
            return self._ids(text)[-self._max_length :]
        return tuple(self._reader(text, truncation=True, max_length=self._max_length).input_ids)

    def _fill(self, template: str, text: str) -> tuple[int, ...]:
        ids: list[int] = []
        for part in _SPECIAL_TOKENS.split(template):
            if part == "{bos}":
                ids.append(self._language.bos_id)
            elif part == "{eos}":
                ids.append(self._language.eos_id)
            elif part:
                ids += self._ids(part.replace("{prompt}", text))
        return tuple(ids)

    def _ids(self, text: str) -> tuple[int, ...]:
        return tuple(self._tokenizer(text, add_special_tokens=False).input_ids)
