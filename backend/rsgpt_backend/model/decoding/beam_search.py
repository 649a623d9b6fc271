"""Beam search for a batch of prefixes. It knows ids and log probabilities only.

It finds what transformers' own finds, but each prompt leaves the batch as soon as it is answered, and the first token
is computed once a prompt, not once a candidate: short answers do not wait for long ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from transformers import LogitsProcessorList

from ..rsgpt import Prefix
from .decoder_state import start
from .generation import ChosenToken, DecodingRules


@dataclass(frozen=True)
class Search:
    """beams: answers followed at once; rules: of the model; most: tokens of each row's answer; top: how many
    alternatives to tell of each row's first token, later: of the others."""

    beams: int
    rules: DecodingRules
    most: Sequence[int]
    top: int = 0
    later: int = 0


@dataclass(frozen=True)
class _Candidate:
    """An answer that is followed, or has ended. score: sum of its log probabilities; said: without the end; parent: the
    place of what it goes on from, among its row's."""

    score: float
    said: tuple[ChosenToken, ...]
    parent: int = 0
    ended: bool = False


@dataclass
class _BeamRow:
    """A prompt on its way. found: (log probability a token, answer), the likeliest first; told: tokens told early."""

    number: int
    most: int
    running: list[_Candidate]
    found: list[tuple[float, _Candidate]] = field(default_factory=list)
    told: int = 0

    def over(self, how: Search) -> bool:
        """Whether as many answers are found as were followed, and for a patient search none that is followed is better
        so far; or nothing is followed any more."""
        if not self.running or len(self.found) < how.beams:
            return not self.running
        best = self.running[0]
        return not how.rules.patient or best.score / len(best.said) <= self.found[-1][0]


def search(
    language: Any,
    prefix: Prefix,
    how: Search,
    cancelled: Callable[[], Sequence[bool]],
    settled: Callable[[ChosenToken], None] | None = None,
) -> Iterator[tuple[int, tuple[ChosenToken, ...]]]:
    """The likeliest answer found to each prefix, by its place, as soon as it is found; without its end token.

    Likelihoods are compared per token, so that short answers have no advantage. cancelled: which rows are no longer
    wanted, asked after each token; of those, what was found until then is returned. settled: takes the tokens of a row
    that every answer which can still be found begins with, in their order, as soon as that is known.
    """
    going = [_BeamRow(number, most, [_Candidate(0.0, ())]) for number, most in enumerate(how.most)]
    state, processors = start(language, prefix), how.rules.processors()
    logits = state.first()
    while True:
        _step(going, _scored(logits, going, processors, how), how)
        unwanted = cancelled()
        for row in going:
            if unwanted[row.number]:
                _end(row, row.running, how.beams)
                row.running = []
            if settled is not None:
                _tell(row, settled)
        over = [row.over(how) for row in going]
        yield from ((row.number, row.found[0][1].said) for row, done in zip(going, over, strict=True) if done)
        if all(over):
            return
        if any(over):
            state.keep(torch.tensor([place for place, done in enumerate(over) if not done]))
            going = [row for row, done in zip(going, over, strict=True) if not done]
        ids = torch.tensor([[one.said[-1].token for one in row.running] for row in going], device=logits.device)
        parents = torch.tensor([[one.parent for one in row.running] for row in going])
        logits = state.branch(ids, parents).flatten(0, 1)


def _scored(logits: Tensor, going: Sequence[_BeamRow], processors: LogitsProcessorList, how: Search) -> list[_Best]:
    """What may come next after each candidate, the likeliest first."""
    said = [_tokens(candidate.said) for row in going for candidate in row.running]
    scores = torch.log_softmax(logits.float(), dim=-1)
    first = not said[0]
    if first:
        scores[:, how.rules.eos] = -torch.inf
        how.rules.open(scores)
    else:
        scores = processors(torch.tensor(said, device=scores.device), scores)
    best = scores.topk(max(2 * how.beams, how.top if first else how.later))
    # Without its end, the first token's are no log probabilities until they are made such again.
    told = best.values - scores.logsumexp(dim=-1, keepdim=True) if first else best.values
    return [_Best(*one) for one in zip(best.indices.tolist(), best.values.tolist(), told.tolist(), strict=True)]


@dataclass(frozen=True)
class _Best:
    """The likeliest tokens after a candidate, their scores, and the log probabilities to tell of them."""

    tokens: list[int]
    scores: list[float]
    told: list[float]

    def chosen(self, row: int, rank: int, top: int) -> ChosenToken:
        """The token of a rank with its alternatives."""
        others = tuple(zip(self.tokens[:top], self.told[:top], strict=True))
        return ChosenToken(row, self.tokens[rank], self.told[rank], others)


def _step(going: Sequence[_BeamRow], best: Sequence[_Best], how: Search) -> None:
    """Each row's candidates grow by a token; those that end are found."""
    place = 0
    for row in going:
        grown = _grown(row, best, place, how)
        place += len(row.running)
        _end(row, [one for one in grown[: how.beams] if one.ended], how.beams)
        row.running = [one for one in grown if not one.ended][: how.beams]
        if len(row.running[0].said) >= row.most:
            # Only the first `beams` of all may be found: those behind an ended one never were in the running.
            _end(row, [one for one in grown[: how.beams] if not one.ended], how.beams)
            row.running = []


def _grown(row: _BeamRow, best: Sequence[_Best], place: int, how: Search) -> list[_Candidate]:
    """The 2 x beams likeliest continuations of a row's candidates, the likeliest first.

    place: of its first candidate in the batch. Half of them may end, and enough are left to go on with.
    """
    options = [
        (candidate.score + best[place + beam].scores[rank], beam, rank)
        for beam, candidate in enumerate(row.running)
        for rank in range(2 * how.beams)
    ]
    options.sort(key=lambda option: -option[0])
    grown = []
    for score, beam, rank in options[: 2 * how.beams]:
        said, after = row.running[beam].said, best[place + beam]
        if after.tokens[rank] == how.rules.eos:
            grown.append(_Candidate(score, said, beam, ended=True))
        else:
            one = after.chosen(row.number, rank, how.later if said else how.top)
            grown.append(_Candidate(score, (*said, one), beam))
    return grown


def _end(row: _BeamRow, candidates: Sequence[_Candidate], beams: int) -> None:
    """Keep the likeliest of what was found before and these."""
    row.found += [(one.score / (len(one.said) + one.ended), one) for one in candidates]
    row.found.sort(key=lambda pair: -pair[0])
    del row.found[beams:]


def _tell(row: _BeamRow, settled: Callable[[ChosenToken], None]) -> None:
    shared = _shared([one.said for one in [*row.running, *(one for _, one in row.found)]])
    for one in shared[row.told :]:
        settled(one)
    row.told = max(row.told, len(shared))


def _shared(answers: Sequence[tuple[ChosenToken, ...]]) -> tuple[ChosenToken, ...]:
    """What all of them begin with: nothing lies between the first and the last in order."""
    first, last = min(answers, key=_tokens), max(answers, key=_tokens)
    same = 0
    while same < len(first) and first[same].token == last[same].token:
        same += 1
    return first[:same]


def _tokens(said: Sequence[ChosenToken]) -> list[int]:
    return [one.token for one in said]
