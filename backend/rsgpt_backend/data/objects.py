"""Words for aerial images, and their mentions in sentences: objects, scenes, numbers and colors."""

from __future__ import annotations

import re
from collections.abc import Sequence

# name in the plural -> all forms that count as a mention (regular plurals are matched too)
OBJECTS: dict[str, tuple[str, ...]] = {
    "trees": ("tree", "wood", "forest"),
    "buildings": ("building", "house", "villa", "mobile home", "church", "school", "factory", "factories"),
    "houses": ("house", "villa", "mobile home", "residential"),
    "roads": ("road", "street", "freeway", "highway", "overpass", "viaduct", "intersection", "crossroads"),
    "cars": ("car", "vehicle"),
    "airplanes": ("airplane", "plane", "aircraft"),
    "boats": ("boat", "ship", "yacht"),
    "bridges": ("bridge", "viaduct", "overpass"),
    "rivers": ("river", "stream", "canal"),
    "lakes or ponds": ("lake", "pond"),
    "sea": ("sea", "ocean", "beach", "beaches", "wave"),
    "water": ("water", "river", "lake", "pond", "sea", "ocean", "wave", "pool", "beach", "harbor", "port", "stream"),
    "grass": ("grass", "lawn", "meadow", "grassland", "turf"),
    "farmland": ("farmland", "cropland", "farm"),
    "parking lots": ("parking lot", "parking"),
    "runways": ("runway",),
    "tennis courts": ("tennis court", "tennis"),
    "baseball fields": ("baseball",),
    "basketball courts": ("basketball",),
    "football fields": ("football", "soccer"),
    "swimming pools": ("swimming pool", "pool"),
    "storage tanks": ("storage tank", "tank"),
    "a stadium": ("stadium",),
    "a church": ("church", "churches"),
    "railways": ("railway", "rail", "train"),
    "an intersection": ("intersection", "crossroads", "junction"),
    "mountains": ("mountain", "hill", "ridge"),
    "sand": ("sand", "beach", "beaches", "desert"),
    "snow": ("snow", "snow-covered"),
    "a golf course": ("golf",),
    "a playground": ("playground",),
    "a park": ("(?<!home )park",),
    "mobile homes": ("mobile home",),
    "industrial buildings": ("industrial", "factory", "factories", "workshop"),
    "a terminal": ("terminal",),
}
SCENES: dict[str, str] = {
    "agricultural": "farmland",
    "baseballdiamond": "baseball diamond",
    "baseball field": "baseball diamond",
    "denseresidential": "dense residential",
    "dense residential": "dense residential",
    "golfcourse": "golf course",
    "mediumresidential": "medium residential",
    "medium residential": "medium residential",
    "mobilehomepark": "mobile home park",
    "parkinglot": "parking lot",
    "parking": "parking lot",
    "sparseresidential": "sparse residential",
    "sparse residential": "sparse residential",
    "storagetanks": "storage tanks",
    "tenniscourt": "tennis court",
    "industrial": "industrial area",
    "commercial": "commercial area",
    "playfields": "playground",
    "airplane": "airport",
    "runway": "airport runway",
    "port": "harbor",
    "center": "large public building",
}
# scenes (as returned by `scene_name`) that are certainly in a town, or in the countryside
TOWN = frozenset(
    {
        "buildings",
        "church",
        "commercial area",
        "dense residential",
        "industrial area",
        "large public building",
        "medium residential",
        "mobile home park",
        "railway station",
        "school",
        "square",
        "stadium",
    }
)
COUNTRYSIDE = frozenset({"chaparral", "desert", "farmland", "forest", "meadow", "mountain"})
# object -> scenes (as returned by `scene_name`) in which it is absent if no sentence mentions it
_WILD = frozenset({"beach", "chaparral", "desert", "farmland", "forest", "meadow", "mountain", "river"})
_BARE = frozenset({"airport", "airport runway", "desert", "harbor"})
UNSAID: dict[str, frozenset[str]] = {
    "trees": _BARE | {"bare land", "beach"},
    "grass": frozenset({"desert", "harbor"}),
    "cars": _WILD,
    "roads": _WILD,
    "buildings": _WILD | {"airport runway", "bare land", "golf course"},
    "houses": _WILD | _BARE | {"bare land", "golf course", "storage tanks"},
}
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
COLORS = ("green", "white", "red", "blue", "yellow", "gray", "grey", "brown", "black", "orange")
COUNTED = (
    ("airplanes", "airplane|plane"),
    ("tennis courts", "tennis court"),
    ("baseball fields", "baseball field|baseball diamond"),
    ("basketball courts", "basketball court"),
    ("football fields", "football field"),
    ("storage tanks", "storage tank|tank"),
    ("swimming pools", "swimming pool|pool"),
    ("bridges", "bridge"),
    ("boats", "boat|ship"),
    ("buildings", "building"),
    ("playgrounds", "playground"),
)
MIN_AGREEING = 2  # minimum distinct sentences, hence people, that support a claim about a picture
COLORED_NOUNS = (
    "roof",
    "building",
    "water",
    "car",
    "house",
    "river",
    "ground",
    "field",
    "ocean",
    "pond",
    "tank",
    "plane",
)


def scene_name(label: str) -> str:
    """Return a data set's scene label in words."""
    return SCENES.get(label, label)


def distinct(sentences: Sequence[str]) -> list[str]:
    """Return the sentences without repetitions, ignoring case and punctuation.

    Some data sets repeat a sentence to have the same number of sentences per picture.
    """
    first: dict[str, str] = {}
    for sentence in sentences:
        first.setdefault(" ".join(re.findall(r"\w+", sentence.lower())), sentence)
    return list(first.values())


def mentions(sentences: Sequence[str]) -> dict[str, int]:
    """Return for each object the number of distinct sentences that mention it."""
    lowered = [sentence.lower() for sentence in distinct(sentences)]
    return {name: sum(bool(pattern.search(text)) for text in lowered) for name, pattern in _FORMS.items()}


def agreed(pattern: re.Pattern[str], sentences: Sequence[str]) -> str:
    """Return the word that MIN_AGREEING distinct sentences have in the pattern's group; "" if they do not agree."""
    word_sets = [{match.lower() for match in pattern.findall(sentence)} for sentence in distinct(sentences)]
    words = set().union(*word_sets)
    return words.pop() if len(words) == 1 and sum(map(bool, word_sets)) >= MIN_AGREEING else ""


def count_pattern(forms: str) -> re.Pattern[str]:
    """Return a pattern for a number word, at most one adjective, and one of the forms."""
    return re.compile(rf"\b({'|'.join(NUMBERS)})\s+(?:\w+\s+)?(?:{forms})s?\b", re.IGNORECASE)


def color_pattern(noun: str) -> re.Pattern[str]:
    """Return a pattern for a color directly before the noun."""
    return re.compile(rf"\b({'|'.join(COLORS)})\s+{noun}(?:s|es)?\b", re.IGNORECASE)


_FORMS = {name: re.compile(rf"\b(?:{'|'.join(forms)})s?\b") for name, forms in OBJECTS.items()}
