"""Caption metrics of the COCO tools: BLEU, METEOR, ROUGE-L, CIDEr; each x 100, CIDEr 100 = 1.0.

METEOR and the original tokenizer are Java programs: without Java, METEOR is null, and a tokenizer of the same
rules is used in place of the other.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..data.annotations import read_captions
from ..errors import DataError
from .ask_all import AskOptions, EvaluatedModel, Scored, answer_all, spread
from .calibration import calibration
from .intervals import interval
from .object_support import rates, supported
from .report.rounding import hundredths, percent
from .tokens import tokenize

Sentences = dict[int, list[str]]


def evaluate(engine: EvaluatedModel, images: Path, annotations: Path, manner: AskOptions) -> Scored:
    """Scores, and every caption beside its references."""
    records = spread(read_captions(annotations), manner.limit)
    if not records:
        raise DataError(f"{annotations} holds no captions. Give a file with some.")
    started = time.monotonic()
    prompt = manner.prompt or engine.caption_prompt
    answers = answer_all(engine, images, [(record.filename, prompt) for record in records], manner.beams)
    seconds = time.monotonic() - started
    references = {index: list(record.captions) for index, record in enumerate(records)}
    captions = {index: [answer.text] for index, answer in enumerate(answers)}
    scores, each = score(references, captions)
    names = [record.filename for record in records]
    support = [supported(answer.text, record.captions) for record, answer in zip(records, answers, strict=True)]
    told = [
        {
            "filename": record.filename,
            "caption": answer.text,
            "confidence": round(answer.confidence, 4),
            "CIDEr": round(cider, 2),
            "invented": list(objects.invented),
            "references": list(record.captions),
        }
        for record, answer, cider, objects in zip(records, answers, each["CIDEr"], support, strict=True)
    ]
    intervals = {name: hundredths(interval(values, names)) for name, values in each.items()}
    found = {"images": len(records), **scores, **rates(support), "intervals": intervals}
    sound = [not objects.invented for objects in support]
    found["calibration"] = calibration([answer.confidence for answer in answers], sound)
    return {**found, "seconds": round(seconds, 1)}, told


def score(references: Sentences, captions: Sentences) -> tuple[dict[str, float | None], dict[str, list[float]]]:
    """The scores of all, and of the metrics that are a mean over pictures, each picture's.

    references: several sentences a picture; captions: one. Both raw; they are tokenized here.
    """
    java = shutil.which("java") is not None
    prepare = _original_tokenizer() if java else tokenize_all
    references, captions = prepare(references), prepare(captions)
    bleu, cider, meteor, rouge = _scorers()
    found: dict[str, float | None] = {}
    with contextlib.redirect_stdout(io.StringIO()):  # the scorers print what they compute
        for size, value in enumerate(bleu(4).compute_score(references, captions)[0], start=1):
            found[f"BLEU-{size}"] = percent(value)
        found["METEOR"] = percent(_meteor(meteor(), references, captions)) if java else None
        means = {
            "ROUGE-L": rouge().compute_score(references, captions),
            "CIDEr": cider().compute_score(references, captions),
        }
    found |= {name: percent(mean) for name, (mean, _) in means.items()}
    return found, {name: [100 * float(value) for value in values] for name, (_, values) in means.items()}


def tokenize_all(sentences: Sentences) -> Sentences:
    """Lower case words without punctuation, joined by spaces."""
    return {key: [" ".join(tokenize(text)) for text in texts] for key, texts in sentences.items()}


def _original_tokenizer() -> Callable[[Sentences], Sentences]:
    try:
        from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer  # noqa: PLC0415 - an optional package
    except ImportError as error:
        raise _missing() from error

    def prepare(sentences: Sentences) -> Sentences:
        wrapped = {key: [{"caption": text} for text in texts] for key, texts in sentences.items()}
        tokenized: Sentences = PTBTokenizer().tokenize(wrapped)
        return tokenized

    return prepare


def check_scorers() -> None:
    """DataError where what scores captions is not there."""
    _scorers()


def _scorers() -> tuple[Any, Any, Any, Any]:
    try:
        from pycocoevalcap.bleu.bleu import Bleu  # noqa: PLC0415 - an optional package
        from pycocoevalcap.cider.cider import Cider  # noqa: PLC0415
        from pycocoevalcap.meteor.meteor import Meteor  # noqa: PLC0415
        from pycocoevalcap.rouge.rouge import Rouge  # noqa: PLC0415
    except ImportError as error:
        raise _missing() from error
    return Bleu, Cider, Meteor, Rouge


def _meteor(scorer: Any, references: Sentences, captions: Sentences) -> float:
    """The mean score; whatever happens, the scorer's Java program has ended afterwards."""
    try:
        return float(scorer.compute_score(references, captions)[0])
    except (OSError, ValueError) as error:
        raise DataError(f"METEOR's Java program failed: {error}. It needs 2 GB of memory; free some.") from error
    finally:
        scorer.meteor_p.kill()
        scorer.meteor_p.communicate()
        if scorer.lock.locked():  # left so by an error; the scorer's destructor would wait for it forever
            scorer.lock.release()


def _missing() -> DataError:
    return DataError("The package pycocoevalcap is missing. Add the group `evaluate` to the environment.")
