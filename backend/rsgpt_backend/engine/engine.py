"""The predictor: encode a picture once, ask it many things, in batches, token by token.

It knows no HTTP and no files chosen by a client. One thread at a time may use it.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace

import torch
from torch import Tensor

from ..errors import EngineError
from ..model.decoding.answer_scoring import score
from ..model.decoding.beam_search import Search, search
from ..model.decoding.generation import ChosenToken, Decoder, DecodingRules, Sampling
from ..model.hardware.heap import trim_heap
from ..model.hardware.memory import available, rows_that_fit
from ..model.instructions import Instruction
from ..model.rsgpt import Prefix, Rsgpt
from ..model.vision.encoders import to_bytes
from ..predictor import Answer, Ask, FinishReason, Step
from .answer_row import ALTERNATIVES, AnswerRow
from .choices import most_read, options_of, together, with_choices, wordings
from .feature_cache import FeatureCache, FeatureFiles, features_folder

_KEPT_PICTURES = 512  # features of this many pictures stay in memory; 213 kB each for the small model
_ENCODED = 4  # pictures at once; more take more memory than the C library hands out quickly, and longer each
_LONGEST_SEARCH = 256  # tokens: RSGPT's answers, which are searched, have as many at most
_CHOICES = 256  # are scored at once; each has scores over the vocabulary for each of its tokens
_MANY = 1000  # asks, after which free memory is given back: its gaps grow with each, but to take it anew costs time


class Engine:
    """A loaded model that answers batches of asks."""

    def __init__(self, model: Rsgpt, fingerprint: str = "", precision: str = "fp32") -> None:
        """fingerprint: of model/fingerprint.py; precision: the name of the one that the model was loaded in."""
        self.model = model
        self.name = model.config.name
        self.weights_sha256 = model.config.weights_sha256
        self.fingerprint, self.precision = fingerprint, precision
        config = model.config
        openings = tuple((token, config.yes_odds) for token in _yes(model)) if config.yes_odds else ()
        self._rules = DecodingRules(
            config.language.eos_id, config.repetition_penalty, config.no_repeat_ngram, openings, config.patient
        )
        self._device = next(model.bridge.parameters()).device
        self._over = {parameter.device for parameter in model.language.parameters()}
        self._features = FeatureCache(_KEPT_PICTURES)
        self._asked = 0  # since free memory was given back
        self.alive: Callable[[], None] = lambda: None
        self.early: Callable[[Step], None] | None = None

    def keep_features(self, limit: int) -> None:
        """Keep features of pictures in files, too, for engines to come: at most so many bytes; 0 keeps none there.

        The asks' image keys must be hashes then.
        """
        files = FeatureFiles(features_folder(), _maker(self.model), limit) if limit > 0 else None
        self._features = FeatureCache(_KEPT_PICTURES, files)

    @property
    def caption_prompt(self) -> str:
        """What to ask for a caption."""
        return self.model.config.caption_prompt

    @property
    def detail_prompt(self) -> str:
        """What to ask for a longer description; for a model that knows none, a caption."""
        return self.model.config.detail_prompt or self.caption_prompt

    @torch.inference_mode()
    def stream(self, asks: Sequence[Ask]) -> Iterator[Step]:
        """Answer a batch; see asking.Predictor."""
        if not asks:
            return
        self._asked += len(asks)
        if self._asked > _MANY:
            self._asked = 0
            trim_heap()
        try:
            yield from self._stream(asks)
        except (RuntimeError, ValueError, IndexError) as error:
            raise EngineError(f"The model failed on this input: {error}. Ask again with a shorter prompt.") from error

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        """Whole answers, in the order of the asks."""
        answers = {step.index: step.answer for step in self.stream(asks) if step.answer}
        return [answers[index] for index in range(len(asks))]

    def _stream(self, asks: Sequence[Ask]) -> Iterator[Step]:
        asks = [with_choices(self._completed(ask)) for ask in asks]
        instructions = self.model.instruct([ask.prompt for ask in asks])
        for beams, places in self._parts(asks, [len(one) for one in instructions]):
            part, read = [asks[place] for place in places], [instructions[place] for place in places]
            features = self._encode(part)
            self.alive()  # encoding may have taken long
            rows = [AnswerRow(self.model, ask, len(one)) for ask, one in zip(part, read, strict=True)]
            told = self._chosen(features, rows) if not beams else self._written(features, rows, read, beams, places)
            for step in told:
                yield replace(step, index=places[step.index])

    def _completed(self, ask: Ask) -> Ask:
        """The ask with what the model decides where it says nothing."""
        limit = ask.max_new_tokens or self.model.config.max_new_tokens
        return replace(ask, prompt=ask.prompt or self.caption_prompt, max_new_tokens=limit)

    def _written(
        self,
        features: Tensor,
        rows: Sequence[AnswerRow],
        read: Sequence[Instruction],
        beams: int,
        places: Sequence[int],
    ) -> Iterator[Step]:
        prefix = self.model.prefix(features, read)
        return self._decoded(prefix, rows) if beams == 1 else self._searched(prefix, rows, beams, places)

    def _parts(self, asks: Sequence[Ask], lengths: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
        """Beams, and the places of the asks that are answered together: alike, and no more than there is memory for.

        No beams: they have choices. lengths: of the prompts. Those of a length come together, so that a part holds
        little padding.
        """
        alike: dict[int, list[int]] = defaultdict(list)
        for place, ask in enumerate(asks):
            alike[self._beams(ask)].append(place)
        for beams, places in sorted(alike.items()):
            places.sort(key=lengths.__getitem__)
            tokens = self.model.config.qformer.queries + max(lengths[one] + _longest(asks[one]) for one in places)
            free = sum(map(available, self._over))
            wide = beams or max(most_read(asks[one]) for one in places)
            most = rows_that_fit(self.model.language.config, wide * tokens, free)
            most = most if beams else min(most, max(1, _CHOICES // wide))
            for start in range(0, len(places), most):
                yield beams, places[start : start + most]

    def _beams(self, ask: Ask) -> int:
        """Answers followed at once, none for choices. A search tells little before its end: long answers have none."""
        if ask.choices:
            return 0
        if ask.temperature > 0 or ask.max_new_tokens > _LONGEST_SEARCH:
            return 1
        return ask.beams or self.model.config.beams

    def _chosen(self, features: Tensor, rows: Sequence[AnswerRow]) -> Iterator[Step]:
        """The likeliest of each ask's choices, as one token."""
        prompts = [wordings(row.ask) for row in rows]
        known = {(row.ask.choices, row.ask.is_number): options_of(self.model, row.ask) for row in rows}
        scores: list[list[list[float]]] = [[] for _ in rows]
        for turn in range(max(map(len, prompts))):  # one wording after another, as each takes as much memory
            places = [place for place, some in enumerate(prompts) if turn < len(some)]
            read = self.model.instruct([prompts[place][turn] for place in places])
            asks = [rows[place].ask for place in places]
            options = [known[ask.choices, ask.is_number] for ask in asks]
            prefix = self.model.prefix(features[places], read)
            found = score(self.model.language, prefix, options, self._rules, [most_read(ask) for ask in asks])
            self.alive()
            for place, one in zip(places, found, strict=True):
                scores[place].append(one)
        for place, row in enumerate(rows):
            shares = together(row.ask, scores[place])
            if row.ask.cancel.is_set():
                yield Step(place, answer=row.finish("cancelled"))
            else:
                yield Step(place, token=row.choose(shares))
                yield Step(place, answer=row.finish("stop"))

    def _decoded(self, prefix: Prefix, rows: Sequence[AnswerRow]) -> Iterator[Step]:
        draws = [Sampling(row.ask.temperature, row.ask.seed, ALTERNATIVES, row.ask.top_p) for row in rows]
        return _run(Decoder(self.model.language, prefix, draws, self._rules), rows, self._rules.eos)

    def _searched(self, prefix: Prefix, rows: Sequence[AnswerRow], beams: int, places: Sequence[int]) -> Iterator[Step]:
        """Beam search: a row's tokens come at its end, but for those that `early` took."""
        most = [row.ask.max_new_tokens for row in rows]
        how = Search(beams, self._rules, most, ALTERNATIVES, max(row.ask.top_logprobs for row in rows))
        early, told = self.early, [0] * len(rows)

        def cancelled() -> list[bool]:
            self.alive()
            return [row.ask.cancel.is_set() for row in rows]

        def settled(one: ChosenToken) -> None:
            if early is not None and not rows[one.row].stopped:
                told[one.row] += 1
                early(Step(places[one.row], token=rows[one.row].add(one)))

        for place, tokens in search(self.model.language, prefix, how, cancelled, settled if early else None):
            row = rows[place]
            for one in tokens[told[place] :]:
                if row.stopped:
                    break
                yield Step(place, token=row.add(one))
            reason: FinishReason = "length" if row.full and not row.stopped else "stop"
            yield Step(place, answer=row.finish("cancelled" if row.ask.cancel.is_set() else reason))

    def _encode(self, asks: Sequence[Ask]) -> Tensor:
        """Features [asks, cells, width]; each picture is encoded once, however often it is asked."""
        images = {ask.image_key: ask.image for ask in asks}
        known = self._features.get(images)
        missing, size = [key for key in images if key not in known], self.model.config.vision.image_size
        for start in range(0, len(missing), _ENCODED):
            keys = missing[start : start + _ENCODED]
            encoded = self.model.encode(to_bytes([images[key] for key in keys], size).to(self._device))
            self.alive()
            # A view would keep its whole batch in memory.
            made = {key: features.clone() for key, features in zip(keys, encoded, strict=True)}
            self._features.put(made)
            known |= made
        return torch.stack([known[ask.image_key].to(self._device) for ask in asks])


