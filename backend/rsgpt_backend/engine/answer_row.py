"""One prompt while it is being answered: its tokens so far, its text, and the confidence of the answer."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..errors import EngineError
from ..model.decoding.generation import ChosenToken
from ..model.rsgpt import Rsgpt
from ..predictor import Answer, Ask, FinishReason, Token
from .answer_text import is_degenerate, until_stop
from .choices import likeliest
from .confidence import calibrated, confidence

ALTERNATIVES = 20  # the maximum of top_logprobs; the confidence needs those of the first token in every case


class AnswerRow:
    """One ask while it is being answered."""

    def __init__(self, model: Rsgpt, ask: Ask, prompt_tokens: int) -> None:
        self.ask = ask
        self._tokenizer = model.tokenizer
        self._scales = model.config.calibration
        self._stops = (*model.config.language.stops, *ask.stops)
        self.stopped = False
        self._prompt_tokens = prompt_tokens + model.config.qformer.queries
        self._ids: list[int] = []
        self._tokens: list[Token] = []
        self._openings: tuple[tuple[str, float], ...] = ()
        self._text = ""
        self._choice: tuple[Token, float] | None = None

    @property
    def full(self) -> bool:
        """Whether the limit of new tokens is reached."""
        return len(self._ids) >= self.ask.max_new_tokens

    def add(self, chosen: ChosenToken) -> Token:
        """Take a token in; its text may be empty where a character is not complete yet."""
        _check_finite([chosen.logprob])
        self._ids.append(chosen.token)
        text = self._read(whole=self.full)
        piece, self._text = text[len(self._text) :], text
        if not self._tokens:
            self._openings = self._alternatives(chosen, ALTERNATIVES)
        self._tokens.append(Token(piece, chosen.logprob, self._alternatives(chosen, self.ask.top_logprobs)))
        return self._tokens[-1]

    def choose(self, logprobs: Sequence[float]) -> Token:
        """Take in what the ask's choices are worth."""
        _check_finite([one for one in logprobs if one != -math.inf])  # which stands for a number that was not read
        self._choice = likeliest(self.ask, logprobs, self._scales)
        return self._choice[0]

    def finish(self, reason: FinishReason) -> Answer:
        """The answer as it stands."""
        if self._choice:
            token, sure = self._choice
            return Answer(token.text, (token,), sure, reason, False, self._prompt_tokens)
        text = self._read(whole=True).strip()
        sure = calibrated(confidence(self._tokens, self._openings), text, self._scales)
        return Answer(text, tuple(self._tokens), sure, reason, is_degenerate(text), self._prompt_tokens)

    def _read(self, whole: bool) -> str:
        """The text so far, up to a stop; whole: nothing can follow that would make a stop of its end."""
        decoded = self._tokenizer.decode(self._ids, skip_special_tokens=True).lstrip()
        text, self.stopped = until_stop(decoded, self._stops, whole)
        return self._text if text.endswith("\N{REPLACEMENT CHARACTER}") and not self.full else text

    def _alternatives(self, chosen: ChosenToken, most: int) -> tuple[tuple[str, float], ...]:
        return tuple((self._tokenizer.decode([token]), logprob) for token, logprob in chosen.top[:most])


def _check_finite(logprobs: Sequence[float]) -> None:
    """EngineError where the model computed no number: whatever it said then would look like an answer."""
    if not all(map(math.isfinite, logprobs)):
        raise EngineError("The model computed NaN or infinity for this picture. Check the model with `rsgpt doctor`.")
