"""The confidence of an answer: computed from its tokens' probabilities and calibrated on validation data.

`rsgpt evaluate calibrate` fits the scales. Their names are the forms of answers: yes_no, phrase, and sentence for free
answers and captions; choice, number, and place for what the model chooses; count and found_place for what its finder
found; colored_place for what has the colors that a question names; presence (also the number 0) and kind for what its
classifier says; area for a kind of area that both choose.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ..predictor import Token

Scale = tuple[float, float]  # slope and offset of a confidence's log odds (Platt, 1999)

YES_NO = ("yes", "no")
_NOVELTY_WEIGHT = 2.0  # of the novelty, in log odds
_SIMILAR = {"place": "choice", "colored_place": "found_place"}  # form -> similar form, whose scale it may use
UNUSUAL = 0.5  # novelty from which answers about a picture are doubtful: of 1.5 % of validation pictures
_MAX_NOVELTY = 10.0  # a larger novelty would overflow the exponential
_EDGE = 1e-4  # log odds of 0 and 1 are infinite


def confidence(tokens: Sequence[Token], openings: Sequence[tuple[str, float]]) -> float:
    """Return the uncalibrated confidence, 0 to 1.

    For a yes or no: its share in the probability of both. Otherwise: the geometric mean of the tokens' probabilities.
    openings: the likeliest first tokens and their log probabilities, likeliest first.
    """
    if not tokens:
        return 0.0
    first = _word(tokens[0].text)
    shares = {word.strip().lower(): math.exp(logprob) for word, logprob in reversed(openings)}
    is_yes_no = answer_form("".join(token.text for token in tokens)) == "yes_no"
    if is_yes_no and first in YES_NO and all(word in shares for word in YES_NO):
        return shares[first] / sum(shares[word] for word in YES_NO)
    return math.exp(sum(token.logprob for token in tokens) / len(tokens))


def answer_form(text: str) -> str:
    """Return "yes_no", "phrase" or "sentence": the kinds of answers that are calibrated separately."""
    if _word(text) in YES_NO:
        return "yes_no"
    return "sentence" if text.endswith(".") and " " in text else "phrase"


def calibrated(value: float, text: str, scales: Mapping[str, Scale]) -> float:
    """Return the confidence of the answer `text` on the scale of its form; unchanged if there is no such scale."""
    return rescaled(value, scale_of(answer_form(text), scales))


def scale_of(form: str, scales: Mapping[str, Scale]) -> Scale:
    """Return the scale of a form of answers; without one, that of a similar form, or one that changes nothing."""
    return scales.get(form) or scales.get(_SIMILAR.get(form, form), (1.0, 0.0))


def rescaled(value: float, scale: Scale) -> float:
    """Return a confidence on a scale."""
    slope, offset = scale
    return value if (slope, offset) == (1.0, 0.0) else sigmoid(slope * log_odds(value) + offset)


def lowered(value: float, novelty: float) -> float:
    """Return the confidence of an answer about a picture with this novelty (model/heads/novelty.py)."""
    return value if novelty <= 0 else sigmoid(log_odds(value) - _NOVELTY_WEIGHT * min(novelty, _MAX_NOVELTY))


def log_odds(value: float) -> float:
    """Return the log odds of a confidence; finite for 0 and 1."""
    clamped = min(max(value, _EDGE), 1 - _EDGE)
    return math.log(clamped / (1 - clamped))


def sigmoid(odds: float) -> float:
    """Return the confidence that has these log odds."""
    return 1 / (1 + math.exp(-odds))


def _word(text: str) -> str:
    return text.strip().lower().rstrip(".,")
