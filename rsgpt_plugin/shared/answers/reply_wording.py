"""Wording of replies around their value: markup, doubt, negation and topic, in English.

Doubt is also recognized in other languages, to distinguish a refusal from a reply that does not fit the question.
"""

from __future__ import annotations

import json
import re
from typing import Any, Optional

from ..text import clean
from .reasoning import without_reasoning

_FENCE = re.compile(r"```\w*\n?|`")
_MARKUP = re.compile(r"\*+|(?<!\w)_+|_+(?!\w)|^[ \t]*(?:#+|[-•])[ \t]+|^[ \t]*>[ \t]+(?=\D)", re.MULTILINE)
_ANSWER = re.compile(
    r"\banswer(?:\s+to\s+(?:the|this|your)\s+question)?\s*(?:is\b|[:=])\s*[:=]?\s*|\AA:\s*", re.IGNORECASE
)
_BETWEEN = re.compile(r"(?<=[.!?])\s+|\n+")
_LONGEST = 4000

_KNOWING = (
    "tell|determin\\w*|say|said|know|known|sure|certain|clear|clearly|possible|identif\\w+|answer\\w*|count(?:ed)?|"
    "confirm\\w*|verif\\w+|discern\\w*|distinguish\\w*|ascertain\\w*|assess\\w*|establish\\w*|specif\\w+|estimat\\w+|"
    "enough|sufficient\\w*|able|provid\\w+|give|assist|help|judge|decid\\w+|conclu\\w+|recogni[sz]\\w+|make|ability"
)
_DOUBT = re.compile(
    rf"(?:\bnot|n't|\bcannot)\b(?:[^\w.!?]+\w+){{0,3}}?[^\w.!?]+(?:{_KNOWING})\b"
    r"|\bun(?:clear|sure|certain|able|known|determined|identifiable|recogni[sz]able|answerable|decided)\b"
    r"|\b(?:inconclusive|ambiguous|indeterminate|impossible|indistinguishable|insufficient|inadequate|dunno|idk)\b"
    r"|\b(?:hard|difficult|tough|tricky|challenging)\s+to\b"
    r"|\btoo\s+(?:blurr\w+|small|dark|low|cloudy|coarse|bright|far|noisy|unclear|grainy|pixelated)\b"
    r"|\bno\s+(?:idea|clue|way|information|data|answer|certainty|clear|indication|detail)\b"
    r"|\b(?:sorry|apologi[sz]e|apologies)\b|\bas\s+an?\s+(?:ai|language\s+model)\b"
    r"|\bdepend(?:s|ing)?\b|\A\W*n/?a\W*\Z|\?\W*\Z",
    re.IGNORECASE,
)
_HEDGE = re.compile(
    r"\b(?:maybe|perhaps|possibl[ey]|probabl[ey]|(?:un)?likely|might|may|could|would|presumably|supposedly|"
    r"potentially|possibilit\w+|chance|suggest\w*|hints?|resembl\w+|something\s+like|what\s+(?:looks|seems|appears)|"
    r"either(?!\s+(?:side|end|bank))|guess|if|i\s+(?:think|believe|suppose|assume))\b",
    re.IGNORECASE,
)
_UNSEEN = re.compile(
    r"\b(?:can't|can\s*not|(?:do|does|could|did)(?:n't|\s+not))\s+(?:\w+\s+)?"
    r"(?:see|find|view|detect|spot|access|open|read)\b",
    re.IGNORECASE,
)
_FOREIGN_DOUBT = re.compile(
    r"\b(?:"
    # German
    r"nicht\s+(?:möglich|erkenn\w+|bestimm\w*|sicher|klar|feststell\w*|eindeutig|sagen|beurteil\w*|ersichtlich)|"
    r"kann\s+(?:\w+\s+){0,6}nicht|weiß\s+(?:\w+\s+){0,2}nicht|unklar|vielleicht|möglicherweise|wahrscheinlich|"
    r"vermutlich|unmöglich|schwer\s+zu|keine\s+(?:angabe|ahnung|information)\w*|unbekannt|"
    # French
    r"pas\s+(?:possible|clair|sûre?|certaine?|assez)|peut-être|ne\s+(?:peu[tx]|sais|permet)|incertain\w*|inconnue?|"
    r"difficile\s+(?:de|à)|probablement|"
    # Spanish and Portuguese
    r"n(?:o|ão)\s+(?:es\s+posible|se\s+puede|puedo|está\s+claro|lo\s+sé|sé|estoy\s+segur\w+|hay\s+suficiente|"
    r"é\s+possível|sei|posso|dá\s+para)|impos[ií]ble|impossível|quizás?|tal\s+vez|talvez|difícil|desconocid\w+|"
    r"posiblemente|probablemente|provavelmente|"
    # Italian and Dutch
    r"non\s+(?:è\s+(?:possibile|chiaro)|si\s+può|posso|lo\s+so|so)|forse|impossibile|sconosciuto|"
    r"niet\s+(?:mogelijk|duidelijk|zeker|te\s+\w+)|misschien|onduidelijk|onmogelijk|"
    # Russian and Ukrainian
    r"невозможно|нельзя|неясно|неизвестно|возможно|вероятно|трудно|сложно|не\s+(?:могу|знаю|видно|удаётся|удается)|"
    r"неможливо|можливо|важко"
    r")\b"
    # Chinese, Japanese, Korean
    r"|无法|無法|不能|不清楚|不确定|不確定|难以|難以|可能|也许|也許|看不清|不知道|抱歉|"
    r"できません|できない|わかりません|分かりません|不明|おそらく|かもしれ|難しい|"
    r"알\s*수\s*없|불가능|불확실|어렵|모르",
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"(?:\b(?:no|not|never|neither|nor|none|nothing|nobody|cannot|without|lacks?|lacking|absent|absence|devoid|"
    r"except|barely|hardly|scarcely|instead|fake)\b|n't\b|\brather\s+than\b|\bother\s+than\b|\bfree\s+of\b)",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"\b(?:in|on|at|near|by|beside|next|along|around|across|between|behind|over|under|with|below|above|that|which|"
    r"who|where|from|to|for)\b|[.,;:!\n]",
    re.IGNORECASE,
)
# Words after a "no" that does not deny that something is in the picture.
_IDLE_NO = re.compile(
    r"\s*(?:doubt|one|more|longer|other|further|additional|problem|worries|matter|wonder|question|shortage|lack|limit|"
    r"end|need|reason|less|fewer|only|single|images?|pictures?|photos?|files?|attachments?|context|access)\b",
    re.IGNORECASE,
)
# Words that most questions have in common.
_COMMON = frozenset(
    "the and any are was were been being how many much does did has have had there this that these those what which "
    "where who with for from into image images picture pictures photo photograph scene area tile visible present "
    "shown seen see can you number count contain contains show shows total some one".split()
)


