"""Wordings of questions and requests; the first wording of each is drawn most often."""

from __future__ import annotations

CAPTION_PROMPTS = (
    "Describe this image.",
    "Write a short description for the image.",
    "Briefly describe the content of the image.",
    "Could you use a few words to describe what you perceive in the photo?",
    "Can you briefly explain what you see in the image?",
    "Describe this area.",
    "What can be seen here?",
)
DETAIL_PROMPTS = (
    "Describe this image in detail.",
    "Please provide a detailed description of the picture.",
    "Take a look at this image and describe what you notice.",
    "Could you describe the contents of this image for me?",
    "Give a detailed description of this area.",
)
SCENE_PROMPTS = (
    "What kind of area is this?",
    "What kind of place is this?",
    "What is shown here?",
    "How is this land used?",
    "What sort of area do you see?",
    "Name the kind of area in this picture.",
    "Which category of land does this image show?",
    "What type of scene is shown?",
    "What type of land use is this?",
    "Which kind of place does the image show?",
    "What is this place?",
    "What is the main land use in this area?",
)
ALTERNATIVE_PROMPTS = (
    "Is this {0} or {1}?",
    "Is it {0} or {1}?",
    "Does the image show {0} or {1}?",
    "Is this area {0} or {1}?",
    "Which is it, {0} or {1}?",
)
_PRESENCE_PROMPTS = (
    "Are there any {0}?",
    "Are there any {0} in this image?",
    "Do you see any {0}?",
    "Does this picture contain {0}?",
    "Can you see {0} here?",
    "Is there {1}?",
    "Do you see {1} in the picture?",
    "Are {0} visible?",
    "Are there {0} in this area?",
    "Can any {0} be seen?",
    "Any {0} here?",
    "Does the image show any {0}?",
)
_SINGLE_PRESENCE_PROMPTS = (
    "Is there {0}?",
    "Is there {0} in this image?",
    "Do you see {0}?",
    "Does this picture contain {0}?",
    "Can you see {0} here?",
    "Is {0} visible?",
    "Does this area have {0}?",
    "Can {0} be seen?",
    "Does the image show {0}?",
)
_COUNT_PROMPTS = (
    "How many {0} are there?",
    "How many {0} in the picture?",
    "How many {0} can you see?",
    "What is the number of {0}?",
    "Count the {0}.",
    "How many {0} does the image show?",
    "Give the number of {0} in this image.",
    "How many {0} do you count?",
)
_COLOR_PROMPTS = ("What color is the {0}?", "What is the color of the {0}?", "Which color does the {0} have?")
_BESIDE_PROMPTS = (
    "What is next to the {0}?",
    "What is near the {0}?",
    "What is around the {0}?",
    "What surrounds the {0}?",
    "What can be seen beside the {0}?",
)
_POSITION_PROMPTS = (
    "Where {1} the {0}?",
    "Where {1} the {0} in the image?",
    "In which part of the picture {1} the {0}?",
    "What is the position of the {0}?",
    "Where can the {0} be found?",
    "Which part of the image contains the {0}?",
    "Where do you see the {0}?",
    "Locate the {0}.",
)
_RELATIVE_PROMPTS = (
    "Where {2} the {0} relative to the {1}?",
    "Seen from the {1}, where {2} the {0}?",
    "In which direction from the {1} {2} the {0}?",
)
_LARGER_PROMPTS = (
    "Which covers more of the image, {0} or {1}?",
    "Which takes up more area, {0} or {1}?",
    "What is there more of, {0} or {1}?",
)
_MORE_PROMPTS = (
    "Does the image show more area of {0} than of {1}?",
    "{2} {0} cover more of the image than {1}?",
    "Is the area of {0} larger than that of {1}?",
)
_SHARE_PROMPTS = (
    "How much of the image is covered by {0}?",
    "What percentage of the image is {0}?",
    "What share of the area is {0}?",
    "How large is the share of {0}?",
)
ROAD_PROMPTS = (
    "In which direction does the road run?",
    "What is the direction of the road?",
    "How does the road run through the image?",
)
COLOR_MODE_PROMPTS = (
    "Is this a color image or a gray image?",
    "Is the image in color or in gray?",
    "Is this picture gray or in color?",
)
_PLURALS = ("cars", "buildings", "houses", "trees", "airplanes", "ships", "boats", "roads", "trucks", "buses")
_BARE = ("buildings", "chaparral", "land", "residential", "tanks")  # endings of names without an article
_SINGLE = frozenset(
    {
        "sea",
        "water",
        "grass",
        "farmland",
        "sand",
        "snow",
        "chaparral",
        "vegetation",
        "bare ground",
        "bare soil",
        "cropland",
    }
)


def presence_prompts(name: str) -> tuple[str, ...]:
    """Return wordings that ask whether an object is present."""
    if name in _SINGLE:
        return tuple(p.format(f"any {name}") for p in _SINGLE_PRESENCE_PROMPTS)
    patterns = _SINGLE_PRESENCE_PROMPTS if name.startswith(("a ", "an ")) else _PRESENCE_PROMPTS
    return tuple(pattern.format(name, _one_of(name)) for pattern in patterns)


def count_prompts(name: str) -> tuple[str, ...]:
    """Return wordings that ask how many of an object there are."""
    return tuple(pattern.format(name) for pattern in _COUNT_PROMPTS)


def position_prompts(name: str) -> tuple[str, ...]:
    """Return wordings that ask where an object is."""
    return tuple(pattern.format(name, _verb(name)) for pattern in _POSITION_PROMPTS)


def relative_prompts(name: str, other: str) -> tuple[str, ...]:
    """Return wordings that ask where an object is, seen from another one."""
    return tuple(pattern.format(name, other, _verb(name)) for pattern in _RELATIVE_PROMPTS)


def larger_prompts(first: str, second: str) -> tuple[str, ...]:
    """Return wordings that ask which of two classes covers more."""
    return tuple(pattern.format(first, second) for pattern in _LARGER_PROMPTS)


def more_prompts(first: str, second: str) -> tuple[str, ...]:
    """Return wordings that ask whether the first class covers more than the second."""
    auxiliary = "Do" if _verb(first) == "are" else "Does"
    return tuple(pattern.format(first, second, auxiliary) for pattern in _MORE_PROMPTS)


def share_prompts(name: str) -> tuple[str, ...]:
    """Return wordings that ask how much of the picture a class covers."""
    return tuple(pattern.format(name) for pattern in _SHARE_PROMPTS)


def color_prompts(noun: str) -> tuple[str, ...]:
    """Return wordings that ask for the color of an object."""
    return tuple(pattern.format(noun) for pattern in _COLOR_PROMPTS)


def beside_prompts(noun: str) -> tuple[str, ...]:
    """Return wordings that ask what is next to an object."""
    return tuple(pattern.format(noun) for pattern in _BESIDE_PROMPTS)


def with_article(name: str) -> str:
    """Return a name with its article: "harbor" -> "a harbor", "farmland" -> "farmland"."""
    return name if name.endswith(_BARE) else f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _verb(name: str) -> str:
    return "are" if name.endswith(_PLURALS) else "is"


def _one_of(name: str) -> str:
    """Return the singular with its article: "lakes or ponds" -> "a lake or pond"."""
    return with_article(" or ".join(part.removesuffix("s") for part in name.split(" or ")))
