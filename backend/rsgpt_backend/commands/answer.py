"""`rsgpt describe` and `rsgpt ask`: captions of pictures and answers about them, in the order of the arguments."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from rsgpt_plugin.shared.answers.answer_types import TYPES, AnswerType

from ..data.image_files import image_sha256, open_image
from ..errors import EngineError, ImageError, RsgptError, UsageError
from ..predictor import Answer, Ask
from .model_options import add_gsd, add_model, confidence_value, engine_from, note_unused_gsd
from .printing import ResultPrinter, note

if TYPE_CHECKING:
    from ..engine.engine import Engine

_BATCH = 32
_MAX_PROMPT_LENGTH = 4_000
_MIN_CHOICES = 2
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class PromptItem:
    """One prompt about one file.

    question: empty for a caption; choices: the possible answers, if there are any; gsd_m: meters per pixel of the file.
    """

    path: str
    question: str
    choices: tuple[str, ...] = ()
    type: AnswerType = AnswerType.TEXT
    gsd_m: float | None = None

    @property
    def wording(self) -> str:
        """The question with its choices, in the wording that models are trained on and the plugin sends."""
        return self.type.prompt(self.question, self.choices)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `describe` and `ask` commands."""
    describe = subparsers.add_parser("describe", help="write captions for pictures")
    wording = describe.add_mutually_exclusive_group()
    wording.add_argument("--prompt", help="prompt to use instead of the model's caption prompt")
    wording.add_argument("--detailed", action="store_true", help="write several sentences instead of one")
    ask = subparsers.add_parser("ask", help="answer questions about pictures")
    ask.add_argument("--question", action="append", required=True, help="question to ask; can be repeated")
    kinds = ask.add_mutually_exclusive_group()
    kinds.add_argument(
        "--choice", action="append", metavar="TEXT", help="possible answer; repeat it to give at least two"
    )
    kinds.add_argument(
        "--type",
        choices=[answer_type.name for answer_type in TYPES if not answer_type.has_choices],
        default=AnswerType.TEXT.name,
        help="type of the answers; the default is text",
    )
    ask.add_argument(
        "--least-confidence",
        type=confidence_value,
        default=0.0,
        metavar="0..1",
        help="minimum confidence; less certain answers are hidden",
    )
    for parser, run in ((describe, run_describe), (ask, run_ask)):
        parser.add_argument("images", nargs="+", metavar="IMAGE", help="PNG, JPEG, or TIFF file")
        add_gsd(parser)
        add_model(parser)
        parser.add_argument("--json", action="store_true", help="print one JSON object per line")
        parser.set_defaults(run=run)


def run_describe(args: argparse.Namespace) -> int:
    """Caption every picture; return 1 if some pictures could not be read."""
    prompts = _checked([args.prompt] if args.prompt is not None else [])
    engine = _engine(args)
    default = engine.detail_prompt if args.detailed else engine.caption_prompt
    prompt = prompts[0] if prompts else default
    output = ResultPrinter(args.json)
    items = [PromptItem(path, "", gsd_m=args.gsd) for path in args.images]
    for item, answer in _answers(engine, items, prompt):
        data: dict[str, Any] = {"image": item.path}
        if isinstance(answer, RsgptError):
            output.failure(data, answer)
        else:
            data |= {"caption": answer.text, **_provenance(engine, item, answer)}
            output.result(data, f"{item.path}: {answer.text}" if len(args.images) > 1 else answer.text)
    return output.exit_code


def run_ask(args: argparse.Namespace) -> int:
    """Answer every question about every picture; return 1 if some pictures could not be read."""
    questions, choices = _checked(args.question), _checked_choices(args.choice)
    engine = _engine(args)
    output = ResultPrinter(args.json)
    answer_type = AnswerType.CHOICE if choices else next(each for each in TYPES if each.name == args.type)
    items = [
        PromptItem(path, question, choices, answer_type, args.gsd) for path in args.images for question in questions
    ]
    for item, answer in _answers(engine, items, ""):
        data: dict[str, Any] = {"image": item.path, "question": item.question}
        if isinstance(answer, RsgptError):
            output.failure(data, answer)
        else:
            text = answer.text if answer.confidence >= args.least_confidence else None
            data |= {"answer": text, **_provenance(engine, item, answer)}
            shown = "I can't tell" if text is None else text
            output.result(data, f"{item.path}: {item.question} {shown} ({answer.confidence:.0%})")
    return output.exit_code


def _engine(args: argparse.Namespace) -> Engine:
    engine = engine_from(args)
    note_unused_gsd(args, engine)
    return engine


def _provenance(engine: Engine, item: PromptItem, answer: Answer) -> dict[str, Any]:
    """Return the fields that every answer gets; print a note if the answer was cut off."""
    if answer.finish_reason == "length":
        note(f"{item.path}: the answer was cut off at the length limit.")
    confidence = round(answer.confidence, 4)
    return {"confidence": confidence, "model": engine.name, "finish_reason": answer.finish_reason}


def _checked(prompts: Sequence[str]) -> Sequence[str]:
    for prompt in prompts:
        if not prompt.strip() or len(prompt) > _MAX_PROMPT_LENGTH:
            raise UsageError(
                f"A question or prompt must have 1 to {_MAX_PROMPT_LENGTH} characters. Enter a text, or shorten it."
            )
    return prompts


def _checked_choices(choices: Sequence[str] | None) -> tuple[str, ...]:
    if choices is None:
        return ()
    if len(choices) < _MIN_CHOICES or len(set(choices)) < len(choices) or not all(map(str.strip, choices)):
        raise UsageError("Give --choice at least twice, with a different text each time. No text may be empty.")
    return tuple(choices)


def _answers(
    engine: Engine, items: Sequence[PromptItem], prompt: str
) -> Iterator[tuple[PromptItem, Answer | RsgptError]]:
    """Yield each item with its answer or its error, in order. An error in one batch does not stop the others."""
    for start in range(0, len(items), _BATCH):
        batch = items[start : start + _BATCH]
        asks = [_ask(item, prompt) for item in batch]
        answers = results_or_errors(engine.answer, [ask for ask in asks if isinstance(ask, Ask)])
        for item, ask in zip(batch, asks, strict=True):
            yield item, ask if isinstance(ask, RsgptError) else next(answers)


def results_or_errors(run: Callable[[Sequence[T]], Iterable[R]], items: Sequence[T]) -> Iterator[R | RsgptError]:
    """Yield the results of a batch or the model's errors; if the batch fails, each of its items is tried alone."""
    try:
        yield from run(items)
    except EngineError as error:
        if len(items) == 1:
            yield error
            return
        for item in items:
            yield from results_or_errors(run, [item])


def _ask(item: PromptItem, prompt: str) -> Ask | ImageError:
    try:
        image = open_image(Path(item.path))
    except ImageError as error:
        return error
    allowed = item.choices or item.type.allowed
    text = item.wording or prompt
    is_number = item.type.is_whole_number
    return Ask(image, image_sha256(image), text, choices=allowed, is_whole_number=is_number, gsd_m=item.gsd_m)