def plain_sentences(text: str) -> list[str]:
    """Return the sentences and lines of a reply without markup, JSON, repeated questions and text before "answer:".

    Empty for reasoning without an answer and for replies too long to be plain.
    """
    answer = without_reasoning(clean(text)) or ""
    if len(answer) > _LONGEST:
        return []
    bare = _unwrapped(_FENCE.sub("", answer.replace("\u2019", "'")).strip())
    bare = _MARKUP.sub("", bare).strip()
    marks = [mark.end() for mark in _ANSWER.finditer(bare) if mark.end() < len(bare)]
    parts = [part.strip() for part in _BETWEEN.split(bare[marks[-1] :] if marks else bare) if part.strip()]
    return [part for part in parts if not part.endswith("?")] or parts


def has_doubt(text: str) -> bool:
    """Return whether the text says that the answer cannot be determined, in English or another language."""
    straight = text.replace("\u2019", "'")
    return len(text) <= _LONGEST and bool(_DOUBT.search(straight) or _FOREIGN_DOUBT.search(straight))


def has_hedge(text: str) -> bool:
    """Return whether an English text only supposes something."""
    return _HEDGE.search(text) is not None


def sees_nothing(text: str) -> bool:
    """Return whether the model says that it cannot see something, which may still be there."""
    return _UNSEEN.search(text) is not None


def has_negation(text: str) -> bool:
    """Return whether an English text denies anything."""
    return _NEGATION.search(text) is not None


def is_idle_no(rest: str) -> bool:
    """Return whether "no" before `rest` denies nothing, as in "no doubt", "no longer", "no more than 3", "no image"."""
    return _IDLE_NO.match(rest) is not None


def is_about(text: str, question: str) -> bool:
    """Return whether the text and the question share a topic word, or the question has none."""
    topic = _topic(question)
    return not topic or any(_is_alike(word, other) for word in _topic(text) for other in topic)


def head(phrase: str) -> str:
    """Return the start of a phrase, up to its first place or relative clause."""
    return _PLACE.split(phrase, maxsplit=1)[0].strip(" .!,;:")


def _topic(text: str) -> set[str]:
    return {_stem(word) for word in re.findall(r"[^\W\d_]{3,}", text.casefold()) if word not in _COMMON}


def _stem(word: str) -> str:
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _is_alike(word: str, other: str) -> bool:
    shorter, longer = sorted((word, other), key=len)
    return word == other or (len(shorter) >= 4 and (longer.startswith(shorter) or longer.endswith(shorter)))


def _unwrapped(text: str) -> str:
    """Return the single value of a JSON object, or the text itself."""
    if not text.startswith("{"):
        return text
    try:
        fields: Any = json.loads(text)
    except (ValueError, RecursionError):
        return text
    values = [fields["answer"]] if "answer" in fields else list(fields.values())
    value = _scalar(values[0]) if len(values) == 1 else None
    return text if value is None else value


def _scalar(value: Any) -> Optional[str]:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, (str, int, float)) else None
