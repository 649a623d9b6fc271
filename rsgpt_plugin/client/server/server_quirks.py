"""What a server has taught about itself while it was asked, kept for this QGIS. Sends nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .downscaling import PictureLimit, fitted
from .protocol import Prompt


@dataclass
class ServerQuirks:
    """limit: of pictures, as set or as learned. plain: it refuses the fields that are not needed for an answer.

    all_fields: it was refused without them too, so they are not what it minds. unknown_structures: kinds of structured
    output that it refuses; the prompt's words still say what may be answered.
    """

    limit: PictureLimit = field(default_factory=PictureLimit)
    plain: bool = False
    all_fields: bool = False
    unknown_structures: set[str] = field(default_factory=set)

    def fit(self, prompt: Prompt, free: bool = False) -> Prompt:
        """The prompt as the server takes it: with a smaller picture, or without structured output.

        free: without structured output for once.
        """
        if free or prompt.structure_kind in self.unknown_structures:
            prompt = replace(prompt, choices=(), is_number=False)
        if self.limit == PictureLimit():
            return prompt
        return replace(prompt, image=fitted(prompt.image, self.limit))


_known: dict[str, ServerQuirks] = {}


def manners_of(origin: str, limit: PictureLimit) -> ServerQuirks:
    """What is known of the server at `origin`, within the `limit` that was set for it."""
    manners = _known.setdefault(origin, ServerQuirks())
    manners.limit = manners.limit.tightest(limit)
    return manners


def forget_manners() -> None:
    """Learn anew, as when the server or its limits were changed."""
    _known.clear()
