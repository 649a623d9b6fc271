"""Keys of the answer cache: equal keys mean equal prompts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Union

Setting = Union[int, float, str]


@dataclass(frozen=True)
class AnswerKey:
    """Everything that determines a greedy answer.

    image_sha256: from `shared.rasters.pixels`. fingerprint: the model's fingerprint, or the identity that its server
    reports instead. decoding: generation settings sent with the prompt.
    """

    image_sha256: str
    prompt: str
    model: str
    fingerprint: str
    decoding: Mapping[str, Setting] = field(default_factory=dict)

    def key(self) -> str:
        """Return the hexadecimal SHA-256 of a canonical text of all fields."""
        fields = asdict(self)
        fields["weights_sha256"] = fields.pop("fingerprint")  # the name in the keys of existing caches
        text = json.dumps(fields, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("ascii")).hexdigest()
