"""What a model cannot answer, as far as this is known before it is asked: questions, languages and resolutions.

The rules look at the wording alone. They are made to let a question pass when in doubt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional

from ..i18n import mark, marked, translate

BUILT_IN = "rsgpt-small"

_START = r"^\W*(?:(?:and|so|but|please|now)\W+)*(?:(?:can|could) you (?:please )?(?:tell|say|explain)\b(?: me| us)? |"
_START += r"(?:tell|explain)\b(?: me| us)? |do you know |i wonder )?"
_NAMES = "brand|make|manufacturer|company|satellite|sensor|airline|operator|owner|person|city|country|street|address"
_MOMENTS = "year|date|month|day|time|season|century|decade"
_MEASURES = "tall|high|deep|old|fast|heavy|expensive|warm|hot|cold|long|wide|thick|large|big|steep|far"
_UNITS = "meters|metres|feet|kilometers|kilometres|miles|hectares|acres|square (?:meters|metres|feet|kilometers|miles)"
_QUANTITIES = "percentage|percent|temperature|height|speed|price|age|depth|width|length|elevation|altitude"
_QUANTITIES += "|population(?= of th)"
_WERE = r"^\W*(?:what )?(?:was|were|has|have|had|did|will)\b.*\b"
_PERIODS = "year|month|week|summer|winter|decade"

# Each refused kind: what it asks for, and its wordings.
_KINDS: tuple[tuple[str, str], ...] = (
    (
        mark("a reason"),
        rf"{_START}(?:why|how come|for what (?:reason|purpose (?:was|were)))\b|\bwhat (?:is|are|was) the reasons?\b",
    ),
    (mark("a reason"), r"^\W*what (?:caused|causes|led to)\b|^\W*how did\b"),
    (mark("a person"), rf"{_START}(?:by |for |to )?(?:who|whose|whom) (?!would)\w"),
    (
        mark("a name"),
        rf"^\W*(?:in |from )?(?:which|what) (?:{_NAMES}|state)\b|\bwhat (?:is|are) the (?:name|{_NAMES})\b",
    ),
    (mark("a name"), r"^\W*what (?:is|are) (?!this area)(?:\w+ ){1,3}called\b"),
    (mark("a time"), rf"{_START}when (?:was|were|is|are|did|will)\b|\bhow long ago\b"),
    (mark("a time"), rf"^\W*(?:in |on |at )?(?:which|what) (?:{_MOMENTS})\b|\bwhat (?:is|was) the (?:{_MOMENTS})\b"),
    (
        mark("a change"),
        rf"{_WERE}(?:(?:since|before|until|after|in) (?:19|20)\d\d|(?:last|next) (?:{_PERIODS}))\b",
    ),
    (
        mark("a change"),
        r"^\W*(?:has|have|had)\b.*\b(?:changed|grown|shrunk|increased|decreased)\b|^\W*will (?:the|it|this|they)\b",
    ),
    (mark("a measure"), rf"\bhow (?:{_MEASURES}) (?:is|are)\b(?! the (?:count|number))|\b(?:hectares|acres)\?"),
    (mark("a measure"), rf"^\W*how much (?:does|do|is|are|did)\b|\bhow many (?:{_UNITS})\b|\bhow many people live\b"),
    (
        mark("a measure"),
        rf"^\W*(?:what|which) (?:{_QUANTITIES})\b|\bwhat (?:is|was) the (?:{_QUANTITIES})\b|\bthe coordinates\b",
    ),
    (mark("an opinion"), r"^\W*should (?:i|we|they) (?:buy|build|sell|invest|move|rent)\b|^\W*do you like\b"),
)
_PATTERNS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _KINDS)

_TOLERANCE = 1.2  # factor by which resolutions may exceed the range, such as 10.2 m of a reprojected scene

_LETTER = re.compile(r"[^\W\d_]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_WORD = re.compile(r"[^\W\d_]+")
_ENGLISH = frozenset(
    "a an the is are any there how many what which where of in on at kind type area do does can you see this that it "
    "and or with near next to describe show count number water not has have most more some picture image".split()
)
_FOREIGN = frozenset(
    # German, French, Spanish, Italian, Portuguese, Dutch
    "gibt ist sind wie wo welche welcher welches wieviele viele eine einen hier der das wird kein keine "
    "combien est sont quel quelle quels quelles où dans les une des du il au aux "
    "cuántos cuantos cuántas cuantas hay qué dónde donde cuál cual está están los las una el en "
    "quanti quante sono dove quale che cosa gli della nel "
    "quantos quantas existe existem há onde qual são uma não "
    "hoeveel zijn waar welke een het er".split()
)


@dataclass(frozen=True)
class ModelLimits:
    """Limits of a model. smallest: side of a picture in pixels. finest_m, coarsest_m: meters per pixel."""

    name: str
    smallest: int
    finest_m: float
    coarsest_m: float

    def refusal(self, question: str) -> str:
        """Return why the model cannot answer, "" if it may."""
        if not is_english(question):
            return translate("Rsgpt", "{model} understands only English").format(model=self.name)
        plain = question.replace("\u2019", "'").replace("'s the ", " is the ")
        asked = next((kind for kind, pattern in _PATTERNS if pattern.search(plain)), "")
        message = translate("Rsgpt", "{model} cannot tell {kind} from a picture")
        return message.format(model=self.name, kind=marked(asked)) if asked else ""

    def doubts(self, gsd_m: Optional[float] = None, side: Optional[int] = None) -> str:
        """Return why answers about a picture are doubtful, "" if they are not.

        gsd_m: meters per pixel, None or 0 if unknown. side: shorter side in pixels, None if unknown.
        """
        found = []
        if side is not None and side < self.smallest:
            text = translate("Rsgpt", "the picture has only {side} pixels per side; {model} needs about {least}")
            found.append(text.format(side=side, least=self.smallest, model=self.name))
        if gsd_m and not self.finest_m / _TOLERANCE <= gsd_m <= self.coarsest_m * _TOLERANCE:
            text = translate("Rsgpt", "{gsd} m per pixel is outside of the range that {model} knows well ({range} m)")
            known = f"{self.finest_m:g}–{self.coarsest_m:g}"
            found.append(text.format(gsd=f"{gsd_m:.2g}", range=known, model=self.name))
        return "; ".join(found)


# The ground resolutions of the training pictures, see docs/model-card.md; model.json does not state them.
_LIMITS = {BUILT_IN: ModelLimits(BUILT_IN, smallest=64, finest_m=0.05, coarsest_m=10.0)}


def limits_of(model: str) -> Optional[ModelLimits]:
    """Return the limits of a shipped model, None if they are not known."""
    return _LIMITS.get(model)


def is_english(text: str) -> bool:
    """Return whether a text may be English: Latin letters, and not mostly function words of other languages."""
    letters = _LETTER.findall(text)
    if not letters:
        return True
    if sum(not _LATIN.fullmatch(letter) for letter in letters) * 4 > len(letters):
        return False
    words = [word.casefold() for word in _WORD.findall(text)]
    foreign = sum(word in _FOREIGN and word not in _ENGLISH for word in words)
    return foreign == 0 or foreign <= sum(word in _ENGLISH for word in words)
