"""How well words find pictures by their captions: alone, and together with what `rsgpt search` sees in the pictures.

Measures precision at 10, what is said of an absent thing, and recall of RSICD's sentences. The weight of the captions
and the threshold were chosen with the validation pictures of UC Merced; --fit prints the logistic function that fits
these best.

    python -m benchmarks.caption_search DATA build/search.sqlite

DATA and the index are those of benchmarks/search.py. The captions of the model are kept beside the index.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import Row, print_table
from benchmarks.search import (
    FREE,
    RSICD,
    SCENES,
    UCM,
    Gallery,
    Ranking,
    Rankings,
    arguments,
    fit,
    precision,
    read_gallery,
)
from rsgpt_backend.commands.searching.searcher import Searcher
from rsgpt_backend.data.image_files import ImageSource, image_sha256
from rsgpt_backend.engine.engine import Engine
from rsgpt_backend.engine.loading import load_engine
from rsgpt_backend.engine.sentences import SentenceModel, load_sentence_model
from rsgpt_backend.evaluate.retrieval import ranks
from rsgpt_backend.predictor import Ask
from rsgpt_backend.search.picture_index import PictureIndex
from rsgpt_plugin.shared.search import ranking

_BATCH = 16


class CaptionRankings:
    """Ways to score the pictures of a gallery for words: by the pictures, by their captions, and by both."""

    def __init__(self, engine: Engine, gallery: Gallery, sentences: SentenceModel, captions: Sequence[str]) -> None:
        self._pictures, self._sentences = Rankings(engine, gallery), sentences
        self._vectors = self._embed(captions)
        self.by_name: dict[str, Ranking] = {
            "pictures": self._pictures.together,
            "captions": self.cosines,
            "pictures and captions": self.together,
        }

    def cosines(self, text: str) -> NDArray[np.float32]:
        """Return the cosines of the captions with words."""
        return self._vectors @ self._embed([text])[0]

    def together(self, text: str) -> NDArray[np.float32]:
        """Return the scores of `rsgpt search --results`."""
        return self._pictures.together(text, self.cosines(text))

    def _embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([one.vector for one in self._sentences.embed(texts)], np.float32)


def main() -> None:
    """Ask for captions, measure, and print one table."""
    args = arguments(__doc__)
    engine, sentences = load_engine("rsgpt-small", "auto", lambda line: None), load_sentence_model()
    with PictureIndex(args.index, engine.fingerprint) as index:

        def part(archive: str, captions: str) -> tuple[Gallery, CaptionRankings]:
            gallery = read_gallery(Searcher(engine, index), args.data, archive, captions)
            said = model_captions(engine, args.data / archive, args.data / captions, args.index)
            return gallery, CaptionRankings(engine, gallery, sentences, said)

        validation = part(UCM, "ucm_captions_val.json")
        if args.fit:
            print_table(fitted(*validation))
            return
        test = part(UCM, "ucm_captions_test.json")
        print_table(
            precisions("validation", *validation),
            precisions("test", *test),
            absent("validation", *validation),
            absent("test", *test),
            recalls(*part(RSICD, "rsicd_captions_val_distinct.json")),
        )


def model_captions(engine: Engine, archive: Path, annotations: Path, index: Path) -> list[str]:
    """Return the captions of the model for the pictures of a caption file, which are asked once."""
    names = [record["filename"] for record in json.loads(annotations.read_text("utf-8"))["annotations"]]
    file = index.with_name(f"{index.stem}-{archive.stem}-{engine.fingerprint[:16]}.json")
    known: dict[str, str] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    source, missing = ImageSource(archive), [name for name in names if name not in known]
    for start in range(0, len(missing), _BATCH):
        part = missing[start : start + _BATCH]
        images = [source.open(name) for name in part]
        answers = engine.answer([Ask(image, image_sha256(image), engine.caption_prompt) for image in images])
        known |= {name: answer.text for name, answer in zip(part, answers, strict=True)}
        file.write_text(json.dumps(known), "utf-8")
    return [known[name] for name in names]


def precisions(part: str, gallery: Gallery, rankings: CaptionRankings) -> Iterator[Row]:
    """Yield the precision at 10 of each way to rank, for scene names and free words."""
    names = {words: scene for scene, words in SCENES.items()}
    queries: tuple[tuple[str, Mapping[str, str]], ...] = (("21 scene names", names), ("20 free queries", FREE))
    for kind, wanted in queries:
        for name, scores in rankings.by_name.items():
            values = [
                precision(scores(text), np.isin(gallery.scenes, scenes.split())) for text, scenes in wanted.items()
            ]
            yield f"{kind}, UC Merced, {part}, precision at 10: {name}", f"{np.mean(values):.3f}", ""


def absent(part: str, gallery: Gallery, rankings: CaptionRankings) -> Iterator[Row]:
    """Yield how often a scene name is found with and without its pictures, by pictures and captions."""
    scores = {scene: rankings.together(words) for scene, words in SCENES.items()}
    found = [float(one.max()) >= ranking.SURE_WITH_CAPTIONS for one in scores.values()]
    wrong = [s for s, one in scores.items() if float(one[gallery.scenes != s].max()) >= ranking.SURE_WITH_CAPTIONS]
    yield f"scene names found, UC Merced, {part}: pictures and captions", f"{sum(found)} of {len(found)}", ""
    absent_count = f"{len(scores) - len(wrong)} of {len(scores)} (found all the same: {', '.join(wrong)})"
    yield f"scene names called absent without their pictures, UC Merced, {part}", absent_count, ""


def recalls(gallery: Gallery, rankings: CaptionRankings) -> Iterator[Row]:
    """Yield the mean recall of sentences and pictures for each way to rank."""
    pairs = [(number, text) for number, texts in enumerate(gallery.sentences) for text in texts if text.strip()]
    right = np.arange(len(gallery.scenes))[:, None] == np.array([number for number, _ in pairs])
    for name, scores in rankings.by_name.items():
        table = np.stack([scores(text) for _, text in pairs], axis=1).astype(np.float64)
        found = (ranks(table, right), ranks(table.T, right.T))
        mean = np.mean([(rank <= best).mean() for rank in found for best in (1, 5, 10)])
        yield f"RSICD, 179 distinct, mean recall: {name}", f"{mean:.1%}", ""


def fitted(gallery: Gallery, rankings: CaptionRankings) -> Iterator[Row]:
    """Yield the middle and the slope of the logistic function that fits pictures of the same scene best."""
    scores = np.stack([rankings.together(words) for words in SCENES.values()], axis=1)
    right = gallery.scenes[:, None] == np.array(list(SCENES))
    yield "UC Merced: words with captions", fit(scores, right, ranking.WORDS_WITH_CAPTIONS), ""


if __name__ == "__main__":
    main()
