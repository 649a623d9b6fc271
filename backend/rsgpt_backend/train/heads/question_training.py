"""Training of the question parser on marked questions; it needs no pictures and takes about two minutes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from ...errors import UsageError
from ...model.heads.question_parser import QuestionParser, tokens_of
from ...model.rsgpt import Rsgpt, pad
from ..examples.wordings import MarkedQuestion, Wordings
from ..finite import check_learning
from ..recipe import QuestionParserStage
from ..run_files import read_tensors, write_tensors
from ..schedule import LearningRateSchedule

_FINISHED = "question_parser.safetensors"
_WARMUP = 100  # steps
_IGNORED = -100  # target of padding
_SMOOTHING = 0.05  # of the kinds


def train_question_parser(model: Rsgpt, stage: QuestionParserStage, seed: int, out: Path) -> bool:
    """Train the question parser of a model; return False if its weights were already in `out`.

    Raises UsageError if a file of wordings is malformed, RsgptError if the loss is not finite.
    """
    parser, path = _parser_of(model), out / _FINISHED
    if path.exists():
        parser.load_state_dict(read_tensors(path))
        return False
    wordings, rng = Wordings([Path(name) for name in stage.wordings]), random.Random(seed)  # nosec B311 - no secret
    optimizer = torch.optim.AdamW(parser.parameters(), lr=stage.learning_rate, weight_decay=stage.weight_decay)
    schedule = LearningRateSchedule(stage.steps, _WARMUP, stage.learning_rate)
    torch.manual_seed(seed)
    parser.train()
    bar = tqdm(range(stage.steps), desc="training the question parser")
    for step in bar:
        loss = _loss(model, [wordings.draw(rng) for _ in range(stage.batch)])
        schedule.descend(optimizer, loss, step)
        if step % 100 == 0:
            bar.set_postfix(loss=f"{loss.item():.3f}")
    parser.eval()
    check_learning(parser, [], stage.steps, "question parser")
    write_tensors(parser.state_dict(), path)
    return True


def _parser_of(model: Rsgpt) -> QuestionParser:
    if model.question_parser is None:
        raise UsageError("The model has no question parser to train. Set the steps of [question_parser] to 0.")
    return model.question_parser


@torch.inference_mode()
def question_accuracy(model: Rsgpt, held_out: Sequence[str]) -> list[float]:
    """Return the shares of the questions in files whose kind is right, and of those whose words all have the right tag.

    Both are in percent; the second counts only questions about a thing.
    """
    kinds, tagged = [], []
    for question in map(MarkedQuestion.parse, Wordings(list(map(Path, held_out))).lines):
        kind_logits, tag_logits, tags = _outputs(model, [question])
        kinds.append(int(kind_logits.argmax()) == question.kind)
        if question.spans:
            tagged.append(bool((tag_logits.argmax(2) == tags).all()))
    return [round(100 * sum(right) / max(len(right), 1), 1) for right in (kinds, tagged)]


def _loss(model: Rsgpt, questions: Sequence[MarkedQuestion]) -> Tensor:
    """Return the loss of the kinds plus that of the tags of all tokens."""
    kind_logits, tag_logits, tags = _outputs(model, questions)
    kinds = torch.tensor([question.kind for question in questions], device=tags.device)
    loss = F.cross_entropy(kind_logits, kinds, label_smoothing=_SMOOTHING)
    return loss + F.cross_entropy(tag_logits.flatten(0, 1), tags.flatten(), ignore_index=_IGNORED)


def _outputs(model: Rsgpt, questions: Sequence[MarkedQuestion]) -> tuple[Tensor, Tensor, Tensor]:
    """Return the logits of the kinds and of the tags, and the right tags, [questions, tokens]."""
    parser = _parser_of(model)
    device = next(parser.parameters()).device
    tokens = tokens_of(model.tokenizer, [question.text for question in questions])
    ids, mask = pad([ids for ids, _ in tokens], 0, device)
    tags, _ = pad(
        [question.tags(spans) for question, (_, spans) in zip(questions, tokens, strict=True)], _IGNORED, device
    )
    return (*parser(model.language.get_input_embeddings()(ids), mask.bool()), tags)
