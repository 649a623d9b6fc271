"""Whether a question asks for a place in the picture, a number, the presence of a thing, or the kind of area.

Only English questions with exactly one of these meanings are recognized. For all others the model writes an answer in
its own words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from rsgpt_plugin.shared.answers.numbers import find_numbers
from rsgpt_plugin.shared.text import one_line

from .noun_phrases import NounPhrase, noun_phrase

QuestionKind = Literal["place", "number", "presence", "area"]

_CACHED = 4096  # a run asks the same few questions about every tile
_LONGEST = 400  # characters; a longer text is more than one question
_SENTENCES = re.compile(r"(?<=[.?!])\s+")
_ORDER = re.compile(r"(?:please )?(?:describe|list|explain|caption|summari[sz]e|compare|identify|classify|mark|draw)\b")
_IMAGE = r"(?:image|picture|photo|photograph|scene|view|tile|frame|shot|snapshot|map|imagery|chip|crop|scan|screenshot)"
_WHICH_IMAGE = (
    r"(?:(?:this|the|that|our|my|your|given|shown|above|following|attached|whole|entire|full|same|aerial|satellite|"
    r"drone|overhead|remote sensing) )*"
)
_IN_IMAGE = re.compile(
    r"\b(?:looking at|judging from|based on|according to|given|in|on|at|within|inside|from|of|across|throughout|over|"
    r"around) "
    rf"(?:{_WHICH_IMAGE}{_IMAGE}s?|this (?:place|area|location|site|region|part|spot))\b"
)
_IDLE_PHRASES = re.compile(
    r"\b(?:in (?:total|all|sight|view)|at (?:all|the moment|present)|right (?:here|now)|all together|altogether|"
    r"overall|over here|from above|if any|if there (?:is|are) (?:one|any|some)(?! \w)|at$|if possible|"
    r"as you can see|exactly|roughly|approximately|about|mostly|mainly|primarily|largely|currently|please|precisely|"
    r"usually|actually)\b"
)
_LEAD = re.compile(
    r"(?:please|kindly|hey|hi|hello|so|and|now|ok|okay|then|well|first|just|here|question|q|let me know|any idea|"
    r"(?:(?:can|could|would|will) you|i need you to|are you able to)(?: please)?(?: to)?(?! see)|"
    r"(?:can you (?:see|spot|find)|do you (?:know|see)|see|spot|find|i wonder|i am wondering|i'm wondering|find out|"
    r"work out|determine|estimate|guess|say|state|indicate|describe|show(?: me| us)?|(?:i want|i would like|i need|"
    r"i'd like)(?: you)? to (?:know|say|find out|see)|tell(?: me| us)?)(?= (?:where|how many|whether|if "
    r"there|(?:in|on|at) (?:which|what)))|tell (?:me|us)(?= (?:the|what|which)))[\s,:]+"
)
_SETTING = re.compile(
    r"(?P<setting>(?:if|in|on|at|near|within|along|inside|around) (?!which|what)[^,]+),\s*(?P<question>.*)"
)
_COMMAS = re.compile(r"[ ,]*,[ ,]*")
_AUXILIARY = r"(?:is|are|was|were|do|does|did|can|could|should|would|might|must|may|will|has|have|had)"
_ASKS_MORE = re.compile(
    r"\b(?:how|where(?:abouts)?|what|when|why|who)\b|\b(?:and|or) (?:is|are|does|do|which|can|count|locate|in which)\b|"
    r";"
)

_TALLY = r"(?:(?:total|exact|overall|approximate|estimated|rough|precise|correct) )*(?:number|count|quantity|tally)"
_NUMBER_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        r"how many\b(?P<thing>.*)",
        rf"(?:what|which)(?: is| was| are| would be|'s)?(?: the| your)? {_TALLY} of\b(?P<thing>.*)",
        r"(?:(?:give|state|report|estimate|provide|return|indicate|name|find|get|calculate|compute|determine)(?: me|"
        r" us)? )?"
        rf"(?:the |an? )?{_TALLY} of\b(?P<thing>.*)",
        rf"how (?:large|big|high|great) is the {_TALLY} of\b(?P<thing>.*)",
        r"how numerous are\b(?P<thing>.*)",
        r"(?:count|enumerate|tally)(?: up)?\b(?P<thing>.*)",
        r"there (?:is|are) how many\b(?P<thing>.*)",
        r"(?P<thing>[\w -]+?) ?: how many(?: are there)?",
    )
)
_MEASURES = frozenset(
    "meter meters metre metres kilometer kilometers kilometre kilometres km m cm centimeters mile miles foot feet inch "
    "inches hectare hectares acre acres square percent percentage pixel pixels degree degrees second "
    "seconds minute minutes hour hours day days week weeks month months year years time times dollar dollars euro "
    "euros ton tons".split()
)
_NOT_COUNTED = re.compile(r"\b(?:more|fewer|less) [\w -]*\bthan\b")
_IDLE_STATES = frozenset(
    "is are was were be been being do does did can could there you we i one see count find spot make out identify "
    "detect notice recognize distinguish observe tell visible shown seen present depicted pictured displayed located "
    "situated found standing stand stands parked docked moored anchored floating lying lie lies sitting sit sits "
    "contain contains show shows include includes have has it this the that these those here exist exists existing "
    "appear appears occur occurs total all discerned counted identified spotted detected observed whole entire placed "
    "positioned run runs flow flows grow grows park parks to itself".split()
)
_IDLE_IMAGE = re.compile(rf"\b(?:(?:the|this|that|your) (?:\w+ )?{_IMAGE}|this (?:place|area|location|site|region))\b")
_SITE = r"(?:airport|airfield|harbor|harbour|port|marina|neighborhood|neighbourhood|village|town|city|area|site|place)"
_IDLE_SITE = re.compile(rf"\b(?:in|on|at|of) (?:the|this|that|an?) (?:water|ground|apron|tarmac|{_SITE})\b")
_VERB = re.compile(
    rf"\b(?:{_AUXILIARY}|be|been|there|you|we|i|exists?|appears?|stands?|lies?|lie|sits?|contain(?:s|ed)?|shown|seen|"
    rf"visible|"
    r"present|located|situated|found|depicted|drive|fly|runs?|ends?(?! of)|starts?(?! of)|begins?|cross(?:es)?|flows?|"
    r"grows?|enters?|leaves?|meets?|joins?|bends?|turns?|fits?|need|remain|occurs?|occupy|lead|leads|go|goes|come|"
    r"comes|live|go|built)\b"
)

_PART = r"(?:part|side|corner|section|quarter|quadrant|half|third|edge|portion)"
_OF_SITE = rf"(?: of (?:the|this) {_SITE})?"
_ANY_PART = rf"(?:{_PART}|area|region|zone|end|position|spot|location|place){_OF_SITE}"
_HOLDS = (
    r"(?:holds?|contains?|shows?|has|have|includes?|features?|hosts?|is home to|is occupied by|is covered (?:by|with|"
    r"in)|is filled (?:by|with)|is|are)"
)
_SEEING = (
    r"(?:see|find|look for|look|spot|locate|search for|identify|make out|notice|observe|detect|recognize|discern|"
    r"expect)"
)
_POSITION = r"(?:\w+ )?(?:position|location|place|whereabouts)s?"
_PLACE_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        r"where(?:abouts)?(?:'s|'re| is| are| was| were)\b(?: there\b)?(?P<thing>.*)",
        rf"where(?:abouts)? {_AUXILIARY} (?:i|we|you|one) (?:(?:have|need) to )?{_SEEING}\b(?P<thing>.*)",
        r"where(?:abouts)? (?:do|does|did|has|have|had)\b(?P<thing>.*)",
        r"where(?:abouts)? (?:can|could|would|should|might|may)\b(?P<thing>.*?) be (?:seen|found|located|spotted|"
        r"identified|detected|observed|noticed|made out)",
        r"where(?:abouts)?(?P<thing> (?:the|an?|some|all|most|these|those|there)\b.*)",
        rf"(?:in|on|at|to|towards?|near|along|by) (?:which|what) {_ANY_PART}(?: or {_ANY_PART})*"
        r"(?P<thing> (?:the|an?|some|all|most|these|those)\b.*)",
        rf"(?:in|on|at|to|towards?|near|along|by) (?:which|what) {_ANY_PART}(?: or {_ANY_PART})* {_AUXILIARY} "
        rf"(?:(?:i|we|you|one) {_SEEING} )?(?P<thing>.*)",
        rf"(?:which|what) {_PART}{_OF_SITE}(?: or {_PART})* {_HOLDS} (?P<thing>.*?)(?: (?:in|on|at|near))?",
        rf"(?:which|what) {_PART} (?:do|does) (?P<thing>.*?) (?:occupy|cover|fill|lie in|lie on)",
        r"(?:(?:what|which)(?: is| are| was|'s)|what would be|give|state|describe|name|determine|report|indicate|"
        r"specify|find|"
        rf"provide|show|point out)(?: me| us)? (?:the )?{_POSITION} of\b(?P<thing>.*)",
        rf"(?:the )?(?:\w+ )?{_POSITION} of\b(?P<thing>.*)",
        rf"(?:(?:what|which)(?: is| are|'s)|give|state|describe) (?P<thing>.*?)(?:'s|s') {_POSITION}",
        r"(?:locate|localize|localise|pinpoint)\b(?P<thing>.*)",
        rf"(?P<thing>[\w -]+?) (?:is|are) (?:located |situated |found )?(?:where|(?:in|on|at) (?:which|what) {_PART})",
    )
)
_RELATIVE = re.compile(
    r"\b(?:relative to|in relation to|with respect to|with regard to|in reference to|compared (?:to|with|against)|"
    r"as seen from|from the perspective)\b"
)
_UNPLACED = frozenset(
    "this that here these those image picture photo photograph scene view tile place area location region map we i you "
    "he she everything something anything things thing what each camera country world position spot site one viewer "
    "drone photographer satellite way problem".split()
)
_NOT_IN_IMAGE = re.compile(
    r"\b(?:taken|captured|shot|recorded|photographed|leads?|come|comes|coming|go|goes|going|from|headed|heading|"
    r"travel\w*|lives?|be built|best|safest|safe|good|suitable|moves?|made|happen\w*|country|continent|earth|world|"
    r"better|allowed|possible|supposed|or)\b"
)

_AREA = r"(?:area|place|scene|scenery|land ?use|land ?cover|landscape|environment|region|location|site|terrain|land)"
_LAND_USE = r"(?:land ?use|land ?cover|landscape|scenery|terrain)"
_KIND = rf"(?:kind|type|sort|category|class) of {_AREA}"
_KIND_OF_SCENE = re.compile(r"\b(?P<kind>kind|type|sort|category|class) of scene\b")
_WHOLE = rf"(?:it|this|that|{_WHICH_IMAGE}{_IMAGE}|(?:this|that) (?:area|place|scene|site|land))"
_SHOWN = (  # one word at a time: alternatives that begin alike would take exponential time
    rf"(?: (?:is|are|am|does|do|can|be|here|there|shown|seen|depicted|displayed|visible|shows?|depicts?|see|i|we|you|"
    rf"looking|represents?|belong|to|it|this|that|the|aerial|satellite|{_IMAGE}|{_AREA}))*"
)
_OPTION = r"(?:option|term|name|label|class|category|kind|type|word)s?"
_AREA_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:what|which)(?: is|'s)?(?: the)?(?: main| overall| general| dominant)? (?:{_KIND}|{_LAND_USE}){_SHOWN}",
        rf"what(?: is|'s) (?:{_WHOLE}|shown(?: here)?|depicted(?: here)?)",
        rf"(?:how|what) would you call (?:this|that|the|such an?) {_AREA}",
        r"how is (?:this|the) (?:area|place|land|site) used",
        rf"(?:name|state|give|identify|determine) the {_KIND}{_SHOWN}",
        rf"(?:classify|categorize) {_WHOLE}",
        rf"which(?: of (?:these|those|the following|them))?(?: {_OPTION})?(?: best)? (?:describes|fits|matches) "
        rf"(?:{_WHOLE}|the (?:area|place|scene|land))(?: best)?",
    )
)
_HAS = r"(?:show|contain|include|have|depict|feature|display|hold)"
_IS_SEEN = (
    r"(?:visible|present|shown|depicted|seen|found|recognizable|identifiable|detectable|to be seen|to be found|there)"
)
_YES_OR_NO = re.compile(r"(?:^|[,:;]? +)(?:\(?yes (?:or|/) no\)?|yes/no|or not)$")
_BRIEF = re.compile(  # sentences that do not change what is asked
    rf"(?:look at (?:the|this) {_IMAGE}|(?:please )?(?:(?:just|only) )?(?:answer|reply|respond|say)"
    r"(?: with| in| by| only| just)* (?:yes or no|yes/no|briefly|(?:a|one) (?:single |short )?(?:word|phrase|answer)))"
)
_PRESENCE_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:(?:see|check|say|know) )?(?:(?:if|whether) )?(?:is|are) there\b(?P<thing>.*)",
        r"(?:(?:see|check|say|know) )?(?:if|whether) there (?:is|are)\b(?P<thing>.*)",
        r"(?:can|could|do|would|will|did) (?:you|we|i|one) (?:see|find|spot|make out|notice|observe|detect)\b"
        r"(?P<thing>.*)",
        rf"(?:do|does|did) {_WHOLE} {_HAS}\b(?P<thing>.*)",
        rf"(?:is|are) (?P<thing>[\w -]+?) (?:clearly )?{_IS_SEEN}(?: (?:here|anywhere|somewhere))*",
        rf"(?:can|could) (?P<thing>[\w -]+?) be (?:{_IS_SEEN}|identified|detected|spotted|observed|noticed)(?: here)?",
        r"any\b(?P<thing>.*)",
    )
)
_NOT_PRESENCE = re.compile(
    r"\b(?:no|not|only|just|more|less|fewer|than|least|most|exactly|many|few|several|lots?|every|both|one|or|and|"
    r"parked|docked|moored|anchored|floating|standing|lying|moving|growing|else|other|others|another|enough|too|same|between|evidence|sign|signs|what|which|why|how|where|who|it|them|this|"
    r"these|those)\b"
)
_MOSTLY = re.compile(r"\b(?:mostly|mainly|primarily|largely|usually)\b")
_ANYWHERE = re.compile(
    r"\b(?:here|anywhere|somewhere|to be seen|to be found|on the ground|(?:in|at) (?:the|this|that) (?:area|site|"
    r"place))\b"
)
# without a question mark or "yes or no", this is a statement
_PRESENT_THING = re.compile(rf"(?P<thing>[\w -]+?) {_IS_SEEN}(?: here)?")


@dataclass(frozen=True)
class KindOfQuestion:
    """What a question asks for, and of which thing; the kind of area is asked of the whole picture."""

    kind: QuestionKind
    thing: NounPhrase


@lru_cache(_CACHED)
def kind_of_question(prompt: str) -> KindOfQuestion | None:
    """Return what a question asks for; None if it asks for something else, or for several things."""
    text = one_line(prompt).lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    if len(text) > _LONGEST:
        return None
    sentences = [sentence for sentence in _SENTENCES.split(text.strip(" \"'")) if sentence.strip(" .?!")]
    sentences = [one for one in sentences if not _YES_OR_NO.fullmatch(one.strip(" .?!"))] or sentences
    kinds = [_kind_of_sentence(sentence.rstrip(" .?!"), sentence.endswith("?")) for sentence in sentences]
    asked = [
        kind
        for kind, sentence in zip(kinds, sentences, strict=True)
        if kind or sentence.endswith("?") or _ORDER.match(sentence)
    ]
    if len(asked) != 1 or asked[0] is None:
        return None
    others = [one for one, kind in zip(sentences, kinds, strict=True) if kind is None]
    is_changed = not all(_BRIEF.fullmatch(one.rstrip(" .?!")) for one in others)
    return None if is_changed and asked[0].kind in ("presence", "area") else asked[0]


def _kind_of_sentence(sentence: str, is_question: bool) -> KindOfQuestion | None:
    if "?" in sentence:
        return None
    named = _KIND_OF_SCENE.sub(r"\g<kind> of place", sentence)  # "of scene" is else where it is asked
    written = _squeezed(_IDLE_PHRASES.sub(" ", _IN_IMAGE.sub(" ", named)))
    text = _without_lead(written)
    setting = _SETTING.fullmatch(text)
    question = _without_lead(setting["question"]) if setting else text
    kind = _asked(question, _NUMBER_PATTERNS, _counted) or _asked(question, _PLACE_PATTERNS, _placed)
    if kind is None and setting is None and any(pattern.fullmatch(text) for pattern in _AREA_PATTERNS):
        return KindOfQuestion("area", NounPhrase(""))
    if kind is None and not _MOSTLY.search(sentence):
        kind = _presence_in((question, written), is_question)
    if kind is None or setting is None:
        return kind
    qualifier = f"{kind.thing.qualifier} {setting['setting']}"
    return replace(kind, thing=replace(kind.thing, qualifier=_squeezed(_IDLE_SITE.sub(" ", qualifier))))


def _presence_in(wordings: Sequence[str], is_question: bool) -> KindOfQuestion | None:
    """Return what a sentence asks the presence of.

    wordings: without and with "can you", which may be more than politeness.
    """
    for wording in wordings:
        text = _YES_OR_NO.sub("", wording)
        patterns = (*_PRESENCE_PATTERNS, _PRESENT_THING) if is_question or text != wording else _PRESENCE_PATTERNS
        kind = _asked(text, patterns, _present)
        if kind:
            return kind
    return None


def _without_lead(text: str) -> str:
    """Return the text without "please", "can you tell me" and the like at its start."""
    lead = _LEAD.match(text)
    while lead:
        text = text[lead.end() :].lstrip(" ,:")
        lead = _LEAD.match(text)
    return text


def _asked(
    text: str, patterns: Sequence[re.Pattern[str]], read: Callable[[str], KindOfQuestion | None]
) -> KindOfQuestion | None:
    """Return the kind of the first pattern that the text matches, from the text of the thing."""
    for pattern in patterns:
        match = pattern.fullmatch(text)
        if match:
            thing = _squeezed(match["thing"])
            return None if _ASKS_MORE.search(thing) else read(thing)
    return None


def _counted(text: str) -> KindOfQuestion | None:
    thing = _thing(_squeezed(_IDLE_SITE.sub(" ", text)), is_group=False)
    if _NOT_COUNTED.search(text) or thing.noun.partition(" ")[0] in _MEASURES:
        return None
    return KindOfQuestion("number", thing)


def _placed(text: str) -> KindOfQuestion | None:
    thing = _thing(text, is_group=True)
    is_unplaced = not thing.noun or (thing.noun in _UNPLACED and not thing.adjectives)
    if is_unplaced or " and " in f" {thing.noun} " or _RELATIVE.search(text) or _NOT_IN_IMAGE.search(text):
        return None
    return KindOfQuestion("place", thing)


def _present(text: str) -> KindOfQuestion | None:
    named = _squeezed(_ANYWHERE.sub(" ", text))
    thing = _thing(named, is_group=True)
    if thing.noun in ("", "any", "some") or _NOT_PRESENCE.search(named) or next(iter(find_numbers(named)), None):
        return None
    return KindOfQuestion("presence", thing)


def _thing(text: str, is_group: bool) -> NounPhrase:
    """Return the noun phrase at the start of the text; words after its verb that restrict it are its qualifier."""
    verb = _VERB.search(text)
    thing = noun_phrase(text[: verb.start()] if verb else text, is_group)
    rest = _IDLE_IMAGE.sub(" ", text[verb.start() :]).split() if verb else []
    kept = next((index for index, word in enumerate(rest) if word not in _IDLE_STATES), len(rest))
    qualifier = _squeezed(f"{thing.qualifier} {' '.join(rest[kept:])}")
    return replace(thing, qualifier="" if _IDLE_STATES.issuperset(qualifier.split()) else qualifier)


def _squeezed(text: str) -> str:
    """Return the text without repeated spaces and commas, and without punctuation at its ends."""
    return _COMMAS.sub(", ", " ".join(text.split())).strip(" ,;:-").replace("where, ", "where ")
