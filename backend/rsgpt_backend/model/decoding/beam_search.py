"""Beam search for a batch of prefixes.

The results equal those of transformers, but each prompt leaves the batch as soon as it is answered, and the first token
is computed once per prompt instead of once per candidate, so that short answers do not wait for long ones.
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
    """Settings of a beam search.

    beams: candidates per prompt; limits: maximum number of tokens per row;
    first_alternatives, later_alternatives: alternatives to report for the first token and for each later token.
    """

    beams: int
    rules: DecodingRules
    limits: Sequence[int]
    first_alternatives: int = 0
    later_alternatives: int = 0


@dataclass(frozen=True)
class _Candidate:
    """A running or ended answer. score: sum of its log probabilities; tokens: without the end token; parent: index of
    the candidate that it continues, within its row."""

    score: float
    tokens: tuple[ChosenToken, ...]
    parent: int = 0
    ended: bool = False


@dataclass
class _BeamRow:
    """The search state of one prompt. ended: (mean log probability per token, answer), likeliest first; reported:
    number of tokens reported early."""

    number: int
    limit: int
    running: list[_Candidate]
    ended: list[tuple[float, _Candidate]] = field(default_factory=list)
    reported: int = 0

    def is_done(self, settings: Search) -> bool:
        """A patient search goes on while a running candidate is better than the worst ended answer."""
        if not self.running or len(self.ended) < settings.beams:
            return not self.running
        best = self.running[0]
        return not settings.rules.patient or best.score / len(best.tokens) <= self.ended[-1][0]


def search(
    language: Any,
    prefix: Prefix,
    settings: Search,
    cancelled: Callable[[], Sequence[bool]],
    report_early: Callable[[ChosenToken], None] | None = None,
) -> Iterator[tuple[int, tuple[ChosenToken, ...]]]:
    """Yield the index of each prefix and its likeliest answer, without the end token, as soon as it is found.

    Likelihoods are compared per token, so that short answers have no advantage. cancelled: returns, per row, whether it
    was cancelled; called after each token. The best answer of a cancelled row so far is yielded. report_early: receives
    the tokens that all possible answers of a row share, in order, as soon as they are certain.
    """
    rows = [_BeamRow(number, limit, [_Candidate(0.0, ())]) for number, limit in enumerate(settings.limits)]
    state, processors = start(language, prefix), settings.rules.processors()
    logits = state.first()
    while True:
        _step(rows, _continuations(logits, rows, processors, settings), settings)
        is_cancelled = cancelled()
        for row in rows:
            if is_cancelled[row.number]:
                _end(row, row.running, settings.beams)
                row.running = []
            if report_early is not None:
                _report_shared(row, report_early)
        done = [row.is_done(settings) for row in rows]
        yield from ((row.number, row.ended[0][1].tokens) for row, row_done in zip(rows, done, strict=True) if row_done)
        if all(done):
            return
        if any(done):
            state.keep(torch.tensor([index for index, row_done in enumerate(done) if not row_done]))
            rows = [row for row, row_done in zip(rows, done, strict=True) if not row_done]
        ids = [[candidate.tokens[-1].token for candidate in row.running] for row in rows]
        parents = [[candidate.parent for candidate in row.running] for row in rows]
        logits = state.branch(torch.tensor(ids, device=logits.device), torch.tensor(parents)).flatten(0, 1)


@dataclass(frozen=True)
class _Continuations:
    """The likeliest tokens after a candidate."""

    tokens: list[int]
    scores: list[float]
    logprobs: list[float]

    def chosen(self, row: int, rank: int, alternatives: int) -> ChosenToken:
        """Return the token of a rank with its alternatives."""
        top = tuple(zip(self.tokens[:alternatives], self.logprobs[:alternatives], strict=True))
        return ChosenToken(row, self.tokens[rank], self.logprobs[rank], top)


def _continuations(
    logits: Tensor, rows: Sequence[_BeamRow], processors: LogitsProcessorList, settings: Search
) -> list[_Continuations]:
    """Return the likeliest next tokens of each candidate, likeliest first."""
    ids = [_token_ids(candidate.tokens) for row in rows for candidate in row.running]
    scores = torch.log_softmax(logits.float(), dim=-1)
    is_first = not ids[0]
    if is_first:
        scores[:, settings.rules.eos] = -torch.inf
        settings.rules.open(scores)
    else:
        scores = processors(torch.tensor(ids, device=scores.device), scores)
    alternatives = settings.first_alternatives if is_first else settings.later_alternatives
    best = scores.topk(max(2 * settings.beams, alternatives))
    # Without the end token, the probabilities of the first token no longer sum to 1.
    logprobs = best.values - scores.logsumexp(dim=-1, keepdim=True) if is_first else best.values
    columns = zip(best.indices.tolist(), best.values.tolist(), logprobs.tolist(), strict=True)
    return [_Continuations(*column) for column in columns]


def _step(rows: Sequence[_BeamRow], best: Sequence[_Continuations], settings: Search) -> None:
    """Extend each row's candidates by one token, and move those that end to `ended`."""
    offset = 0
    for row in rows:
        extended = _extended(row, best, offset, settings)
        offset += len(row.running)
        _end(row, [candidate for candidate in extended[: settings.beams] if candidate.ended], settings.beams)
        row.running = [candidate for candidate in extended if not candidate.ended][: settings.beams]
        if len(row.running[0].tokens) >= row.limit:
            # Only the `beams` likeliest of all count: candidates behind an ended one were never running.
            _end(row, [candidate for candidate in extended[: settings.beams] if not candidate.ended], settings.beams)
            row.running = []


