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
    "Is there any {0}?",
    "Do you see any {0}?",
    "Does this picture contain {0}?",
    "Can you see {0} here?",
    "Is there {1}?",
    "Do you see {1} in the picture?",
    "Are {0} visible?",
)
_SINGLE_PRESENCE_PROMPTS = (
    "Is there {0}?",
    "Is there {0} in this image?",
    "Do you see {0}?",
    "Does this picture contain {0}?",
    "Can you see {0} here?",
    "Is {0} visible?",
)
_COUNT_PROMPTS = (
    "How many {0} are there?",
    "How many {0} in the picture?",
    "How many {0} can you see?",
    "What is the number of {0}?",
    "Count the {0}.",
)
_COLOR_PROMPTS = ("What color is the {0}?", "What is the color of the {0}?", "Which color does the {0} have?")
_BESIDE_PROMPTS = (
    "What is next to the {0}?",
    "What is near the {0}?",
    "What is around the {0}?",
    "What surrounds the {0}?",
    "What can be seen beside the {0}?",
)
_BARE = ("buildings", "chaparral", "land", "residential", "tanks")  # endings of names without an article
_SINGLE = frozenset({"sea", "water", "grass", "farmland", "sand", "snow"})


def presence_prompts(name: str) -> tuple[str, ...]:
    """Return wordings that ask whether an object is present."""
    if name in _SINGLE:
        return tuple(p.format(f"any {name}") for p in _SINGLE_PRESENCE_PROMPTS)
    patterns = _SINGLE_PRESENCE_PROMPTS if name.startswith(("a ", "an ")) else _PRESENCE_PROMPTS
    return tuple(pattern.format(name, _one_of(name)) for pattern in patterns)


def count_prompts(name: str) -> tuple[str, ...]:
    """Return wordings that ask how many of an object there are."""
    return tuple(pattern.format(name) for pattern in _COUNT_PROMPTS)


def color_prompts(noun: str) -> tuple[str, ...]:
    """Return wordings that ask for the color of an object."""
    return tuple(pattern.format(noun) for pattern in _COLOR_PROMPTS)


def beside_prompts(noun: str) -> tuple[str, ...]:
    """Return wordings that ask what is next to an object."""
    return tuple(pattern.format(noun) for pattern in _BESIDE_PROMPTS)


def with_article(name: str) -> str:
    """Return a name with its article: "harbor" -> "a harbor", "farmland" -> "farmland"."""
    return name if name.endswith(_BARE) else f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _one_of(name: str) -> str:
    """Return the singular with its article: "lakes or ponds" -> "a lake or pond"."""
    return with_article(" or ".join(part.removesuffix("s") for part in name.split(" or ")))
