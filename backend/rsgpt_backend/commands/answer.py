"""`rsgpt describe` and `rsgpt ask`: pictures in, captions and answers out, in batches, in the order given."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rsgpt_plugin.shared.answers.answer_types import TYPES, AnswerType

from ..data.image_files import image_sha256, open_image
from ..errors import EngineError, ImageError, RsgptError, UsageError
from ..predictor import Answer, Ask
from .model_options import add_model, engine_from, share
from .printing import ResultPrinter, note

if TYPE_CHECKING:
    from ..engine.engine import Engine

_BATCH = 32
_LONGEST_PROMPT = 4_000
_FEWEST_CHOICES = 2


@dataclass(frozen=True)
class PromptItem:
    """One prompt about one file; question: empty for a caption; choices: those of a choice."""

    path: str
    question: str
    choices: tuple[str, ...] = ()
    type: AnswerType = AnswerType.TEXT

    @property
    def wording(self) -> str:
        """The question with its choices, in the words that a model learns and QGIS's side sends."""
        return self.type.prompt(self.question, self.choices)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `describe` and `ask` commands."""
    describe = subparsers.add_parser("describe", help="caption pictures")
    wording = describe.add_mutually_exclusive_group()
    wording.add_argument("--prompt", help="what to ask in place of the model's own caption prompt")
    wording.add_argument("--detailed", action="store_true", help="several sentences in place of one")
    ask = subparsers.add_parser("ask", help="answer questions about pictures")
    ask.add_argument("--question", action="append", required=True, help="may be given several times")
    kinds = ask.add_mutually_exclusive_group()
    kinds.add_argument(
        "--choice", action="append", metavar="TEXT", help="two or more: the likeliest of them is the answer"
    )
    kinds.add_argument(
        "--type",
        choices=[one.name for one in TYPES if not one.has_choices],
        default=AnswerType.TEXT.name,
        help="what every answer has to be; text is the default",
    )
    ask.add_argument(
        "--least-confidence", type=share, default=0.0, metavar="0..1", help="what it is less sure of is not told"
    )
    for parser, run in ((describe, run_describe), (ask, run_ask)):
        parser.add_argument("images", nargs="+", metavar="IMAGE", help="a PNG, JPEG or TIFF")
        add_model(parser)
        parser.add_argument("--json", action="store_true", help="one JSON object a line")
        parser.set_defaults(run=run)


def run_describe(args: argparse.Namespace) -> int:
    """Caption every picture; 1 if some could not be read."""
    prompts = _checked([args.prompt] if args.prompt is not None else [])
    engine = engine_from(args)
    usual = engine.detail_prompt if args.detailed else engine.caption_prompt
    prompt = prompts[0] if prompts else usual
    output = ResultPrinter(args.json)
    for item, answer in _answers(engine, [PromptItem(path, "") for path in args.images], prompt):
        data = {"image": item.path}
        if isinstance(answer, RsgptError):
            output.failure(data, answer)
        else:
            found = {"caption": answer.text, **_provenance(engine, item, answer)}
            output.result({**data, **found}, f"{item.path}: {answer.text}" if len(args.images) > 1 else answer.text)
    return output.exit_code


def run_ask(args: argparse.Namespace) -> int:
    """Answer every question about every picture; 1 if some could not be read."""
    questions, choices = _checked(args.question), _checked_choices(args.choice)
    engine = engine_from(args)
    output = ResultPrinter(args.json)
    kind = AnswerType.CHOICE if choices else next(one for one in TYPES if one.name == args.type)
    items = [PromptItem(path, question, choices, kind) for path in args.images for question in questions]
    for item, answer in _answers(engine, items, ""):
        data = {"image": item.path, "question": item.question}
        if isinstance(answer, RsgptError):
            output.failure(data, answer)
        else:
            told = answer.text if answer.confidence >= args.least_confidence else None
            found = {"answer": told, **_provenance(engine, item, answer)}
            shown = "I can't tell" if told is None else told
            output.result({**data, **found}, f"{item.path}: {item.question} {shown} ({answer.confidence:.0%})")
    return output.exit_code


def _provenance(engine: Engine, item: PromptItem, answer: Answer) -> dict[str, Any]:
    """What is said of every answer; an answer that was cut off is also noted for people."""
    if answer.finish_reason == "length":
        note(f"{item.path}: the answer was cut off at the length limit.")
    confidence = round(answer.confidence, 4)
    return {"confidence": confidence, "model": engine.name, "finish_reason": answer.finish_reason}


def _checked(prompts: Sequence[str]) -> Sequence[str]:
    for prompt in prompts:
        if not prompt.strip() or len(prompt) > _LONGEST_PROMPT:
            raise UsageError(
                f"A question or prompt has 1 to {_LONGEST_PROMPT} characters. Write it shorter, or at all."
            )
    return prompts


def _checked_choices(choices: Sequence[str] | None) -> tuple[str, ...]:
    if choices is None:
        return ()
    if len(choices) < _FEWEST_CHOICES or len(set(choices)) < len(choices) or not all(map(str.strip, choices)):
        raise UsageError("Give --choice two times or more, another text each time, none of them empty.")
    return tuple(choices)


def _answers(
    engine: Engine, items: Sequence[PromptItem], prompt: str
) -> Iterator[tuple[PromptItem, Answer | RsgptError]]:
    """Each item with its answer or its error, in order; a batch that the model fails on does not end the others."""
    for start in range(0, len(items), _BATCH):
        batch = items[start : start + _BATCH]
        asks = [_ask(item, prompt) for item in batch]
        found = _found(engine, [ask for ask in asks if isinstance(ask, Ask)])
        for item, ask in zip(batch, asks, strict=True):
            yield item, ask if isinstance(ask, RsgptError) else next(found)


def _found(engine: Engine, asks: Sequence[Ask]) -> Iterator[Answer | RsgptError]:
    """Answers, or what the model failed with; where a batch fails, each ask of it is tried alone."""
    try:
        yield from engine.answer(asks)
    except EngineError as error:
        if len(asks) == 1:
            yield error
            return
        for ask in asks:
            yield from _found(engine, [ask])


def _ask(item: PromptItem, prompt: str) -> Ask | ImageError:
    try:
        image = open_image(Path(item.path))
    except ImageError as error:
        return error
    allowed = item.choices or item.type.allowed
    text = item.wording or prompt
    return Ask(image, image_sha256(image), text, choices=allowed, is_number=item.type.is_number)
