"""Questions about pictures from places and sensors that the shipped model was not trained on.

An AI assistant labelled the pictures by eye in two independent passes (other_places.json); only answers on which both
agree become questions.
The pictures come from public data sets, which the labels name; this program collects them.

    python -m benchmarks.other_places DATA OUT
    scripts/rsgpt evaluate questions --images OUT/pictures --annotations OUT/questions.json
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rsgpt_backend.data.image_files import ImageSource
from rsgpt_plugin.shared.answers.places import PLACES
from rsgpt_plugin.shared.vocabulary.kinds import KINDS, excluded_groups, groups_of

LABELS = Path(__file__).with_name("other_places.json")
OPTIONS = 6
Question = dict[str, Any]

# By kind of question. Of the known wordings, three are used in training, and all were known when the questions
# were written from which the question parser learns. The new ones were written in a session that knew none of the
# others; do not write training questions for them.
WORDINGS: dict[str, dict[str, list[str]]] = json.loads(
    LABELS.with_name("other_places_wordings.json").read_text("utf-8")
)
THINGS = {"road": "roads"}
MASS = ("water", "grass", "bare ground", "farmland")


def main() -> None:
    """Write the pictures and the questions, and report how far the two labellings agree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with the data sets")
    parser.add_argument("out", type=Path, help="new folder for pictures and questions")
    args = parser.parse_args()
    records = json.loads(LABELS.read_text(encoding="utf-8"))["annotations"]
    collect(records, args.data, args.out / "pictures")
    asked = balanced(records)
    rows = [{**picture_fields(record), "qa_pairs": list(questions(record, asked))} for record in records]
    (args.out / "questions.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    for line in agreement(records):
        sys.stdout.write(f"{line}\n")


def collect(records: list[dict[str, Any]], data: Path, out: Path) -> None:
    """Write each picture as PNG under the number of its record."""
    out.mkdir(parents=True, exist_ok=True)
    sources: dict[str, ImageSource] = {}
    for record in records:
        source = sources.setdefault(record["images"], ImageSource(data / record["images"]))
        source.open(record["filename"]).save(out / picture_name(record))


def picture_name(record: Mapping[str, Any]) -> str:
    return f"{record['source']}-{record['n']:03d}.png"


def picture_fields(record: Mapping[str, Any]) -> dict[str, Any]:
    return {"filename": picture_name(record), "gsd_m": record["gsd_m"], "source": record["source"]}


def balanced(records: Sequence[Mapping[str, Any]]) -> set[tuple[int, str]]:
    """Return numbers of pictures with the things that are asked about: as many present as absent ones of each thing."""
    chosen: set[tuple[int, str]] = set()
    for thing in records[0]["first"]["presence"]:
        numbers: dict[str, list[int]] = {"yes": [], "no": [], "unclear": []}
        for record in records:
            answers = {record[key]["presence"][thing] for key in ("first", "second")}
            numbers[answers.pop() if len(answers) == 1 else "unclear"].append(record["n"])
        count = min(len(numbers["yes"]), len(numbers["no"]))
        rng = random.Random(thing)  # nosec B311 - choosing questions is no secret
        chosen |= {(number, thing) for key in ("yes", "no") for number in rng.sample(numbers[key], count)}
    return chosen


def questions(record: Mapping[str, Any], asked: Container[tuple[int, str]]) -> Iterator[Question]:
    """Yield the questions about one picture whose answers agree. asked: see `balanced`."""
    first, second = record["first"], record["second"]
    for thing, answer in first["presence"].items():
        if (record["n"], thing) in asked:
            name = THINGS.get(thing, thing)
            wordings = "presence" if thing in MASS else "presence of many"
            yield question("presence", wordings, record, thing, answer, name, name.capitalize())
    yield from kind_questions(record)
    for one, other in zip(first["counts"], second["counts"], strict=True):
        if one["number"] == other["number"]:
            yield question("quantity", "count", record, one["noun"], str(one["number"]), one["noun"])
    for one, other in zip(first["where"], second["where"], strict=True):
        if other["place"] in neighbors(one["place"]):
            noun = one["noun"]
            verb = "are" if noun.partition(" of ")[0].endswith("s") else "is"
            capital = noun[:1].upper() + noun[1:]
            others = sorted(neighbors(one["place"]) | {other["place"]})
            yield question("place", "where", record, noun, one["place"], *(noun, verb, capital), other_answers=others)


def kind_questions(record: Mapping[str, Any]) -> Iterator[Question]:
    """Ask for the kind of area, free and as a choice of six, if the labellings share a group of kinds."""
    first, second = (groups_of(record[key]["kind"]) for key in ("first", "second"))
    if not first & second:
        return
    names = list(dict.fromkeys([*record["first"]["kind"], *record["second"]["kind"]]))
    others = sorted({*names[1:], *(name for group in first & second for name in KINDS[group])})
    yield question("kind, free", "kind", record, "kind", names[0], other_answers=others)
    rng = random.Random(record["n"])  # nosec B311 - choosing wrong options is no secret
    rivals = [rng.choice(KINDS[group]) for group in excluded_groups(first | second)]
    options = [names[0], *rng.sample(rivals, OPTIONS - 1)]
    rng.shuffle(options)
    yield question("kind, one of six", "kind", record, "choice", names[0], choices=options)


def question(
    kind: str, wordings: str, record: Mapping[str, Any], key: str, answer: str, *words: str, **more: Any
) -> Question:
    """Return a question; those in new wordings are a kind of their own. wordings: a key of WORDINGS."""
    known, new = WORDINGS[wordings]["known"], WORDINGS[wordings]["new"]
    number = int(hashlib.sha256(f"{record['n']}/{kind}/{key}".encode()).hexdigest(), 16) % len(known + new)
    text = (known + new)[number].format(*words)
    return {"question": text, "answer": answer, "type": kind if number < len(known) else f"{kind}, new wording", **more}


def neighbors(place: str) -> set[str]:
    """Return a place and the places that share a side with it."""
    if place not in PLACES:
        return set()
    row, column = divmod(PLACES.index(place), 3)
    return {name for index, name in enumerate(PLACES) if abs(index // 3 - row) + abs(index % 3 - column) <= 1}


def agreement(records: list[dict[str, Any]]) -> Iterator[str]:
    """Yield lines that say how often the two labellings agree."""
    counts: Counter[tuple[str, bool]] = Counter()
    for record in records:
        for kind, agrees in compared(record["first"], record["second"]):
            counts[kind, agrees] += 1
    for kind in dict.fromkeys(kind for kind, _ in counts):
        both = counts[kind, True] + counts[kind, False]
        yield f"{kind}: {counts[kind, True]} of {both} agree ({100 * counts[kind, True] / both:.1f} %)"


def compared(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yield for each label of both whether it agrees."""
    for thing, answer in first["presence"].items():
        if "unclear" not in (answer, second["presence"][thing]):
            yield "presence", answer == second["presence"][thing]
    yield "kind", bool(groups_of(first["kind"]) & groups_of(second["kind"]))
    checks: tuple[tuple[str, str, Callable[[Any, Any], bool]], ...] = (
        ("counts", "number", lambda one, other: one == other),
        ("where", "place", lambda one, other: other in neighbors(one)),
    )
    for key, value, agrees in checks:
        for one, other in zip(first[key], second[key], strict=True):
            if other[value] != "unclear":
                yield key, agrees(one[value], other[value])


if __name__ == "__main__":
    main()
