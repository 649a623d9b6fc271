"""Caption metrics of the COCO tools: BLEU, METEOR, ROUGE-L, and CIDEr, each multiplied by 100.

METEOR and the original tokenizer are Java programs. Without Java, METEOR is None, and a Python tokenizer with the
same rules is used.
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
from .ask_all import AskOptions, EvaluatedModel, PicturePrompt, Scored, answer_all, spread
from .calibration import calibration
from .intervals import interval
from .object_support import compare_objects, rates
from .report.rounding import hundredths, percent
from .tokens import tokenize

Sentences = dict[int, list[str]]


def evaluate(engine: EvaluatedModel, images: Path, annotations: Path, options: AskOptions) -> Scored:
    """Return the scores, and each caption with its references. Raises DataError without annotated captions."""
    records = spread(read_captions(annotations), options.limit)
    if not records:
        raise DataError(f"{annotations} holds no captions. Give a file with some.")
    started = time.monotonic()
    prompt = options.prompt or engine.caption_prompt
    answers = answer_all(engine, images, [PicturePrompt(record.filename, prompt) for record in records], options.beams)
    seconds = time.monotonic() - started
    references = {index: list(record.captions) for index, record in enumerate(records)}
    captions = {index: [answer.text] for index, answer in enumerate(answers)}
    scores, each = score(references, captions)
    names = [record.filename for record in records]
    support = [compare_objects(answer.text, record.captions) for record, answer in zip(records, answers, strict=True)]
    rows = [
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
    result = {"images": len(records), **scores, **rates(support), "intervals": intervals}
    correct = [not objects.invented for objects in support]
    result["calibration"] = calibration([answer.confidence for answer in answers], correct)
    return {**result, "seconds": round(seconds, 1)}, rows


def score(references: Sentences, captions: Sentences) -> tuple[dict[str, float | None], dict[str, list[float]]]:
    """Return the scores, and the scores of each picture for metrics that are means over pictures.

    references: several sentences per picture; captions: one sentence per picture; neither is tokenized.
    """
    java = shutil.which("java") is not None
    prepare = _original_tokenizer() if java else tokenize_all
    references, captions = prepare(references), prepare(captions)
    bleu, cider, meteor, rouge = _scorers()
    scores: dict[str, float | None] = {}
    with contextlib.redirect_stdout(io.StringIO()):  # the scorers print what they compute
        for size, value in enumerate(bleu(4).compute_score(references, captions)[0], start=1):
            scores[f"BLEU-{size}"] = percent(value)
        scores["METEOR"] = percent(_meteor(meteor(), references, captions)) if java else None
        means = {
            "ROUGE-L": rouge().compute_score(references, captions),
            "CIDEr": cider().compute_score(references, captions),
        }
    scores |= {name: percent(mean) for name, (mean, _) in means.items()}
    return scores, {name: [100 * float(value) for value in values] for name, (_, values) in means.items()}


def tokenize_all(sentences: Sentences) -> Sentences:
    """Return lower-case words without punctuation, joined by spaces."""
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
    """Raise DataError if the packages that score captions are missing."""
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
    """Return the mean score and always end the scorer's Java program."""
    try:
        return float(scorer.compute_score(references, captions)[0])
    except (OSError, ValueError) as error:
        raise DataError(f"METEOR's Java program failed: {error}. It needs 2 GB of free memory.") from error
    finally:
        scorer.meteor_p.kill()
        scorer.meteor_p.communicate()
        if scorer.lock.locked():  # after an error; the scorer's destructor would wait forever
            scorer.lock.release()


def _missing() -> DataError:
    return DataError("The package pycocoevalcap is missing. Add the group `evaluate` to the environment.")
