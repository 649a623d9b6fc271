"""How well and how fast `rsgpt search` finds pictures.

Measures precision at 10 for scene names, for freely worded queries and by example, recall of RSICD's sentences, what is
said of an absent thing, and the time for 100,000 pictures. Settings were chosen with the validation pictures only;
--fit prints the logistic functions of the scores that fit these best.

    python -m benchmarks.search DATA build/search.sqlite

DATA is a folder with ucm_images.zip, rsicd_images_val.zip and their caption files. The second argument is the index,
with which a second call is faster.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.common import Row, print_table, timed
from rsgpt_backend.commands.searching.searcher import Searcher
from rsgpt_backend.data.image_files import ImageSource, image_sha256
from rsgpt_backend.engine.engine import Engine
from rsgpt_backend.engine.loading import load_engine
from rsgpt_backend.evaluate.retrieval import ranks
from rsgpt_backend.predictor import KeyedPicture
from rsgpt_backend.search.indexing import PictureSource
from rsgpt_backend.search.picture_index import PictureIndex
from rsgpt_plugin.shared.files.search_index import KnownSource
from rsgpt_plugin.shared.search import ranking
from rsgpt_plugin.shared.search.queries import Query, read_query

UCM = "ucm_images.zip"
RSICD = "rsicd_images_val.zip"
# scene of UC Merced -> words
SCENES = {
    "agricultural": "agricultural field",
    "airplane": "airplane",
    "baseballdiamond": "baseball diamond",
    "beach": "beach",
    "buildings": "buildings",
    "chaparral": "chaparral",
    "denseresidential": "dense residential area",
    "forest": "forest",
    "freeway": "freeway",
    "golfcourse": "golf course",
    "harbor": "harbor",
    "intersection": "intersection",
    "mediumresidential": "medium residential area",
    "mobilehomepark": "mobile home park",
    "overpass": "overpass",
    "parkinglot": "parking lot",
    "river": "river",
    "runway": "runway",
    "sparseresidential": "sparse residential area",
    "storagetanks": "storage tanks",
    "tenniscourt": "tennis court",
}
RSICD_SCENES = {"center": "city center", "playfields": "playing fields", "port": "harbor"}
# free words -> scenes of UC Merced that are right
FREE = {
    "planes parked next to a terminal": "airplane",
    "swimming pool next to a house": "denseresidential mediumresidential sparseresidential",
    "harbour with many boats": "harbor",
    "white sand and waves": "beach",
    "round oil tanks": "storagetanks",
    "highway with several lanes and cars": "freeway overpass",
    "road crossing above another road": "overpass",
    "crossroads with traffic": "intersection",
    "cars in rows on asphalt": "parkinglot",
    "crops in straight rows": "agricultural",
    "dense trees seen from above": "forest",
    "dry land with scattered shrubs": "chaparral",
    "fairway with sand bunkers": "golfcourse",
    "sports field for baseball": "baseballdiamond",
    "courts for playing tennis": "tenniscourt",
    "a stream winding through trees": "river",
    "trailers standing side by side": "mobilehomepark",
    "markings on a landing strip": "runway",
    "single house among trees": "sparseresidential",
    "large office buildings in the city centre": "buildings",
}
_MANY = 100_000
_COUNT = 10
Ranking = Callable[[str], NDArray[np.float32]]


@dataclass(frozen=True)
class Gallery:
    """Pictures with their scene and their sentences."""

    matrix: ranking.PictureMatrix
    scenes: NDArray[np.str_]
    sentences: Sequence[Sequence[str]]


class Rankings:
    """Ways to score the pictures of a gallery for words: each part alone, and together."""

    def __init__(self, engine: Engine, gallery: Gallery) -> None:
        self._engine, self._matrix = engine, gallery.matrix
        self.by_name: dict[str, Ranking] = {
            "matching head, the words as they are": lambda text: ranking.cosines(self._matrix, self._vectors([text])),
            "matching head, phrases as sentences": lambda text: ranking.cosines(self._matrix, self._of(text)),
            "classifier": lambda text: ranking.log_probabilities(self._matrix, self._query(text)),
            "together": self.together,
        }

    def together(self, text: str, captions: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Return the scores of `rsgpt search`. captions: see ranking.word_scores."""
        return ranking.word_scores(self._matrix, self._query(text), self._of(text), captions)

    def _query(self, text: str) -> Query:
        return read_query(text, self._matrix.thing_names, self._matrix.kind_names)

    def _of(self, text: str) -> NDArray[np.float32]:
        return self._vectors(self._query(text).sentences)

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([one.vector for one in self._engine.embed(texts)], np.float32)


