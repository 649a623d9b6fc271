"""Kinds of areas in common words, and which of them cannot be true of the same picture."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

# group -> common names that are true of all its members
KINDS: dict[str, tuple[str, ...]] = {
    "residential": ("residential area", "housing area", "neighborhood"),
    "village": ("village", "rural settlement"),
    "city": ("city", "town", "urban area", "built-up area"),
    "commercial": ("commercial area", "shopping area", "business district"),
    "industrial": ("industrial area", "industrial estate"),
    "tanks": ("storage tanks", "tank farm"),
    "farmland": ("farmland", "fields", "agricultural land"),
    "grassland": ("grassland", "meadow"),
    "wetland": ("wetland", "marsh"),
    "forest": ("forest", "woodland", "woods"),
    "shrubland": ("shrubland", "scrub"),
    "desert": ("desert",),
    "bare": ("bare land", "bare ground", "wasteland"),
    "mountain": ("mountains",),
    "sea": ("sea", "ocean", "open water"),
    "beach": ("beach", "coast", "shore"),
    "lake": ("lake", "pond"),
    "river": ("river",),
    "harbor": ("harbor", "port"),
    "airport": ("airport", "airfield"),
    "parking": ("parking lot", "car park"),
    "road": ("road", "street", "highway"),
    "intersection": ("intersection", "road junction"),
    "bridge": ("bridge",),
    "railway": ("railway", "railroad"),
    "stadium": ("stadium",),
    "sports": ("sports ground", "playing field"),
    "golf": ("golf course",),
    "park": ("park", "green space"),
    "school": ("school", "campus"),
    "church": ("church",),
    "square": ("square", "plaza"),
    "resort": ("resort", "hotel complex"),
    "construction": ("construction site", "building site"),
}
# group -> more exact names, each true of some of its members
EXACT: dict[str, tuple[str, ...]] = {
    "residential": ("dense residential", "medium residential", "sparse residential", "mobile home park", "suburb"),
    "city": ("city center", "large public building", "buildings"),
    "farmland": ("cropland", "orchard"),
    "shrubland": ("chaparral",),
    "sea": ("bay",),
    "beach": ("island",),
    "river": ("canal",),
    "harbor": ("marina",),
    "airport": ("runway", "apron"),
    "road": ("freeway",),
    "intersection": ("overpass", "roundabout"),
    "bridge": ("viaduct",),
    "railway": ("railway station",),
    "sports": ("playground", "baseball diamond", "tennis court"),
}
# groups that may describe the same picture
_NEAR = (
    ("residential", "village", "city", "commercial", "school", "church", "square", "road", "intersection", "park"),
    ("industrial", "tanks", "commercial", "harbor", "city", "parking", "railway"),
    ("farmland", "grassland", "wetland", "shrubland", "village", "park", "bare"),
    ("forest", "shrubland", "park", "mountain", "grassland", "wetland"),
    ("desert", "bare", "mountain", "beach", "shrubland", "construction"),
    ("sea", "beach", "harbor", "lake", "river", "bridge", "resort", "wetland"),
    ("airport", "parking", "road", "bare", "grassland"),
    ("road", "intersection", "bridge", "parking", "railway", "city"),
    ("stadium", "sports", "school", "park", "golf"),
    ("golf", "grassland", "park"),
    ("city", "construction", "square"),
)
_PATTERNS = {
    "residential": r"resident|housing|\bhouses?\b|neighbou?rhood|suburb|apartment|mobile ?home|"
    r"\b(?:back|court)?yards?\b",
    "village": r"village|hamlet|settlement|rural",
    "city": r"\bcity|town|urban|built-up|\bbuildings?\b(?! site)",
    "commercial": r"commercial|shopping|business|downtown|market|\bmall\b|\bstores?\b",
    "industrial": r"industr|factor|warehouse|\bplant\b|logistics",
    "tanks": r"\b(?:storage ?)?tanks?\b|oil depot",
    "farmland": r"(?<!tank )(?<!wind )(?<!solar )farm|(?<!ball )(?<!soccer )(?<!playing )(?<!sports )\bfields?\b|crop|"
    r"agricultur|orchard|plantation|vineyard|\bplots?\b",
    "grassland": r"grass|meadow|pasture|prairie|lawn",
    "wetland": r"wetland|marsh|swamp|mangrove|floodplain",
    "forest": r"forest|\bwood(?:s|lands?|ed)?\b|\btrees?\b",
    "shrubland": r"shrub|chaparral|scrub|bush|savanna",
    "desert": r"desert|dune|\bsand",
    "bare": r"\bbare|barren|wasteland|vacant|\bdirt\b|empty lot",
    "mountain": r"mountain|\bhill|slope",
    "sea": r"\bsea\b|ocean|open water|\bbay\b|\bwater(?:front)?\b(?! (?:tower|tank|treatment))",
    "beach": r"beach|coast|shore|island|headland|peninsula",
    "lake": r"\blake|\bpond|reservoir|(?<!swimming )\bpools?\b|lagoon",
    "river": r"\briver|canal|\bstreams?\b|creek",
    "harbor": r"harbor|harbour|\bport\b|seaport|marina|\bdocks?\b|(?:container|ferry) terminal|breakwater|\bpiers?\b|"
    r"shipyard",
    "airport": r"airport|airfield|runway|apron|taxiway|aircraft|airplane|airbase",
    "parking": r"parking|car park",
    "road": r"\b(?:cross|side)?roads?\b|roadside|street|highway|freeway|avenue|motorway",
    "intersection": r"intersection|crossroad|junction|interchange|overpass|roundabout",
    "bridge": r"bridge|viaduct",
    "railway": r"\brail(?:way|road)?s?\b|\btrains?\b",
    "stadium": r"stadium|\barena\b",
    "sports": r"sport|play(?:ing )?field|playground|tennis|baseball|football|basketball|pitch|\bcourts?\b|athletic",
    "golf": r"golf",
    "park": r"(?<!home )(?<!car )\bpark\b|\bgardens?\b|green space",
    "school": r"school|campus|university",
    "church": r"church|\btemple|mosque",
    "square": r"square|plaza",
    "resort": r"resort|hotel",
    "construction": r"construction|building site",
}
# words for several groups
_NAMED = {
    "water": frozenset(("sea", "lake", "river", "harbor", "beach")),
    "water body": frozenset(("sea", "lake", "river")),
    "vegetation": frozenset(("forest", "shrubland", "grassland", "farmland", "park", "wetland", "golf")),
    "nature": frozenset(("forest", "shrubland", "grassland", "wetland", "mountain", "desert", "sea", "lake", "river")),
}
_EXACT_SHARE = 0.2  # of a group's members, of which one of its exact names is true
_NEGATION = re.compile(r"\b(?:no|not|non|without|other|another|neither|none)\b", re.IGNORECASE)
_MATCHERS = {group: re.compile(pattern, re.IGNORECASE) for group, pattern in _PATTERNS.items()}


def names_of(group: str) -> tuple[str, ...]:
    """Return the common and the exact names of a group."""
    return (*KINDS[group], *EXACT.get(group, ()))


def groups_of(names: Iterable[str]) -> frozenset[str]:
    """Return the groups that names of a kind of area belong to."""
    return frozenset(group for name in names for group, matcher in _MATCHERS.items() if matcher.search(name))


def named_by(probabilities: Mapping[str, float], minimum: float) -> dict[str, float]:
    """Return the names of the groups with at least this probability, each with the probability that it is true.

    probabilities: by group. If no group has that probability, the names of the likeliest group are returned. An exact
    name is true of some members of its group only.
    """
    least = min(minimum, max(probabilities.values()))
    likely = {group: probability for group, probability in probabilities.items() if probability >= least}
    common = {name: share for group, share in likely.items() for name in KINDS[group]}
    return common | {name: _EXACT_SHARE * share for group, share in likely.items() for name in EXACT.get(group, ())}


def are_distinct(options: Sequence[str]) -> bool:
    """Return whether the groups distinguish options: each names some, no two the same, and none is a negation."""
    named = [groups_of_name(option) for option in options]
    return name_kinds(options) and all(named) and len(set(named)) == len(named)


def name_kinds(options: Sequence[str]) -> bool:
    """Return whether an option names a kind of area and none is a negation."""
    return any(map(groups_of_name, options)) and not any(map(_NEGATION.search, options))


def shares_of_options(probabilities: Mapping[str, float], options: Sequence[str]) -> list[float]:
    """Return the probability of each option that it is the kind of area.

    probabilities: by group. The probability of a group is divided among the options that name it; if none does, among
    those that may be true of the same picture. What fits none of them is divided among the options that name no group;
    without such options, the sum is below 1.
    """
    named = [groups_of_name(option) for option in options]
    shares = [0.0] * len(options)
    for group, probability in probabilities.items():
        exact = [index for index, groups in enumerate(named) if group in groups]
        fitting = exact or [index for index, groups in enumerate(named) if not groups <= _excluded_by(group)]
        for index in fitting:
            shares[index] += probability / len(fitting)
    unnamed = [index for index, groups in enumerate(named) if not groups]
    left = max(1 - sum(shares), 0.0)
    for index in unnamed:
        shares[index] = left / len(unnamed)
    return shares


@lru_cache  # the same few options are asked about each tile
def groups_of_name(name: str) -> frozenset[str]:
    """Return the groups that one name belongs to; a word such as "water" belongs to several."""
    return _NAMED.get(name.strip().lower()) or groups_of([name])


@lru_cache
def _excluded_by(group: str) -> frozenset[str]:
    return frozenset(excluded_groups([group]))


def excluded_groups(groups: Iterable[str]) -> list[str]:
    """Return the groups that do not describe a picture of these groups, sorted."""
    possible = set(groups)
    for near in _NEAR:
        if possible.intersection(groups, near):
            possible.update(near)
    return sorted(set(KINDS) - possible)
