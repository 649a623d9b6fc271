"""The engine: it encodes each picture once and answers batches of prompts about pictures, token by token.

Only one thread at a time may use it.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from itertools import chain

import torch
from torch import Tensor

from rsgpt_plugin.shared.objects.shown import Shown

from ..errors import EngineError
from ..model.decoding.answer_scoring import score
from ..model.decoding.beam_search import Search, search
from ..model.decoding.generation import ChosenToken, Decoder, DecodingRules, Sampling
from ..model.fingerprint import without_absent
from ..model.hardware.heap import trim_heap
from ..model.hardware.memory import free_bytes, rows_that_fit
from ..model.instructions import Instruction
from ..model.rsgpt import Prefix, Rsgpt
from ..model.vision.encoders import to_bytes
from ..model.vision.ground_resolution import input_resolution
from ..predictor import Answer, Ask, Classification, Embedding, FinishReason, KeyedPicture, Step
from .answer_row import ALTERNATIVES, AnswerRow, check_finite
from .choices import choice_logprobs, max_spellings_scored, question_of, spelling_tokens, with_choices, wordings
from .embedding import matching_head, picture_embeddings, text_embeddings
from .feature_cache import FeatureCache, FeatureFiles, features_folder
from .heads.classification import classified
from .heads.classifier_answers import ClassifierAnswers
from .heads.finder_answers import FinderAnswers
from .heads.question_reader import QuestionReader
from .heads.showing import show
from .sentences import SentenceModel, load_sentence_model
from .tasks import capabilities_of, task_answer

_CACHED_PICTURES = 512  # features of this many pictures stay in memory; 213 kB each for the small model
_ENCODER_BATCH = 4  # more pictures at once need memory blocks that the C library allocates slowly, and take longer each
_LONGEST_SEARCH = 256  # tokens, the maximum length of RSGPT's answers, which come from a beam search
_SCORED_CHOICES = 256  # at once; each has scores over the vocabulary for each of its tokens
_TRIM_INTERVAL = 1000  # asks between two trims of the heap: gaps in it grow with each ask, but a trim costs time


class Engine:
    """A loaded model that answers batches of asks."""

    def __init__(self, model: Rsgpt, fingerprint: str = "", precision: str = "fp32") -> None:
        """fingerprint: see model/fingerprint.py; precision: the name of the precision that the model was loaded in."""
        self.model = model
        self.name = model.config.name
        self.weights_sha256 = model.config.weights_sha256
        self.fingerprint, self.precision = fingerprint, precision
        config = model.config
        self.capabilities = capabilities_of(model)
        openings = tuple((token, config.yes_odds) for token in _yes_tokens(model)) if config.yes_odds else ()
        self._rules = DecodingRules(
            config.language.eos_id, config.repetition_penalty, config.no_repeat_ngram, openings, config.patient
        )
        self._device = next(model.bridge.parameters()).device
        self._language_devices = {parameter.device for parameter in model.language.parameters()}
        self._features = FeatureCache(_CACHED_PICTURES)
        self._finder_answers = FinderAnswers(model, self._beat)
        self._classifier_answers = ClassifierAnswers(model, self._encode)
        self._questions = QuestionReader(model)
        self._sentences: SentenceModel | None = None
        self._asks_since_trim = 0
        self.on_heartbeat: Callable[[], None] = lambda: None
        self.early: Callable[[Step], None] | None = None

    def _beat(self) -> None:
        self.on_heartbeat()  # looked up at each call, because the server sets it later

    def cache_features(self, limit: int) -> None:
        """Cache features of pictures also in files, of at most `limit` bytes, for later engines; 0 turns that off.

        The image keys of the asks must then be hashes of the pictures.
        """
        files = FeatureFiles(features_folder(), _encoder_fingerprint(self.model), limit) if limit > 0 else None
        self._features = FeatureCache(_CACHED_PICTURES, files)

    @property
    def caption_prompt(self) -> str:
        """The prompt that asks for a caption."""
        return self.model.config.caption_prompt

    @property
    def detail_prompt(self) -> str:
        """The prompt that asks for a longer description; the caption prompt if the model has none."""
        return self.model.config.detail_prompt or self.caption_prompt

    @torch.inference_mode()
    def stream(self, asks: Sequence[Ask]) -> Iterator[Step]:
        """Answer a batch; see predictor.Predictor."""
        if not asks:
            return
        self._asks_since_trim += len(asks)
        if self._asks_since_trim > _TRIM_INTERVAL:
            self._asks_since_trim = 0
            trim_heap()
        try:
            yield from self._stream(asks)
        except (RuntimeError, ValueError, IndexError) as error:
            raise EngineError(f"The model failed on this input: {error}. Ask again with a shorter prompt.") from error

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        """Return the finished answers, in the order of the asks."""
        answers = {step.index: step.answer for step in self.stream(asks) if step.answer}
        return [answers[index] for index in range(len(asks))]

    @torch.inference_mode()
    def show(self, ask: Ask) -> Shown:
        """Return where in the picture the thing is that the prompt asks about. Raises EngineError."""
        try:
            (row,), _ = self._rows([ask])
            return show(row, self._classifier_answers, self._finder_answers)
        except (RuntimeError, ValueError, IndexError) as error:
            raise EngineError(f"The model failed on this picture: {error}. Try a smaller picture.") from error

    @torch.inference_mode()
    def embed(self, items: Sequence[str | KeyedPicture]) -> list[Embedding]:
        """Return the vectors of texts and pictures; see predictor.Predictor."""
        matching_head(self.model)
        pictures = [item for item in items if isinstance(item, KeyedPicture)]
        texts = [item for item in items if isinstance(item, str)]
        try:
            embedded = picture_embeddings(self.model, pictures, self._encode(pictures)) if pictures else []
            written = text_embeddings(self.model, texts, self._device) if texts else []
        except (RuntimeError, ValueError, IndexError) as error:
            raise EngineError(f"The model failed on this input: {error}. Try fewer pictures or texts.") from error
        of_pictures, of_texts = iter(embedded), iter(written)
        return [next(of_pictures if isinstance(item, KeyedPicture) else of_texts) for item in items]

    def embed_sentences(self, texts: Sequence[str]) -> list[Embedding]:
        """Return the vectors of sentences; see predictor.Predictor."""
        self._sentences = self._sentences or load_sentence_model()
        return self._sentences.embed(texts)

    @torch.inference_mode()
    def classify(self, pictures: Sequence[KeyedPicture]) -> list[Classification]:
        """Return what the classifier sees in pictures, nothing if the model has none. Raises EngineError."""
        try:
            return classified(self.model, self._encode(pictures)) if pictures else []
        except (RuntimeError, ValueError, IndexError) as error:
            raise EngineError(f"The model failed on this input: {error}. Try fewer pictures.") from error

    def perform(self, ask: Ask) -> Answer:
        """Return the result of the task of an ask; see predictor.Predictor."""
        return task_answer(self, ask)

    def _stream(self, asks: Sequence[Ask]) -> Iterator[Step]:
        all_rows, instructions = self._rows(asks)
        self._measure_novelty([row for row in all_rows if not row.ask.cancel.is_set()])
        answered = set[int]()
        for step in chain(self._classifier_answers.stream(all_rows), self._finder_answers.stream(all_rows)):
            answered.add(step.index)
            yield step
            self.on_heartbeat()
        for index, row in enumerate(all_rows):
            if row.ask.cancel.is_set() and index not in answered:
                answered.add(index)
                yield Step(index, answer=row.finish("cancelled"))
        unanswered = [index for index in range(len(all_rows)) if index not in answered]
        self._classifier_answers.propose([all_rows[index] for index in unanswered])
        asks = [row.ask for row in all_rows]
        for beams, indices in self._parts(asks, [len(instruction) for instruction in instructions], unanswered):
            rows, part_instructions = [all_rows[index] for index in indices], [instructions[index] for index in indices]
            features = self._encode([row.ask for row in rows])
            self.on_heartbeat()  # encoding may take long
            for step in self._run_part(features, rows, part_instructions, beams, indices):
                yield replace(step, index=indices[step.index])

    def _rows(self, asks: Sequence[Ask]) -> tuple[list[AnswerRow], list[Instruction]]:
        """Return the rows of asks, with their questions read, and their instructions."""
        asks = list(map(self._with_defaults, asks))
        questions = self._questions.read(list(map(question_of, asks)))
        asks = [with_choices(*pair) for pair in zip(asks, questions, strict=True)]
        instructions = self.model.instruct([ask.prompt for ask in asks])
        rows = [AnswerRow(self.model, *row) for row in zip(asks, map(len, instructions), questions, strict=True)]
        return rows, instructions

    def _measure_novelty(self, rows: Sequence[AnswerRow]) -> None:
        if self.model.novelty is None or not rows:
            return
        values = self.model.novelty(self._encode([row.ask for row in rows])).tolist()
        check_finite(values)
        for row, value in zip(rows, values, strict=True):
            row.novelty = value

    def _with_defaults(self, ask: Ask) -> Ask:
        limit = ask.max_new_tokens or self.model.config.max_new_tokens
        return replace(ask, prompt=ask.prompt or self.caption_prompt, max_new_tokens=limit)

    def _parts(
        self, asks: Sequence[Ask], lengths: Sequence[int], unanswered: Sequence[int]
    ) -> Iterator[tuple[int, list[int]]]:
        """Split the unanswered asks, given by their indices, into parts with the same decoding that fit into memory.

        Yields the number of beams, 0 for choices, and the indices of the asks. lengths: of the prompts, in tokens;
        prompts of similar length share a part, so that it contains little padding.
        """
        by_beams: dict[int, list[int]] = defaultdict(list)
        for index in unanswered:
            by_beams[self._beams(asks[index])].append(index)
        for beams, indices in sorted(by_beams.items()):
            indices.sort(key=lengths.__getitem__)
            longest = max(lengths[index] + _max_answer_tokens(asks[index]) for index in indices)
            tokens = self.model.config.qformer.queries + longest
            free = sum(map(free_bytes, self._language_devices))
            branches = beams or max(max_spellings_scored(asks[index]) for index in indices)
            size = rows_that_fit(self.model.language.config, branches * tokens, free)
            size = size if beams else min(size, max(1, _SCORED_CHOICES // branches))
            for start in range(0, len(indices), size):
                yield beams, indices[start : start + size]

    def _beams(self, ask: Ask) -> int:
        """Return the number of beams, 0 for choices. Long answers are not searched: a search streams little."""
        if ask.choices:
            return 0
        if ask.temperature > 0 or ask.max_new_tokens > _LONGEST_SEARCH:
            return 1
        return ask.beams or self.model.config.beams

    def _run_part(
        self,
        features: Tensor,
        rows: Sequence[AnswerRow],
        instructions: Sequence[Instruction],
        beams: int,
        indices: Sequence[int],
    ) -> Iterator[Step]:
        """indices: of the rows in the batch, for steps that are reported early."""
        if not beams:
            return self._score_choices(features, rows)
        prefix = self.model.prefix(features, instructions, self._ground([row.ask for row in rows]))
        return self._decode(prefix, rows) if beams == 1 else self._beam_search(prefix, rows, beams, indices)

    def _score_choices(self, features: Tensor, rows: Sequence[AnswerRow]) -> Iterator[Step]:
        prompts = [wordings(row.ask) for row in rows]
        options_by_choices = {
            (row.ask.choices, row.ask.is_whole_number): spelling_tokens(self.model, row.ask) for row in rows
        }
        scores: list[list[list[float]]] = [[] for _ in rows]
        for turn in range(max(map(len, prompts))):  # one wording at a time, because each needs the same memory
            indices = [index for index, row_prompts in enumerate(prompts) if turn < len(row_prompts)]
            instructions = self.model.instruct([prompts[index][turn] for index in indices])
            asks = [rows[index].ask for index in indices]
            options = [options_by_choices[ask.choices, ask.is_whole_number] for ask in asks]
            prefix = self.model.prefix(features[indices], instructions, self._ground(asks))
            limits = [max_spellings_scored(ask) for ask in asks]
            turn_scores = score(self.model.language, prefix, options, self._rules, limits)
            self.on_heartbeat()
            for index, row_scores in zip(indices, turn_scores, strict=True):
                scores[index].append(row_scores)
        for index, row in enumerate(rows):
            logprobs = choice_logprobs(row.ask, scores[index])
            if row.ask.cancel.is_set():
                yield Step(index, answer=row.finish("cancelled"))
            else:
                yield Step(index, token=row.choose(logprobs))
                yield Step(index, answer=row.finish("stop"))

    def _decode(self, prefix: Prefix, rows: Sequence[AnswerRow]) -> Iterator[Step]:
        samplings = [Sampling(row.ask.temperature, row.ask.seed, ALTERNATIVES, row.ask.top_p) for row in rows]
        return _run(Decoder(self.model.language, prefix, samplings, self._rules), rows, self._rules.eos)

    def _beam_search(
        self, prefix: Prefix, rows: Sequence[AnswerRow], beams: int, indices: Sequence[int]
    ) -> Iterator[Step]:
        """Yield the tokens that `early` did not receive together with the answer."""
        limits = [row.ask.max_new_tokens for row in rows]
        settings = Search(beams, self._rules, limits, ALTERNATIVES, max(row.ask.top_logprobs for row in rows))
        early, reported = self.early, [0] * len(rows)

        def cancelled() -> list[bool]:
            self.on_heartbeat()
            return [row.ask.cancel.is_set() for row in rows]

        def report_early(token: ChosenToken) -> None:
            if early is not None and not rows[token.row].stopped:
                reported[token.row] += 1
                early(Step(indices[token.row], token=rows[token.row].add(token)))

        answers = search(self.model.language, prefix, settings, cancelled, report_early if early else None)
        for index, tokens in answers:
            row = rows[index]
            for token in tokens[reported[index] :]:
                if row.stopped:
                    break
                yield Step(index, token=row.add(token))
            reason: FinishReason = "length" if row.full and not row.stopped else "stop"
            yield Step(index, answer=row.finish("cancelled" if row.ask.cancel.is_set() else reason))

    def _ground(self, asks: Sequence[Ask]) -> Tensor:
        """Return [asks], meters per pixel of the model's input, NaN if unknown."""
        size = self.model.config.vision.image_size
        return torch.tensor([input_resolution(ask.gsd_m, *ask.image.size, size) for ask in asks], device=self._device)

    def _encode(self, asks: Sequence[Ask | KeyedPicture]) -> Tensor:
        """Return features [asks, cells, width]; each picture is encoded once, even if several asks share it."""
        images = {ask.image_key: ask.image for ask in asks}
        cached = self._features.get(images)
        missing, size = [key for key in images if key not in cached], self.model.config.vision.image_size
        for start in range(0, len(missing), _ENCODER_BATCH):
            keys = missing[start : start + _ENCODER_BATCH]
            encoded = self.model.encode(to_bytes([images[key] for key in keys], size).to(self._device))
            self.on_heartbeat()
            # A view would keep its whole batch in memory.
            features_by_key = {key: features.clone() for key, features in zip(keys, encoded, strict=True)}
            self._features.put(features_by_key)
            cached |= features_by_key
        return torch.stack([cached[ask.image_key].to(self._device) for ask in asks])