def arguments(description: str | None) -> argparse.Namespace:
    """Return the arguments of a benchmark of searches: data, index, and fit."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with the data sets")
    parser.add_argument("index", type=Path, help="file of the index, which is created")
    parser.add_argument("--fit", action="store_true", help="fit logistic functions to the validation pictures")
    return parser.parse_args()


def main() -> None:
    """Index, measure, and print one table."""
    args = arguments(__doc__)
    engine = load_engine("rsgpt-small", "auto", lambda line: None)
    with PictureIndex(args.index, engine.fingerprint) as index:

        def gallery(archive: str, captions: str) -> Gallery:
            return read_gallery(Searcher(engine, index), args.data, archive, captions)

        if args.fit:
            ucm, rsicd = gallery(UCM, "ucm_captions_val.json"), gallery(RSICD, "rsicd_captions_val.json")
            print_table(fitted(engine, "UC Merced", ucm, SCENES), fitted(engine, "RSICD", rsicd, RSICD_SCENES))
            return
        validation, test = gallery(UCM, "ucm_captions_val.json"), gallery(UCM, "ucm_captions_test.json")
        distinct = gallery(RSICD, "rsicd_captions_val_distinct.json")
        print_table(
            precisions(engine, "validation", validation),
            precisions(engine, "test", test),
            recalls(engine, distinct),
            by_example("test", test),
            absent(engine, "validation", validation),
            absent(engine, "test", test),
            many(engine),
        )


def read_gallery(searcher: Searcher, data: Path, archive: str, captions: str) -> Gallery:
    """Index the pictures of a caption file and return them."""
    records = json.loads((data / captions).read_text("utf-8"))["annotations"]
    source = ImageSource(data / archive)

    def read(name: str) -> KeyedPicture:
        image = source.open(name)
        return KeyedPicture(image, image_sha256(image))

    pictures = [
        PictureSource(str(number), f"{archive}/{record['filename']}", "1", partial(read, record["filename"]))
        for number, record in enumerate(records)
    ]
    searcher.load(pictures, _fail)
    scenes, sentences = np.array([record["scene"] for record in records]), [record["captions"] for record in records]
    return Gallery(searcher.matrix, scenes, sentences)


def _fail(name: str, error: Exception) -> None:
    raise SystemExit(f"{name}: {error}")


def precision(scores: NDArray[Any], right: NDArray[np.bool_]) -> float:
    """Return the share of the ten best that are right."""
    return float(right[ranking.best(scores, _COUNT)].mean())


def precisions(engine: Engine, part: str, gallery: Gallery) -> Iterator[Row]:
    """Yield the precision at 10 of each way to rank, for scene names and free words."""
    for kind, queries in (
        ("21 scene names", {words: scene for scene, words in SCENES.items()}),
        ("20 free queries", FREE),
    ):
        for name, scores in Rankings(engine, gallery).by_name.items():
            values = {
                text: precision(scores(text), np.isin(gallery.scenes, scenes.split()))
                for text, scenes in queries.items()
            }
            low = ", ".join(f"{text} {value:.1f}" for text, value in values.items() if value < 0.8)
            target = "at least 0.80" if name == "together" and part == "test" and queries is not FREE else ""
            mean = f"{np.mean(list(values.values())):.3f}" + (f" (below 0.8: {low})" if name == "together" else "")
            yield f"{kind}, UC Merced, {part}, precision at 10: {name}", mean, target


def recalls(engine: Engine, gallery: Gallery) -> Iterator[Row]:
    """Yield the mean recall of sentences and pictures as in evaluate/retrieval.py, for each way to rank."""
    pairs = [(number, text) for number, texts in enumerate(gallery.sentences) for text in texts if text.strip()]
    right = np.arange(len(gallery.scenes))[:, None] == np.array([number for number, _ in pairs])
    for name, scores in Rankings(engine, gallery).by_name.items():
        table = np.stack([scores(text) for _, text in pairs], axis=1).astype(np.float64)
        found = (ranks(table, right), ranks(table.T, right.T))
        values = [[float((rank <= best).mean()) for best in (1, 5, 10)] for rank in found]
        pictures = ", ".join(f"{value:.1%}" for value in values[1])
        target = "not below the first" if name == "together" else ""
        yield (
            f"RSICD, 179 distinct, mean recall (of pictures R@1, 5, 10): {name}",
            f"{np.mean(values):.1%} ({pictures})",
            target,
        )


def by_example(part: str, gallery: Gallery) -> Iterator[Row]:
    """Yield the share of the ten pictures most like each picture that show its scene, and how often one is found."""
    values: list[float] = []
    found: list[bool] = []
    wrong: list[bool] = []
    for number, vector in enumerate(gallery.matrix.vectors):
        scores = ranking.example_scores(gallery.matrix, vector)
        scores[number] = -1
        same = gallery.scenes == gallery.scenes[number]
        values.append(precision(scores, same))
        found.append(float(scores.max()) >= ranking.SURE_EXAMPLE)
        wrong.append(float(scores[~same].max()) >= ranking.SURE_EXAMPLE)
    name = f"by example, UC Merced, {part}"
    yield f"{name}, precision at 10 (at most 0.9, 9 others are right)", f"{np.mean(values):.3f}", ""
    yield f"{name}, found", f"{np.mean(found):.0%}", ""
    yield f"{name}, called absent without pictures of the scene", f"{1 - np.mean(wrong):.0%}", ""


def absent(engine: Engine, part: str, gallery: Gallery) -> Iterator[Row]:
    """Yield how often a scene name is found with and without its pictures."""
    together = Rankings(engine, gallery).together
    scores = {scene: together(words) for scene, words in SCENES.items()}
    found = [float(one.max()) >= ranking.SURE_WORDS for one in scores.values()]
    wrong = {s: float(one[gallery.scenes != s].max()) >= ranking.SURE_WORDS for s, one in scores.items()}
    yield f"scene names found, UC Merced, {part}", f"{sum(found)} of {len(found)}", ""
    names = ", ".join(scene for scene, is_found in wrong.items() if is_found)
    yield (
        f"scene names called absent without their pictures, UC Merced, {part}",
        f"{len(wrong) - sum(wrong.values())} of {len(wrong)} (found all the same: {names})",
        "",
    )


def many(engine: Engine) -> Iterator[Row]:
    """Yield the times to load an index of 100,000 pictures with random rows, and to search it."""
    config = engine.model.config.classifier
    things, kinds = (config.things, config.kinds) if config else ((), ())
    width = engine.model.config.matching_width
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(_MANY, width))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = np.hstack([vectors, rng.random((_MANY, len(things) + len(kinds)))]).astype(np.float16)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "search.sqlite")
        with PictureIndex(path, engine.fingerprint) as index:
            keys = [f"{number:064x}" for number in range(_MANY)]
            sources = [PictureSource(key, f"/pictures/{key}.png", "1", _unread) for key in keys]
            index.add(
                dict(zip(keys, rows, strict=True)),
                [KnownSource(source.place, source.version, source.name) for source in sources],
            )
            searcher = Searcher(engine, index)
            seconds, _ = timed(lambda: searcher.load(sources, _fail))
        yield "100,000 pictures, size of the index", f"{os.path.getsize(path) / 1e6:.0f} MB", ""
        yield "100,000 pictures, loading the index", f"{seconds:.1f} s", ""
        for text in ("storage tanks", "many buildings and some green trees are near a river with a bridge"):
            times = sorted(timed(partial(searcher.words, text, _COUNT))[0] for _ in range(5))
            yield f"100,000 pictures, “{text}”, with its vector, median of 5", f"{times[2]:.2f} s", "below 0.5 s"


def _unread() -> KeyedPicture:
    raise SystemExit("A picture that is in the index was read again.")


def fitted(engine: Engine, name: str, gallery: Gallery, words: Mapping[str, str]) -> Iterator[Row]:
    """Yield the middle and the slope of the logistic functions that fit pictures of the same scene best."""
    scenes = sorted(set(gallery.scenes))
    together = Rankings(engine, gallery).together
    scores = np.stack([together(words.get(scene, scene)) for scene in scenes], axis=1)
    right = gallery.scenes[:, None] == np.array(scenes)
    yield f"{name}: words", fit(scores, right, ranking.WORDS), ""
    cosines = gallery.matrix.vectors @ gallery.matrix.vectors.T
    off = ~np.eye(len(cosines), dtype=bool)
    yield f"{name}: by example", _fit(cosines[off], (gallery.scenes[:, None] == gallery.scenes)[off]), ""


def fit(scores: NDArray[Any], right: NDArray[np.bool_], function: tuple[float, float]) -> str:
    """Return the logistic function that fits what `function`, a logistic one, was applied to."""
    middle, slope = function
    clipped = np.clip(scores.astype(np.float64), 1e-9, 1 - 1e-9)
    return _fit(middle + np.log(clipped / (1 - clipped)) / slope, right)


def _fit(values: NDArray[Any], right: NDArray[np.bool_]) -> str:
    inputs, targets = (
        torch.tensor(values.ravel(), dtype=torch.float64),
        torch.tensor(right.ravel(), dtype=torch.float64),
    )
    numbers = torch.tensor([0.6, 10.0], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([numbers], max_iter=200)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        logits = numbers[1] * (inputs - numbers[0])
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, targets)
        loss.backward()
        return loss

    optimizer.step(closure)
    middle, slope = numbers.tolist()
    return f"middle {middle:.3f}, slope {slope:.1f}"


if __name__ == "__main__":
    main()