def _extended(row: _BeamRow, best: Sequence[_Continuations], offset: int, settings: Search) -> list[_Candidate]:
    """Return the 2 x beams likeliest continuations of a row, of which at most half end.

    offset: index of the row's first candidate in the batch.
    """
    options = [
        (candidate.score + best[offset + beam].scores[rank], beam, rank)
        for beam, candidate in enumerate(row.running)
        for rank in range(2 * settings.beams)
    ]
    options.sort(key=lambda option: -option[0])
    extended = []
    for score, beam, rank in options[: 2 * settings.beams]:
        tokens, continuations = row.running[beam].tokens, best[offset + beam]
        if continuations.tokens[rank] == settings.rules.eos:
            extended.append(_Candidate(score, tokens, beam, ended=True))
        else:
            alternatives = settings.later_alternatives if tokens else settings.first_alternatives
            chosen = continuations.chosen(row.number, rank, alternatives)
            extended.append(_Candidate(score, (*tokens, chosen), beam))
    return extended


def _end(row: _BeamRow, candidates: Sequence[_Candidate], beams: int) -> None:
    row.ended += [(candidate.score / (len(candidate.tokens) + candidate.ended), candidate) for candidate in candidates]
    row.ended.sort(key=lambda pair: -pair[0])
    del row.ended[beams:]


def _report_shared(row: _BeamRow, report_early: Callable[[ChosenToken], None]) -> None:
    candidates = [*row.running, *(candidate for _, candidate in row.ended)]
    shared = _shared_prefix([candidate.tokens for candidate in candidates])
    for token in shared[row.reported :]:
        report_early(token)
    row.reported = max(row.reported, len(shared))


def _shared_prefix(answers: Sequence[tuple[ChosenToken, ...]]) -> tuple[ChosenToken, ...]:
    """The common prefix of all answers is that of the first and the last in lexical order."""
    first, last = min(answers, key=_token_ids), max(answers, key=_token_ids)
    length = 0
    while length < len(first) and first[length].token == last[length].token:
        length += 1
    return first[:length]


def _token_ids(tokens: Sequence[ChosenToken]) -> list[int]:
    return [token.token for token in tokens]
