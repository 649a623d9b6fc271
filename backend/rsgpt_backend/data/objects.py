"""What can be seen from above, in words: objects with their forms, scene names, numbers, colours.

It reads sentences only; it never looks at a picture.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# name in the plural -> every form that counts as a mention of it (regular plurals are matched too)
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
# scenes (as `scene_name` words them) that are a town's, or the countryside's, without a doubt
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
# what people leave unsaid -> the scenes (as `scene_name` words them) in which their silence means that it is not there
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
COLOURS = ("green", "white", "red", "blue", "yellow", "gray", "grey", "brown", "black", "orange")
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
AGREEING = 2  # distinct sentences, hence people, that a claim about a picture rests on
COLOURED = ("roof", "building", "water", "car", "house", "river", "ground", "field", "ocean", "pond", "tank", "plane")


def scene_name(label: str) -> str:
    """A data set's scene label as words."""
    return SCENES.get(label, label)


def distinct(sentences: Sequence[str]) -> list[str]:
    """The sentences without repetitions, whatever their capitals and punctuation.

    Some data sets repeat a person's sentence to have the same number for every picture.
    """
    first: dict[str, str] = {}
    for sentence in sentences:
        first.setdefault(" ".join(re.findall(r"\w+", sentence.lower())), sentence)
    return list(first.values())


def mentions(sentences: Sequence[str]) -> dict[str, int]:
    """For each object, in how many distinct sentences it is mentioned."""
    lowered = [sentence.lower() for sentence in distinct(sentences)]
    return {name: sum(bool(pattern.search(text)) for text in lowered) for name, pattern in _FORMS.items()}


def agreed(pattern: re.Pattern[str], sentences: Sequence[str]) -> str:
    """The one word that the pattern's group finds in AGREEING distinct sentences, with no other found; else empty."""
    found = [{match.lower() for match in pattern.findall(sentence)} for sentence in distinct(sentences)]
    words = set().union(*found)
    return words.pop() if len(words) == 1 and sum(map(bool, found)) >= AGREEING else ""


def count_pattern(forms: str) -> re.Pattern[str]:
    """Matches a number word, at most one adjective, and one of the forms."""
    return re.compile(rf"\b({'|'.join(NUMBERS)})\s+(?:\w+\s+)?(?:{forms})s?\b", re.IGNORECASE)


def colour_pattern(noun: str) -> re.Pattern[str]:
    """Matches a colour right before the noun."""
    return re.compile(rf"\b({'|'.join(COLOURS)})\s+{noun}(?:s|es)?\b", re.IGNORECASE)


_FORMS = {name: re.compile(rf"\b(?:{'|'.join(forms)})s?\b") for name, forms in OBJECTS.items()}
