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
    "residential": r"resident|housing|house|neighbou?rhood|suburb|apartment|mobile ?home|backyard|courtyard|yard",
    "village": r"village|hamlet|settlement|rural",
    "city": r"\bcity|town|urban|built-up|\bbuildings?\b(?! site)",
    "commercial": r"commercial|shopping|business|downtown|market|\bmall\b|\bstore",
    "industrial": r"industr|factor|warehouse|plant\b|logistics",
    "tanks": r"tank|oil depot",
    "farmland": r"farm|(?<!ball )(?<!soccer )(?<!playing )\bfields?\b|crop|agricultur|orchard|plantation|plot",
    "grassland": r"grass|meadow|pasture|prairie|lawn",
    "wetland": r"wetland|marsh|swamp|mangrove|floodplain",
    "forest": r"forest|wood|(?<!s)tree",
    "shrubland": r"shrub|chaparral|scrub|bush|savanna",
    "desert": r"desert|dune|sand",
    "bare": r"bare|barren|wasteland|vacant|dirt|empty lot",
    "mountain": r"mountain|hill|slope",
    "sea": r"\bsea\b|ocean|open water|bay\b|water",
    "beach": r"beach|coast|shore|island|headland|peninsula",
    "lake": r"lake|pond|reservoir|pool|lagoon",
    "river": r"river|canal|stream|creek",
    "harbor": r"harbor|harbour|\bport\b|seaport|marina|dock|(?:container|ferry) terminal|breakwater|pier|shipyard",
    "airport": r"airport|airfield|runway|apron|taxiway|aircraft|airplane|airbase",
    "parking": r"parking|car park",
    "road": r"road|street|highway|freeway|avenue|motorway",
    "intersection": r"intersection|crossroad|junction|interchange|overpass|roundabout",
    "bridge": r"bridge|viaduct",
    "railway": r"rail|train",
    "stadium": r"stadium|arena",
    "sports": r"sport|play(?:ing )?field|playground|tennis|baseball|football|basketball|pitch|\bcourts?\b|athletic",
    "golf": r"golf",
    "park": r"(?<!home )(?<!car )\bpark\b|garden|green space",
    "school": r"school|campus|university",
    "church": r"church|temple|mosque",
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
_MATCHERS = {group: re.compile(pattern, re.IGNORECASE) for group, pattern in _PATTERNS.items()}


def groups_of(names: Iterable[str]) -> frozenset[str]:
    """Return the groups that names of a kind of area belong to."""
    return frozenset(group for name in names for group, matcher in _MATCHERS.items() if matcher.search(name))


def named_by(probabilities: Mapping[str, float], minimum: float) -> dict[str, float]:
    """Return the names of kinds of areas that have at least this probability, which is that of their groups.

    probabilities: by group. If no group has it, the names of the likeliest one.
    """
    shares: dict[str, float] = {}
    least = min(minimum, max(probabilities.values()))
    for group, probability in probabilities.items():
        if probability >= least:
            for name in (*KINDS[group], *EXACT.get(group, ())):
                shares[name] = shares.get(name, 0.0) + probability
    return shares


def shares_of_options(probabilities: Mapping[str, float], options: Sequence[str]) -> list[float] | None:
    """Return the probability of each option that it is the kind of area; None if an option names no kind.

    probabilities: by group. The probability of a group is that of the options that name it; if none does, of those
    that may be true of the same picture. The sum is below 1 if groups fit none of the options.
    """
    named = [_NAMED.get(option.strip().lower()) or groups_of([option]) for option in options]
    if not all(named):
        return None
    shares = [0.0] * len(options)
    for group, probability in probabilities.items():
        exact = [index for index, groups in enumerate(named) if group in groups]
        fitting = exact or [index for index, groups in enumerate(named) if not groups <= _excluded_by(group)]
        for index in fitting:
            shares[index] += probability / len(fitting)
    return shares


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
