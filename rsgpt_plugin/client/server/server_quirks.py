"""Limitations of servers, learned from their refusals and kept until QGIS ends."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ...shared.rasters.ellipsoid import stated_resolution
from .downscaling import PictureLimit, fit_picture, longest_side
from .protocol import Prompt


@dataclass
class ServerQuirks:
    """Limitations of one server.

    limit: of pictures, set by the user or learned. plain: it refuses optional fields. accepts_all_fields: it refused a
    request without optional fields as well, so they are not the reason. unknown_structures: kinds of structured output
    that it refuses; the text of the prompt still lists the allowed answers.
    """

    limit: PictureLimit = field(default_factory=PictureLimit)
    plain: bool = False
    accepts_all_fields: bool = False
    unknown_structures: set[str] = field(default_factory=set)

    def fit(self, prompt: Prompt, unstructured: bool = False) -> Prompt:
        """Return the prompt with a picture and a structure that the server accepts.

        unstructured: leave out structured output in any case.
        """
        if unstructured or prompt.structure_kind in self.unknown_structures:
            prompt = replace(prompt, choices=(), is_whole_number=False)
        if self.limit == PictureLimit():
            return prompt
        return _with_picture(prompt, fit_picture(prompt.image, self.limit))


def _with_picture(prompt: Prompt, image: bytes) -> Prompt:
    """Return the prompt with a smaller version of its picture, whose pixels are larger on the ground."""
    if prompt.gsd_m is None or image == prompt.image:
        return replace(prompt, image=image)
    scale = longest_side(prompt.image) / max(1, longest_side(image))
    return replace(prompt, image=image, gsd_m=stated_resolution(prompt.gsd_m * scale))


_by_origin: dict[str, ServerQuirks] = {}


def quirks_of(origin: str, limit: PictureLimit) -> ServerQuirks:
    """Return the quirks of the server at `origin`, with its picture limit not above `limit`."""
    quirks = _by_origin.setdefault(origin, ServerQuirks())
    quirks.limit = quirks.limit.strictest(limit)
    return quirks


def forget_quirks() -> None:
    """Forget the quirks of all servers, because a server or its limits may have changed."""
    _by_origin.clear()
