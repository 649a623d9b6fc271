"""Which part of a model answered a question, in replies and in the column `answered_by`."""

from __future__ import annotations

from collections.abc import Collection, Mapping

FINDER, CLASSIFIER, LANGUAGE_MODEL = "finder", "classifier", "language model"


def answered_by_text(parts: Mapping[str, str]) -> str:
    """Return the text of the column, for example "cars: finder; roof: language model".

    parts: the part of the model by the name of the question, "" if it is unknown; such questions are left out.
    """
    return "; ".join(f"{name}: {part}" for name, part in parts.items() if part)


def merged_text(text: str, new: str, names: Collection[str]) -> str:
    """Return `text` with the parts of `new` for the questions with these names, and without theirs of before."""
    kept = {name: "" if name in names else part for name, part in _parts(text).items()}
    return answered_by_text({**kept, **{name: part for name, part in _parts(new).items() if name in names}})


def answered_by(text: str, name: str) -> str:
    """Return the part of the model that answered a question, from the text of the column; "" if it is unknown."""
    return _parts(text).get(name, "")


def _parts(text: str) -> dict[str, str]:
    return dict(entry.partition(": ")[::2] for entry in text.split("; "))
