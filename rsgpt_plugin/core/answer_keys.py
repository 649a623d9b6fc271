"""Keys that say "the same" of asked prompts. Knows no pixels and no files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Union

Setting = Union[int, float, str]


@dataclass(frozen=True)
class AnswerKey:
    """All that decides a greedy answer: change any of it and the answer may differ.

    image_sha256: of `shared.pixels`. weights_sha256: the model's fingerprint, or what its server reports in place of
    one. decoding: the generation settings sent with the prompt.
    """

    image_sha256: str
    prompt: str
    model: str
    weights_sha256: str
    decoding: Mapping[str, Setting] = field(default_factory=dict)

    def key(self) -> str:
        """SHA-256 in hexadecimal over a canonical text of all fields."""
        text = json.dumps(asdict(self), sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("ascii")).hexdigest()
