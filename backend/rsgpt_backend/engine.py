"""The predictor: encode a picture once, ask it many things, in batches, token by token.

It knows no HTTP and no files chosen by a client. One thread at a time may use it.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import Tensor

from .asking import Answer, Ask, FinishReason, Step, Token
from .choosing import likeliest, most_read, options_of, together, with_choices, wordings
from .confidence import calibrated, confidence
from .errors import EngineError
from .features import FeatureFiles, Features, features_folder
from .model import placing
from .model.beams import Search, search
from .model.config import ModelConfig
from .model.decoding import Chosen, Decoder, Draw, Rules
from .model.efficientnet import EfficientNetLite
from .model.fingerprint import fingerprint
from .model.heap import give_back
from .model.instructions import Instruction
from .model.language_files import language_folder
from .model.memory import Room, Size, available, fitting, room, rows_that_fit, size_of
from .model.packed import packed
from .model.precision import precision
from .model.registry import model_folder
from .model.rsgpt import Prefix, Rsgpt
from .model.scoring import score
from .model.sharing import share, shares
from .model.vision import to_bytes
from .model.weights import load_model
from .wording import is_degenerate, until_stop

_KEPT_PICTURES = 512  # features of this many pictures stay in memory; 213 kB each for the small model
_MUCH = 3e9  # bytes
_ENCODED = 4  # pictures at once; more take more memory than the C library hands out quickly, and longer each
_LONGEST_SEARCH = 256  # tokens: RSGPT's answers, which are searched, have as many at most
_CHOICES = 256  # are scored at once; each has scores over the vocabulary for each of its tokens
_MANY = 1000  # asks, after which free memory is given back: its gaps grow with each, but to take it anew costs time
_ALTERNATIVES = 20  # as many as an ask may want; the first token's decide a confidence, whatever is asked for


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
        self._rules = Rules(
            config.language.eos_id, config.repetition_penalty, config.no_repeat_ngram, openings, config.patient
        )
        self._device = next(model.bridge.parameters()).device
        self._over = {parameter.device for parameter in model.language.parameters()}
        self._features = Features(_KEPT_PICTURES)
        self._asked = 0  # since free memory was given back
        self.alive: Callable[[], None] = lambda: None
        self.early: Callable[[Step], None] | None = None

    @classmethod
    def load(
        cls, name: str, wanted: str = "auto", tell: Callable[[str], None] = lambda _: None, device: str = "auto"
    ) -> Engine:
        """A model by its name or its folder, in a precision of model/precision.py; auto: the best that fits.

        A small one stays in float32: at its size bfloat16 was no faster on a processor that has it, and what a picture
        was told then depended on the others in its batch; in float32 it does not. tell: as for fitting_precision.
        """
        over = placing.devices(device)
        folder, chosen = model_folder(name), fitting_precision(name, wanted, tell, device)
        model = load_model(folder, precision(chosen, over[0]))
        return cls(_quickened(placing.place(model, over)), fingerprint(model.config, folder, chosen), chosen)

    def keep_features(self, limit: int) -> None:
        """Keep features of pictures in files, too, for engines to come: at most so many bytes; 0 keeps none there.

        The asks' image keys must be hashes then.
        """
        files = FeatureFiles(features_folder(), _maker(self.model), limit) if limit > 0 else None
        self._features = Features(_KEPT_PICTURES, files)

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
            give_back()
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
            rows = [_Row(self.model, ask, len(one)) for ask, one in zip(part, read, strict=True)]
            told = self._chosen(features, rows) if not beams else self._written(features, rows, read, beams, places)
            for step in told:
                yield replace(step, index=places[step.index])

    def _completed(self, ask: Ask) -> Ask:
        """The ask with what the model decides where it says nothing."""
        limit = ask.max_new_tokens or self.model.config.max_new_tokens
        return replace(ask, prompt=ask.prompt or self.caption_prompt, max_new_tokens=limit)

    def _written(
        self, features: Tensor, rows: Sequence[_Row], read: Sequence[Instruction], beams: int, places: Sequence[int]
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

    def _chosen(self, features: Tensor, rows: Sequence[_Row]) -> Iterator[Step]:
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

    def _decoded(self, prefix: Prefix, rows: Sequence[_Row]) -> Iterator[Step]:
        draws = [Draw(row.ask.temperature, row.ask.seed, _ALTERNATIVES, row.ask.top_p) for row in rows]
        return _run(Decoder(self.model.language, prefix, draws, self._rules), rows, self._rules.eos)

    def _searched(self, prefix: Prefix, rows: Sequence[_Row], beams: int, places: Sequence[int]) -> Iterator[Step]:
        """Beam search: a row's tokens come at its end, but for those that `early` took."""
        most = [row.ask.max_new_tokens for row in rows]
        how = Search(beams, self._rules, most, _ALTERNATIVES, max(row.ask.top_logprobs for row in rows))
        early, told = self.early, [0] * len(rows)

        def cancelled() -> list[bool]:
            self.alive()
            return [row.ask.cancel.is_set() for row in rows]

        def settled(one: Chosen) -> None:
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


