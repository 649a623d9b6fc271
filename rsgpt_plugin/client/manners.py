"""What a server has taught about itself while it was asked, kept for this QGIS. Sends nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .protocol import Prompt
from .shrinking import PictureLimit, fitted


@dataclass
class Manners:
    """limit: of pictures, as set or as learned. plain: it refuses the fields that are not needed for an answer.

    all_fields: it was refused without them too, so they are not what it minds. free: it refuses to be told which
    answers there are; the prompt's words still say it.
    """

    limit: PictureLimit = field(default_factory=PictureLimit)
    plain: bool = False
    all_fields: bool = False
    free: bool = False

    def fit(self, prompt: Prompt, free: bool = False) -> Prompt:
        """The prompt with a picture that the server takes, and no choices where it knows none, or for once."""
        if free or self.free:
            prompt = replace(prompt, choices=())
        if self.limit == PictureLimit():
            return prompt
        return replace(prompt, image=fitted(prompt.image, self.limit))


_known: dict[str, Manners] = {}


def manners_of(origin: str, limit: PictureLimit) -> Manners:
    """What is known of the server at `origin`, within the `limit` that was set for it."""
    manners = _known.setdefault(origin, Manners())
    manners.limit = manners.limit.tightest(limit)
    return manners


def forget_manners() -> None:
    """Learn anew, as when the server or its limits were changed."""
    _known.clear()
