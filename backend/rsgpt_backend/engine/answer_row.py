"""One ask while it is being answered: its tokens so far, its text, and the confidence of the answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from rsgpt_plugin.shared.answers.answered_by import LANGUAGE_MODEL

from ..errors import EngineError
from ..model.decoding.generation import ChosenToken
from ..model.rsgpt import Rsgpt
from ..predictor import Answer, Ask, FinishReason, Token
from .answer_text import is_degenerate, until_stop
from .choices import Proposal, choice_form, kind_share, likeliest
from .confidence import UNUSUAL, answer_form, calibrated, confidence, lowered, rescaled, scale_of
from .heads.question_reader import ParsedQuestion

_SMALLEST_PROBABILITY = 1e-9  # the logarithm of 0 is infinite
ALTERNATIVES = 20  # the maximum of top_logprobs; the confidence always needs those of the first token


class AnswerRow:
    """Collects the tokens, or the choice, of one ask and builds its answer."""

    def __init__(self, model: Rsgpt, ask: Ask, prompt_tokens: int, question: ParsedQuestion | None = None) -> None:
        """question: what the ask's prompt asks for, None if that was not recognized."""
        self.ask, self.question = ask, question
        self.proposal: Proposal | None = None
        self._tokenizer = model.tokenizer
        self._scales = model.config.calibration
        self._stops = (*model.config.language.stops, *ask.stops)
        self.stopped = False
        self.novelty = 0.0  # of the picture
        self.presence: float | None = None  # probability of the question's noun alone, None if unknown
        self._prompt_tokens = prompt_tokens + model.config.qformer.queries
        self._ids: list[int] = []
        self._tokens: list[Token] = []
        self._openings: tuple[tuple[str, float], ...] = ()
        self._text = ""
        self._choice: tuple[Token, float, str] | None = None  # its probability before calibration, and its form
        self._answered_by = LANGUAGE_MODEL

    @property
    def full(self) -> bool:
        """Whether the limit of new tokens is reached."""
        return len(self._ids) >= self.ask.max_new_tokens

    @property
    def is_selected(self) -> bool:
        """Whether it has an answer that was not written token by token."""
        return self._choice is not None

    def add(self, chosen: ChosenToken) -> Token:
        """Append a token and return it; its text is empty while a character is incomplete."""
        check_finite([chosen.logprob])
        self._ids.append(chosen.token)
        text = self._decode(is_final=self.full)
        piece, self._text = text[len(self._text) :], text
        if not self._tokens:
            self._openings = self._alternatives(chosen, ALTERNATIVES)
        self._tokens.append(Token(piece, chosen.logprob, self._alternatives(chosen, self.ask.top_logprobs)))
        return self._tokens[-1]

    def propose(self, proposal: Proposal) -> None:
        """Let the language model choose one of the proposed answers."""
        self.proposal, self.ask = proposal, replace(self.ask, choices=tuple(proposal.logprobs))

    def choose(self, logprobs: Sequence[float]) -> Token:
        """Select the likeliest choice, given the log probability of each choice, and return it as a token."""
        check_finite([logprob for logprob in logprobs if logprob != -math.inf])  # -inf: a spelling was not scored
        form = choice_form(self.ask)
        if self.proposal:
            form = self.proposal.form
            logprobs = [sum(pair) for pair in zip(logprobs, self.proposal.logprobs.values(), strict=True)]
        token = likeliest(self.ask, logprobs)
        is_free = form == "area"
        probability = kind_share(token, self.ask.choices, logprobs) if is_free else math.exp(token.logprob)
        self._choice = token, probability, form
        return token

    def select(self, text: str, probability: float, form: str, answered_by: str) -> Token:
        """Select an answer that was found without the language model, and return it as a token.

        probability: 0 to 1, that the answer is right, before calibration; form: the name of its calibration scale;
        answered_by: see Answer.
        """
        self._answered_by = answered_by
        logprob = math.log(max(probability, _SMALLEST_PROBABILITY))
        token = Token(text, logprob, ((text, logprob),)[: self.ask.top_logprobs])
        self._choice = token, probability, form
        return token

    def finish(self, reason: FinishReason) -> Answer:
        """Return the answer as it is now."""
        is_unusual = self.novelty >= UNUSUAL
        if self._choice:
            token, probability, form = self._choice
            sure = lowered(rescaled(probability * self._place_exists(), scale_of(form, self._scales)), self.novelty)
            by = self._answered_by
            return Answer(token.text, (token,), sure, reason, False, self._prompt_tokens, form, is_unusual, by)
        text = self._decode(is_final=True).strip()
        sure = lowered(calibrated(confidence(self._tokens, self._openings), text, self._scales), self.novelty)
        degenerate, form, by = is_degenerate(text), answer_form(text) if text else "", self._answered_by if text else ""
        return Answer(text, tuple(self._tokens), sure, reason, degenerate, self._prompt_tokens, form, is_unusual, by)

    def _place_exists(self) -> float:
        """Return the probability that a thing whose place is asked for is there, 1 if unknown."""
        is_place = self.question is not None and self.question.kind == "place"
        return self.presence if is_place and self.presence is not None else 1.0

    def _decode(self, is_final: bool) -> str:
        """Return the text up to a stop. is_final: no token follows, so a partial stop is text."""
        decoded = self._tokenizer.decode(self._ids, skip_special_tokens=True).lstrip()
        text, self.stopped = until_stop(decoded, self._stops, is_final)
        return self._text if text.endswith("\N{REPLACEMENT CHARACTER}") and not self.full else text

    def _alternatives(self, chosen: ChosenToken, count: int) -> tuple[tuple[str, float], ...]:
        return tuple((self._tokenizer.decode([token]), logprob) for token, logprob in chosen.top[:count])


def check_finite(logprobs: Sequence[float]) -> None:
    """Raise EngineError if a number is not finite: the text would look like an answer all the same."""
    if not all(map(math.isfinite, logprobs)):
        raise EngineError("The model computed NaN or infinity for this picture. Check the model with `rsgpt doctor`.")