def _longest(ask: Ask) -> int:
    """Tokens that its answer may have; of a choice hardly more than bytes."""
    return max((len(choice.encode()) for choice in ask.choices), default=ask.max_new_tokens)


def _maker(model: Rsgpt) -> str:
    """Names what decides a picture's features to the last bit, as far as a machine's processor does not."""
    formats = sorted({str(parameter.dtype) for parameter in model.encoder.parameters()})
    device = next(model.encoder.parameters()).device.type
    parts = [model.config.weights_sha256, asdict(model.config.vision), formats, device, torch.__version__]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _yes(model: Rsgpt) -> list[int]:
    """The tokens of a yes that begins an answer."""
    lead = model.config.language.lead
    written = [model.tokenizer.encode(f"{lead}{word}", add_special_tokens=False) for word in ("yes", "Yes")]
    return [int(ids[0]) for ids in written if len(ids) == 1]


def _run(decoder: Decoder, rows: Sequence[AnswerRow], eos: int) -> Iterator[Step]:
    while decoder.rows:
        going: list[ChosenToken] = []
        for chosen in decoder.choose():
            row = rows[chosen.row]
            reason = _ending(row, chosen, eos)
            if reason:
                yield Step(chosen.row, answer=row.finish(reason))
            else:
                yield Step(chosen.row, token=row.add(chosen))
                going.append(chosen)
        decoder.advance(going)


def _ending(row: AnswerRow, chosen: ChosenToken, eos: int) -> FinishReason | None:
    if row.ask.cancel.is_set():
        return "cancelled"
    if chosen.token == eos or row.stopped:
        return "stop"
    return "length" if row.full else None
