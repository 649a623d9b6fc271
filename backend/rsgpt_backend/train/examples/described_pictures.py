"""Pictures described by hand: a detailed and a short caption, the kind of area, and what is present.

The layout is RSICap's, with more keys: {"annotations": [{"filename", "text_input", "text_output", "short", "kind":
[names, best first], "presence": {name: "yes" or "no"}}]}.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rsgpt_plugin.shared.vocabulary.kinds import KINDS, excluded_groups, groups_of

from ...errors import DataError
from ...strict_json import parse_json
from .derived_questions import TrainingExample, choice_example, presence_examples
from .object_questions import NAMES
from .prompts import CAPTION_PROMPTS, DETAIL_PROMPTS, SCENE_PROMPTS
from .texts import is_oriented

# keys of "presence" -> labels
PRESENCE_LABELS = {
    "water": "water",
    "trees": "tree",
    "grass": "grass",
    "buildings": "building",
    "road": "road",
    "cars": "car",
    "airplanes": "airplane",
    "ships": "ship",
    "bare ground": "bare soil",
    "farmland": "field",
}
# labels, and kinds of areas that may be meant if the thing is present
_SHOWN = (
    ("water", "sea"),
    ("water", "lake"),
    ("water", "river"),
    ("tree", "forest"),
    ("tree", "park"),
    ("road", "road"),
    ("road", "intersection"),
    ("grass", "grassland"),
    ("bare soil", "bare"),
    ("bare soil", "desert"),
    ("field", "farmland"),
    ("building", "residential"),
    ("building", "city"),
    ("ship", "harbor"),
    ("airplane", "airport"),
)


@dataclass(frozen=True)
class DescribedPicture:
    """One described picture. kind: names of the kind of area, best first; presence: by label, see NAMES."""

    filename: str
    detailed: str
    short: str
    kind: tuple[str, ...]
    presence: dict[str, bool]

    @property
    def caption(self) -> TrainingExample:
        """The short caption as an answer."""
        return TrainingExample(self.filename, CAPTION_PROMPTS, (self.short,), "caption", is_oriented(self.short))

    @property
    def detail(self) -> TrainingExample:
        """The detailed caption as an answer."""
        return TrainingExample(self.filename, DETAIL_PROMPTS, (self.detailed,), "detail", True)

    def questions(self) -> Iterator[TrainingExample]:
        """Yield the questions about the kind of area and about what is present."""
        yield TrainingExample(self.filename, SCENE_PROMPTS, self.kind, "described kind", False)
        groups = groups_of(self.kind)
        if groups:
            shown = {group for label, group in _SHOWN if self.presence.get(label, True)}
            rivals = [KINDS[group] for group in excluded_groups(groups) if group not in shown]
            yield choice_example(self.filename, self.kind[0], rivals)
        for label, is_present in self.presence.items():
            yield from presence_examples(self.filename, NAMES[label], is_present)


def read_descriptions(path: Path) -> list[DescribedPicture]:
    """Return the described pictures of a file. Raises DataError."""
    try:
        rows = parse_json(path.read_text(encoding="utf-8"))["annotations"]
        return [
            DescribedPicture(
                str(row["filename"]),
                str(row["text_output"]),
                str(row["short"]),
                tuple(map(str, row["kind"])),
                _presence(row["presence"]),
            )
            for row in rows
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path} is not a readable file of descriptions ({type(error).__name__}: {error}). Choose a file in the "
            "layout of RSICap with the keys short, kind and presence."
        ) from error


def _presence(answers: Mapping[str, str]) -> dict[str, bool]:
    """Return the clear answers by label."""
    return {label: answers[key] == "yes" for key, label in PRESENCE_LABELS.items() if answers.get(key) in ("yes", "no")}
