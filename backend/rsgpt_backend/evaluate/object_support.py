"""Objects that a caption invents or omits, compared with its references.

Follows CHAIR (Rohrbach et al., 2018), with the objects of `data/objects.py` instead of COCO's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..data.objects import MIN_AGREEING, distinct, mentions
from .report.rounding import percent


@dataclass(frozen=True)
class ObjectSupport:
    """Objects of one caption.

    named: in the caption; invented: in the caption, but in no reference; agreed: in most of the distinct references
    (at least two); recalled: agreed objects that the caption names.
    """

    named: tuple[str, ...]
    invented: tuple[str, ...]
    agreed: tuple[str, ...]
    recalled: tuple[str, ...]


def compare_objects(caption: str, references: Sequence[str]) -> ObjectSupport:
    """Compare a caption with its references."""
    in_caption, in_references = mentions([caption]), mentions(references)
    named = tuple(name for name, count in in_caption.items() if count)
    majority = max(MIN_AGREEING, len(distinct(references)) // 2 + 1)
    agreed = tuple(name for name, count in in_references.items() if count >= majority)
    invented = tuple(name for name in named if not in_references[name])
    return ObjectSupport(named, invented, agreed, tuple(name for name in agreed if in_caption[name]))


def rates(support: Sequence[ObjectSupport]) -> dict[str, float]:
    """Return the shares, in percent over all pictures: invented of the named objects, recalled of the agreed ones."""

    def share(part: str, whole: str) -> float:
        total = sum(len(getattr(objects, whole)) for objects in support)
        return percent(sum(len(getattr(objects, part)) for objects in support) / total) if total else 0.0

    return {"invented": share("invented", "named"), "recalled": share("recalled", "agreed")}
