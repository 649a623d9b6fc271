"""Whether a caption is borne out: objects it names that no reference names, and those it leaves out.

After CHAIR (Rohrbach et al., 2018), with the objects of `data/objects.py` in place of COCO's. It knows no picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..data.objects import MIN_AGREEING, distinct, mentions
from .report.rounding import percent


@dataclass(frozen=True)
class ObjectSupport:
    """Objects of one caption: all that it names; those that no reference names; those that most of the distinct
    references name, at least two, and of these the ones that the caption names too."""

    named: tuple[str, ...]
    invented: tuple[str, ...]
    agreed: tuple[str, ...]
    recalled: tuple[str, ...]


def supported(caption: str, references: Sequence[str]) -> ObjectSupport:
    """Hold a caption against what people wrote."""
    in_caption, in_references = mentions([caption]), mentions(references)
    named = tuple(name for name, count in in_caption.items() if count)
    most = max(MIN_AGREEING, len(distinct(references)) // 2 + 1)
    agreed = tuple(name for name, count in in_references.items() if count >= most)
    invented = tuple(name for name in named if not in_references[name])
    return ObjectSupport(named, invented, agreed, tuple(name for name in agreed if in_caption[name]))


def rates(support: Sequence[ObjectSupport]) -> dict[str, float]:
    """invented: share of the objects named; recalled: share of the agreed ones. In percent, over all pictures."""

    def share(part: str, whole: str) -> float:
        total = sum(len(getattr(one, whole)) for one in support)
        return percent(sum(len(getattr(one, part)) for one in support) / total) if total else 0.0

    return {"invented": share("invented", "named"), "recalled": share("recalled", "agreed")}