def fitting_precision(
    name: str, wanted: str, tell: Callable[[str], None] = lambda _: None, device: str = "auto"
) -> str:
    """The precision of model/precision.py to load a model in on a device; ModelError if it does not fit.

    tell: takes a sentence on what it needs, where that is much.
    """
    folder, place = model_folder(name), room(placing.devices(device))
    size = _size(folder)
    chosen = fitting(size, place, wanted)
    if size.bytes(chosen) > _MUCH:
        tell(f"{folder.name} in {chosen} needs {size.bytes(chosen) / 1e9:.1f} GB, {place.free / 1e9:.1f} GB are free.")
    return chosen


def best_precision(name: str, device: str) -> str:
    """The precision for a cluster whose machines are not known here: the same for all, so that they answer alike.

    It does not depend on memory: a machine that has too little of it says so when it loads the model.
    """
    return fitting(_size(model_folder(name)), Room(math.inf, torch.device(device)))


def _size(folder: Path) -> Size:
    return size_of(folder, language_folder(ModelConfig.read(folder).language, folder))


def _quickened(model: Rsgpt) -> Rsgpt:
    """The same model, that says the same, and can be neither trained nor saved any more."""
    if isinstance(model.encoder, EfficientNetLite):
        model.encoder.fold()
    if shares(model.language):
        share(model.language)
    packed(model)
    give_back()  # what the matrices took before
    return model


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


class _Row:
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

    def add(self, chosen: Chosen) -> Token:
        """Take a token in; its text may be empty where a character is not complete yet."""
        _check_finite([chosen.logprob])
        self._ids.append(chosen.token)
        text = self._read(whole=self.full)
        piece, self._text = text[len(self._text) :], text
        if not self._tokens:
            self._openings = self._alternatives(chosen, _ALTERNATIVES)
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

    def _alternatives(self, chosen: Chosen, most: int) -> tuple[tuple[str, float], ...]:
        return tuple((self._tokenizer.decode([token]), logprob) for token, logprob in chosen.top[:most])


def _check_finite(logprobs: Sequence[float]) -> None:
    """EngineError where the model computed no number: whatever it said then would look like an answer."""
    if not all(map(math.isfinite, logprobs)):
        raise EngineError("The model computed NaN or infinity for this picture. Check the model with `rsgpt doctor`.")


def _run(decoder: Decoder, rows: Sequence[_Row], eos: int) -> Iterator[Step]:
    while decoder.rows:
        going: list[Chosen] = []
        for chosen in decoder.choose():
            row = rows[chosen.row]
            reason = _ending(row, chosen, eos)
            if reason:
                yield Step(chosen.row, answer=row.finish(reason))
            else:
                yield Step(chosen.row, token=row.add(chosen))
                going.append(chosen)
        decoder.advance(going)


def _ending(row: _Row, chosen: Chosen, eos: int) -> FinishReason | None:
    if row.ask.cancel.is_set():
        return "cancelled"
    if chosen.token == eos or row.stopped:
        return "stop"
    return "length" if row.full else None
