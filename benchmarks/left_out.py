"""Presence and kinds of areas in sources that the encoder was not trained on.

The encoder of the shipped recipe is adapted once with all its sources and once without each of those below, in
shortened runs. The head of the adaptation then answers the questions of other_places.py about the pictures of each
source. Choices with an option that is no kind of area are left out.

    python -m benchmarks.other_places DATA build/other_places
    python -m benchmarks.left_out DATA build/other_places/pictures build/left_out --steps 300

A second call continues where the first was interrupted.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import torch
from PIL import Image

from benchmarks.other_places import LABELS, balanced, kind_questions, picture_name
from rsgpt_backend.commands.train import RECIPES
from rsgpt_backend.model.hardware.heap import retain_freed_memory
from rsgpt_backend.model.vision.efficientnet import EfficientNetLite
from rsgpt_backend.model.vision.encoders import build_encoder, channels_last, to_bytes
from rsgpt_backend.model.weights import load_published
from rsgpt_backend.train.adaptation.encoder_adaptation import LabelReader, LabelTargets, adapt_encoder, read_labels
from rsgpt_backend.train.adaptation.object_task import ObjectTask
from rsgpt_backend.train.examples.corpus import Corpus
from rsgpt_backend.train.examples.described_pictures import PRESENCE_LABELS
from rsgpt_backend.train.finder.crops import FinderPictures
from rsgpt_backend.train.recipe import Recipe, read_recipe
from rsgpt_plugin.shared.vocabulary.kinds import KINDS, are_distinct, shares_of_options

NONE = "none"
# pictures of a training set -> sources of other_places.py that show the same places or come from the same sensor
SOURCES = {
    "buildings_images.zip": ("buildings",),
    "cars_images.zip": ("cars",),
    "dubai_images.zip": ("dubai",),
    "hrplanes_images.zip": ("hrplanes",),
    "naip_years.zip": ("prairie",),
    "sentinel_ports.zip": ("ports",),
    "trees_images.zip": ("trees",),
}
Results = dict[str, list[bool]]  # whether each answer is right, by "source/kind of question"


def main() -> None:
    """Adapt and measure, and write one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with the data sets")
    parser.add_argument("pictures", type=Path, help="folder of the pictures that other_places.py wrote")
    parser.add_argument("out", type=Path, help="folder for the results")
    parser.add_argument("--steps", type=int, default=300, help="steps of each adaptation")
    args = parser.parse_args()
    retain_freed_memory()
    records = json.loads(LABELS.read_text(encoding="utf-8"))["annotations"]
    recipe = read_recipe(RECIPES / "rsgpt-small.toml")
    recipe = replace(recipe, adaptation=replace(recipe.adaptation, steps=args.steps))
    args.out.mkdir(parents=True, exist_ok=True)
    results = {}
    size = recipe.model.vision.image_size
    version = hashlib.sha256(repr(recipe).encode()).hexdigest()[:8]
    for images in (NONE, *SOURCES):
        path = args.out / f"{version}-{Path(images).stem}.json"
        if not path.exists():
            reader, targets = adapted(recipe, args.data, images)
            path.write_text(json.dumps(answered(reader, targets, records, args.pictures, size)), encoding="utf-8")
        results[images] = json.loads(path.read_text(encoding="utf-8"))
    sys.stdout.write(table(results))


def adapted(recipe: Recipe, data: Path, images: str) -> tuple[LabelReader, LabelTargets]:
    """Return an encoder that was adapted without the data sets of these images."""
    train = tuple(dataset for dataset in recipe.train if dataset.images != images)
    vision = recipe.model.vision
    torch.manual_seed(recipe.seed)
    encoder = cast(EfficientNetLite, channels_last(build_encoder(vision).eval()))
    load_published(encoder, recipe.model.notes["encoder_start"])
    corpus = Corpus(data, train, vision.image_size)
    objects = ObjectTask(encoder, recipe.model, FinderPictures(data, train), recipe.finder)
    device = torch.device("cpu")
    return adapt_encoder(encoder, corpus, vision, recipe.adaptation, device, objects=objects, seed=recipe.seed)


@torch.no_grad()
def answered(
    reader: LabelReader, targets: LabelTargets, records: Sequence[Mapping[str, Any]], pictures: Path, size: int
) -> Results:
    """Return whether the head answers correctly, by source and kind of question. size: side of the input in pixels."""
    images = [Image.open(pictures / picture_name(record)).convert("RGB") for record in records]
    scores = read_labels(reader, torch.cat([to_bytes([image], size) for image in images]))
    _, _, things, kinds = targets.labels([]).split(scores)
    asked, results = balanced(records), defaultdict[str, list[bool]](list)
    for record, present, kind in zip(records, things, kinds.softmax(1).tolist(), strict=True):
        for thing, answer in record["first"]["presence"].items():
            if (record["n"], thing) in asked:
                says_yes = present[targets.things.index(PRESENCE_LABELS[thing])].item() > 0
                results[f"{record['source']}/presence"].append(says_yes == (answer == "yes"))
        for question in kind_questions(record):
            choices = question.get("choices", [])
            if are_distinct(choices):
                shares = shares_of_options(dict(zip(KINDS, kind, strict=True)), choices)
                chosen = choices[shares.index(max(shares))]
                results[f"{record['source']}/kind"].append(chosen == question["answer"])
    return dict(results)


def table(results: Mapping[str, Results]) -> str:
    """Return a table in Markdown: each source with and without its pictures in the training."""
    lines = ["| source | question | in training | left out | questions |", "|---|---|---|---|---|"]
    sums: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for images, sources in SOURCES.items():
        for source in sources:
            for kind in ("presence", "kind"):
                key = f"{source}/{kind}"
                pairs = list(zip(results[NONE].get(key, []), results[images].get(key, []), strict=True))
                sums[kind] += pairs
                lines.append(_row(source, kind, pairs))
    return (
        "\n".join([*lines[:2], *sorted(lines[2:]), *(_row("all", kind, pairs) for kind, pairs in sums.items())]) + "\n"
    )


def _row(source: str, kind: str, pairs: Sequence[tuple[bool, bool]]) -> str:
    shares = [f"{100 * sum(side) / len(side):.1f}" for side in zip(*pairs, strict=True)] or ["", ""]
    return f"| {source} | {kind} | {shares[0]} | {shares[1]} | {len(pairs)} |"


if __name__ == "__main__":
    main()