def _max_answer_tokens(ask: Ask) -> int:
    """Return the maximum length of an answer in tokens; a choice has at most about one per byte."""
    return max((len(choice.encode()) for choice in ask.choices), default=ask.max_new_tokens)


def _encoder_fingerprint(model: Rsgpt) -> str:
    """Return a hash of all that determines the features of a picture, except the CPU."""
    formats = sorted({str(parameter.dtype) for parameter in model.encoder.parameters()})
    device = next(model.encoder.parameters()).device.type
    vision = without_absent(asdict(model.config.vision))
    vision.pop("ground_resolution", None)  # the Q-Former reads it, not the encoder
    parts = [model.config.weights_sha256, vision, formats, device, torch.__version__]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _yes_tokens(model: Rsgpt) -> list[int]:
    """Return the ids of "yes" and "Yes" at the start of an answer."""
    lead = model.config.language.lead
    encoded = [model.tokenizer.encode(f"{lead}{word}", add_special_tokens=False) for word in ("yes", "Yes")]
    return [int(ids[0]) for ids in encoded if len(ids) == 1]


def _run(decoder: Decoder, rows: Sequence[AnswerRow], eos: int) -> Iterator[Step]:
    while decoder.rows:
        unfinished: list[ChosenToken] = []
        for chosen in decoder.choose():
            row = rows[chosen.row]
            reason = _finish_reason(row, chosen, eos)
            if reason:
                yield Step(chosen.row, answer=row.finish(reason))
            else:
                yield Step(chosen.row, token=row.add(chosen))
                unfinished.append(chosen)
        decoder.advance(unfinished)


def _finish_reason(row: AnswerRow, chosen: ChosenToken, eos: int) -> FinishReason | None:
    if row.ask.cancel.is_set():
        return "cancelled"
    if chosen.token == eos or row.stopped:
        return "stop"
    return "length" if row.full else None
