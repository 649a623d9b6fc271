"""What a model cannot answer, as far as this is known before it is asked: questions, languages and resolutions.

The rules look at the wording alone. They are made to let a question pass when in doubt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional

from ..i18n import mark, marked, translate
from ..results.columns import CAPTION
from .answer_types import AnswerType
from .questions import Question

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
_PLACES = "airport|city|town|village|place"

# A noun is asked for only if no other noun, adjective or verb of the picture follows: "Which street is this?", but not
# "Which street is empty?" or "What street markings are visible?".
_OF = r"(?: of (?:(?:the|this|these|that) )?\w+)?"
_GIVEN = r"(?: in)?\W*$"
_ASKED = (
    rf"{_OF}(?:{_GIVEN}| (?:is|are|was|were) (?:this|that|it|these|those|shown|sealed|covered|the (?!\w+est\b|most))"
)
_ASKED += r"(?!.* (?:than|or) )| (?:did|does|do) (?!you see)| (?:runs|owns|operates|built|made)\b)"
_STATED = r"(?: of\b| here\b| there\b|\W*$)"
_SEEN = r"(?:is|are) (?:on|in|at|near|next|there|visible|\w+ing)\b|can be seen|do you see|can you see"

# Each refused kind: what it asks for, and its wordings.
_REASON, _PERSON, _NAME, _TIME = mark("a reason"), mark("a person"), mark("a name"), mark("a time")
_CHANGE, _MEASURE, _OPINION = mark("a change"), mark("a measure"), mark("an opinion")
_KINDS: tuple[tuple[str, str], ...] = (
    (
        _REASON,
        rf"{_START}(?:why|how come|for what (?:reason|purpose (?:was|were)))\b|\bwhat (?:is|are|was) the reasons?\b",
    ),
    (_REASON, r"^\W*what (?:caused|causes|led to)\b|^\W*how did\b"),
    (_PERSON, rf"{_START}(?:by |for |to )?(?:who|whose|whom) (?!would\b|{_SEEN})\w"),
    (_NAME, rf"^\W*(?:in |from )?(?:which|what) (?:{_NAMES}){_ASKED}|\bwhat (?:is|are) the (?:name|{_NAMES}){_STATED}"),
    (_NAME, rf"^\W*(?:in )?(?:which|what) state is (?:this|it)(?: (?:{_PLACES}))?{_GIVEN}"),
    (_NAME, r"^\W*what (?:is|are) (?!this area)(?:\w+ ){1,3}called\b"),
    (_TIME, rf"{_START}when (?:was|were|is|are|did|will)\b|\bhow long ago\b"),
    (
        _TIME,
        rf"^\W*(?:in |on |at )?(?:which|what) (?:{_MOMENTS}){_ASKED}|\bwhat (?:is|was) the (?:{_MOMENTS}){_STATED}",
    ),
    (_CHANGE, rf"{_WERE}(?:(?:since|before|until|after) (?:19|20)\d\d|(?:last|next) (?:{_PERIODS}))\b"),
    (
        _CHANGE,
        r"^\W*(?:has|have|had)\b.*\b(?:changed|grown|shrunk|increased|decreased)\b|^\W*will (?:the|it|this|they)\b",
    ),
    (_MEASURE, rf"\bhow (?:{_MEASURES}) (?:is|are)\b(?! the (?:count|number))|\b(?:hectares|acres)\?"),
    (_MEASURE, rf"^\W*how much (?:does|do|is|are|did)\b|\bhow many (?:{_UNITS})\b|\bhow many people live\b"),
    (
        _MEASURE,
        rf"^\W*(?:what|which) (?:{_QUANTITIES}){_ASKED}|\bwhat (?:is|was) the (?:{_QUANTITIES}){_STATED}"
        r"|\bthe coordinates\b",
    ),
    (_OPINION, r"^\W*should (?:i|we|they) (?:buy|build|sell|invest|move|rent)\b|^\W*do you like\b"),
)
_PATTERNS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _KINDS)

# Questions with yes or no mention these often without asking for them.
_MENTIONED = (_MEASURE, _TIME, _NAME, _CHANGE)
_ALTERNATIVES = re.compile(r"\bor\b", re.IGNORECASE)  # the model compares the picture with each of them
_TOLERANCE = 1.2  # factor by which resolutions may exceed the range, such as 10.2 m of a reprojected scene

_LEAST_FOREIGN = 2  # words: a single one is often a name or a borrowed word, as in "Las Vegas strip?"
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
    "cuántos cuantos cuántas cuantas hay qué dónde donde cuál cual está están una el en "
    "quanti quante sono dove quale che cosa gli della nel "
    "quantos quantas existe existem há onde estão qual são uma não "
    "hoeveel zijn waar welke een het er".split()
)


@dataclass(frozen=True)
class ModelLimits:
    """Limits of a model. smallest: side of a picture in pixels. finest_m, coarsest_m: meters per pixel."""

    name: str
    smallest: int
    finest_m: float
    coarsest_m: float

    def refusal(self, question: Question) -> str:
        """Return why the model cannot answer, "" if it may. Captions are never refused."""
        if question.name == CAPTION:
            return ""
        if not is_english(question.text):
            return translate("Rsgpt", "{model} understands only English").format(model=self.name)
        asked = _unanswerable(question)
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


def picture_doubts(limits: Optional[ModelLimits], gsd_m: Optional[float], side: Optional[int], is_unusual: bool) -> str:
    """Return why answers about a picture are doubtful, "" if they are not.

    limits: None if not known. gsd_m, side: as in ModelLimits.doubts. is_unusual: whether the model reported the picture
    as unlike its training pictures.
    """
    unusual = translate("Rsgpt", "the picture is unlike those that the model was trained on") if is_unusual else ""
    known = limits.doubts(gsd_m, side) if limits is not None else ""
    return "; ".join(filter(None, (known, unusual)))


# The ground resolutions of the training pictures, see docs/model-card.md; model.json does not state them.
_LIMITS = {BUILT_IN: ModelLimits(BUILT_IN, smallest=64, finest_m=0.05, coarsest_m=10.0)}


def limits_of(model: str) -> Optional[ModelLimits]:
    """Return the limits of a shipped model, None if they are not known."""
    return _LIMITS.get(model)


def _unanswerable(question: Question) -> str:
    """Return the kind of question that no picture answers, "" if it may be answered."""
    if question.type.has_choices or _ALTERNATIVES.search(question.text):
        return ""
    plain = question.text.replace("\u2019", "'").replace("'s the ", " is the ")
    passed = _MENTIONED if question.type is AnswerType.YESNO else ()
    return next((kind for kind, pattern in _PATTERNS if kind not in passed and pattern.search(plain)), "")


def is_english(text: str) -> bool:
    """Return whether a text may be English: Latin letters, and not mostly function words of other languages."""
    letters = _LETTER.findall(text)
    if not letters:
        return True
    if sum(not _LATIN.fullmatch(letter) for letter in letters) * 4 > len(letters):
        return False
    words = [word.casefold() for word in _WORD.findall(text)]
    foreign = sum(word in _FOREIGN and word not in _ENGLISH for word in words)
    return foreign < _LEAST_FOREIGN or foreign <= sum(word in _ENGLISH for word in words)
