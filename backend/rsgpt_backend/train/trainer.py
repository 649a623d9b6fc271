"""Training of the bridge with frozen encoder and language model; a killed run resumes exactly.

A run writes one folder: the adapted encoder, features, checkpoints, and at the end the model.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from ..errors import UsageError
from ..model.hardware.heap import retain_freed_memory, trim_heap
from ..model.hardware.precision import Precision
from ..model.heads.matching import MatchingHead, matching_loss
from ..model.rsgpt import Rsgpt, pad
from ..model.vision.efficientnet import EfficientNetLite
from ..model.weights import load_model, load_published, save_model
from ..strict_json import json_text
from .adaptation.encoder_adaptation import CHECKPOINT, adapt_encoder, scene_accuracy
from .adaptation.object_task import ObjectTask
from .examples.corpus import Corpus, DrawnPrompt
from .examples.views import FeatureStore, store_name
from .examples.wordings import Wordings
from .finder.crops import FinderPictures
from .finder.finder_training import train_finder
from .finite import check_learning, finite_mean
from .heads.classifier_training import fit_novelty, presence_accuracy, train_classifier
from .heads.question_training import question_accuracy, train_question_parser
from .memory_check import check_memory
from .naming import NamedWords
from .number_formats import autocast, number_format
from .official import write_official
from .process_group import ProcessGroup
from .prompt_packing import PromptGroup, pack
from .recipe import Recipe
from .run_files import claim, load_checkpoint, read_tensors, save_checkpoint, write_tensors
from .schedule import LearningRateSchedule
from .token_scores import answer_logits, shard

_NO_DECAY = ("bias", "norm", "ln_", "positions")
_LOG_EVERY = 50


class Trainer:
    """One run of a recipe in one folder, in one or several processes."""

    def __init__(self, recipe: Recipe, data: Path, out: Path, processes: ProcessGroup) -> None:
        self.recipe, self.out, self.processes, self.device = recipe, out, processes, processes.device
        self.dtype = number_format(recipe.precision, self.device)
        if recipe.batch % processes.size:
            raise UsageError(f"A batch of {recipe.batch} cannot be shared by {processes.size} processes. Change one.")
        for files in (recipe.question_parser.wordings, recipe.question_parser.held_out):
            if files and recipe.question_parser.steps:  # an error in them would be found after hours otherwise
                Wordings([Path(name) for name in files])
        if processes.leads:
            claim(out, recipe)
        processes.wait()
        torch.manual_seed(recipe.seed)
        if recipe.start:
            check_memory(Path(recipe.start), self.dtype, self.device)
        processes.wait()  # a process that loads earlier would reduce the free memory that another one measures
        self.model = _untrained(recipe, self.dtype)
        if recipe.shard:  # before it moves to a GPU that may be too small for the whole model
            shard(self.model.language)
        self.model.to(self.device)
        parts = self.model.trained_parts()
        self.trained = nn.ModuleDict({name: parts[name] for name in ("bridge", "matching") if name in parts})
        self.model.language.set_attn_implementation("eager")  # the fastest backward pass with a mask on CPUs
        self._read = torch.compile(self.model.language.model, dynamic=True) if recipe.compile else None
        self._nll = torch.compile(F.cross_entropy, dynamic=True) if recipe.compile else F.cross_entropy
        self._scaler = torch.amp.GradScaler(self.device.type, enabled=self.dtype == torch.float16)
        self._data, size = data, recipe.model.vision.image_size
        self.corpus = Corpus(data, recipe.train, size)
        self.held_out = Corpus(data, recipe.validate, size) if recipe.validate else None
        self._answers: dict[str, tuple[int, ...]] = {}

    def run(self) -> None:
        """Train the encoder, compute features, train the bridge, and write the model to the folder `model`."""
        retain_freed_memory()
        self._prepare_encoder()
        self._train_finder()
        features = self._features(self.corpus)
        held_out = self._features(self.held_out) if self.held_out else None
        self._train_classifier(features, held_out)
        self._train_question_parser()
        if self.processes.leads and not self.recipe.start:
            fit_novelty(self.model, features)
        self.model.encoder.cpu()  # all features are computed; this frees 4 GB on a GPU
        if self.recipe.naming.steps:
            self._learn_names(features)
        self._train_bridge(features, held_out)
        if self.processes.leads:
            save_model(self.model, self.out / "model", compressed=not self.recipe.start)
            passes = self.recipe.steps // self.corpus.steps_per_pass(self.recipe.batch)
            write_official(self.model.bridge, passes, self.out)

    def _prepare_encoder(self) -> None:
        """Adapt the encoder once, unless the run starts from another model."""
        path = self.out / "encoder.safetensors"
        if self.recipe.start:
            return
        if self.processes.leads and not path.exists():
            self._adapt_encoder(path)
        self.processes.wait()
        self.model.encoder.load_state_dict(read_tensors(path))

    def _adapt_encoder(self, path: Path) -> None:
        """Adapt the encoder, save it in a file, and then measure it."""
        start = self.recipe.model.notes.get("encoder_start")
        if start:
            load_published(self.model.encoder, start)
        adaptation, adapted = self.recipe.adaptation, None
        if adaptation.steps:
            objects = self._object_task() if adaptation.crops else None
            vision, seed = self.recipe.model.vision, self.recipe.seed
            adapted = adapt_encoder(
                self.model.encoder,
                self.corpus,
                vision,
                adaptation,
                self.device,
                objects=objects,
                seed=seed,
                out=self.out,
            )
        write_tensors(self.model.encoder.state_dict(), path)
        (self.out / CHECKPOINT).unlink(missing_ok=True)
        if adapted and self.held_out:
            reader, targets = adapted
            accuracy = scene_accuracy(reader, targets.labels(self.held_out.samples), self.held_out)
            self._log(adaptation.steps, "scene_accuracy", accuracy)

    def _object_task(self) -> ObjectTask:
        torch.manual_seed(self.recipe.seed)
        encoder, pictures = cast(EfficientNetLite, self.model.encoder), FinderPictures(self._data, self.recipe.train)
        return ObjectTask(encoder, self.recipe.model, pictures, self.recipe.finder)

    def _train_finder(self) -> None:
        """Train the finder, which the processes share."""
        if not self.recipe.finder.steps:
            return
        if self.processes.leads:
            train_finder(self.model, self._data, self.recipe, self.device, self.out)
        self.processes.wait()

    def _train_classifier(self, features: Any, held_out: Any) -> None:
        """Train the classifier in the process that leads; only that process saves the model."""
        if not self.recipe.classifier.steps:
            return
        if self.processes.leads:
            is_new = train_classifier(self.model, self.corpus, features, self.recipe, self.out)
            if is_new and self.held_out:
                accuracy = presence_accuracy(self.model, self.held_out, held_out)
                self._log(self.recipe.classifier.steps, "presence_accuracy", accuracy)
        self.processes.wait()

    def _train_question_parser(self) -> None:
        """Train the question parser in the process that leads."""
        stage = self.recipe.question_parser
        if not stage.steps:
            return
        if self.processes.leads:
            is_new = train_question_parser(self.model, stage, self.recipe.seed, self.out)
            if is_new and stage.held_out:
                self._log(stage.steps, "question_accuracy", question_accuracy(self.model, stage.held_out))
        self.processes.wait()

    def _features(self, corpus: Corpus) -> Tensor | FeatureStore:
        """Return the features of all pictures, which one process encodes once; in GPU memory or on disk."""
        vision = self.recipe.model.vision
        name = store_name(corpus.filenames, corpus.rows, list(self.model.encoder.state_dict().values()))
        open_store = partial(FeatureStore, self.out / name, corpus.rows, (vision.cells, vision.width))
        if self.processes.leads:
            with autocast(self.device, self.dtype):
                open_store().fill(corpus.view, lambda pixels: self.model.encode(pixels.to(self.device)))
        self.processes.wait()
        store = open_store()
        return torch.from_numpy(store.features[:]).to(self.device) if self.device.type == "cuda" else store

    def _learn_names(self, features: Any) -> None:
        """Run the naming stage of the bridge once and save its result."""
        naming, path = self.recipe.naming, self.out / "named.safetensors"
        if path.exists():
            self.model.bridge.load_state_dict(read_tensors(path))
            return
        answers = (self._answer(text) for example in self.corpus.examples for text in example.answers)
        words = NamedWords(answers, self.model.language.get_input_embeddings().weight)
        optimizer = _optimizer(self.trained, self.recipe)
        schedule = LearningRateSchedule(naming.steps, self.recipe.warmup, naming.learning_rate)
        batches = self._batches(self.recipe.seed + 1, naming.batch)
        self.model.train()
        bar = tqdm(range(naming.steps), desc="naming", disable=not self.processes.leads)
        for step in bar:
            torch.manual_seed(self.recipe.seed * 1_000_003 - step - 1)
            drawn = next(batches)
            with autocast(self.device, self.dtype):
                queries = self._query_vectors(self.corpus, drawn, features)
            loss = words.loss(queries, [[*chain(*map(self._answer, prompt.answers))] for prompt in drawn])
            self._scaler.scale(loss).backward()
            self._update(optimizer, schedule.rate(step))
            if step % _LOG_EVERY == 0:
                check_learning(self.model.bridge, [], step + 1, "bridge")
                bar.set_postfix(loss=f"{loss.item():.3f}")
                trim_heap()
        check_learning(self.model.bridge, [], naming.steps, "bridge")
        if self.processes.leads:
            write_tensors(self.model.bridge.state_dict(), path)

    def _train_bridge(self, features: Any, held_out: Any) -> None:
        recipe = self.recipe
        optimizer = _optimizer(self.trained, recipe)
        first = load_checkpoint(self.out, self.trained, optimizer, self._scaler)
        batches = self._batches(recipe.seed, recipe.batch, first)
        steps = range(first, recipe.steps)
        bar = tqdm(steps, "bridge", recipe.steps, initial=first, disable=not self.processes.leads)
        losses: list[Tensor] = []  # since the last milestone, so that a resumed run logs the same curve
        for step in bar:
            torch.manual_seed((recipe.seed + self.processes.rank) * 1_000_003 + step)
            losses.append(self._step(next(batches), features, optimizer, step))
            is_milestone = (step + 1) % recipe.checkpoint_every == 0 or step + 1 == recipe.steps
            if is_milestone or (step + 1) % _LOG_EVERY == 0:
                check_learning(self.trained, losses, step + 1, "bridge")
            if (step + 1) % _LOG_EVERY == 0:
                bar.set_postfix(loss=f"{finite_mean(losses):.3f}")
                trim_heap()
            if is_milestone:
                self._log(step + 1, "loss", round(finite_mean(losses), 6))
                losses.clear()
                self._milestone(optimizer, held_out, step + 1)

    def _milestone(self, optimizer: torch.optim.Optimizer, held_out: Any, step: int) -> None:
        """Save a checkpoint and validate. All processes wait, so that they resume from the same step after a kill."""
        if self.processes.leads:
            save_checkpoint(self.out, self.trained, optimizer, self._scaler, step)
        self._validate(held_out, step)
        self.processes.wait()

    def _batches(self, seed: int, batch: int, first: int = 0) -> Iterator[list[DrawnPrompt]]:
        """Yield batches without end, skipping the `first` ones."""
        buckets = self.corpus.buckets(seed, batch, self.recipe.mix)
        return islice(chain.from_iterable(buckets), first, None)

    def _step(self, drawn: list[DrawnPrompt], features: Any, optimizer: torch.optim.Optimizer, step: int) -> Tensor:
        """Update the bridge with one batch, in the parts and processes that the recipe defines; return the loss."""
        self.model.train()
        share = self.processes.share(drawn)
        tokens = self._tokens(drawn)
        losses = []
        for start in range(0, len(share), self.recipe.micro or len(share)):
            part = share[start : start + (self.recipe.micro or len(share))]
            loss = self._loss(self.corpus, part, features) * (self._tokens(part) / tokens)
            self._scaler.scale(loss).backward()
            losses.append(loss.detach())
        if self.recipe.matching.batch:
            matching = self._matching_loss(step, features)
            self._scaler.scale(self.recipe.matching.weight * matching / self.processes.size).backward()
        self.processes.sum_gradients(self.trained.parameters())
        self._update(optimizer, self.recipe.schedule.rate(step))
        return self.processes.total(torch.stack(losses).sum())

    def _update(self, optimizer: torch.optim.Optimizer, rate: float) -> None:
        self._scaler.unscale_(optimizer)
        if self.recipe.clip:
            torch.nn.utils.clip_grad_norm_(self.trained.parameters(), self.recipe.clip)
        for group in optimizer.param_groups:
            group["lr"] = rate
        self._scaler.step(optimizer)
        self._scaler.update()
        optimizer.zero_grad()

    def _loss(self, corpus: Corpus, drawn: Sequence[DrawnPrompt], features: Any) -> Tensor:
        """Return the mean negative log-likelihood of the tokens of the answers."""
        instructions = self.model.instruct([prompt.prompt for prompt in drawn])
        answers = [tuple(map(self._answer, prompt.answers)) for prompt in drawn]
        groups = [PromptGroup(text.after, tokens) for text, tokens in zip(instructions, answers, strict=True)]
        packed = pack(groups, self.recipe.model.qformer.queries).to(self.device)
        with autocast(self.device, self.dtype):
            queries = self._query_vectors(corpus, drawn, features)
            logits = answer_logits(self.model, queries, packed, self._read)
        loss: Tensor = self._nll(logits.float(), packed.target)
        return loss

    def _tokens(self, drawn: Sequence[DrawnPrompt]) -> int:
        """Return the number of tokens that are learned from prompts."""
        return sum(len(self._answer(answer)) for prompt in drawn for answer in prompt.answers)

    def _query_vectors(self, corpus: Corpus, drawn: Sequence[DrawnPrompt], features: Any) -> Tensor:
        rows = self._gather(features, [corpus.row_of(prompt) for prompt in drawn])
        instructions = self.model.instruct([prompt.prompt for prompt in drawn])
        return self.model.query_vectors(rows, instructions, self._ground(drawn))

    def _ground(self, drawn: Sequence[DrawnPrompt]) -> Tensor:
        """Return the ground resolutions that are stated to the model, [prompts], NaN for none."""
        return torch.tensor([prompt.gsd_m for prompt in drawn], device=self.device)

    def _matching_loss(self, step: int, features: Any) -> Tensor:
        """Return the loss of the matching head for pictures that depend on the step."""
        seed = f"{self.recipe.seed}/matching {step}/{self.processes.rank}"
        rng = random.Random(seed)  # nosec B311 - drawing examples is no secret
        drawn = self.corpus.draw_captioned(rng, self.recipe.matching.batch)
        sentences = [prompt.answers[0] for prompt in drawn]
        numbers = {sentence: number for number, sentence in enumerate(dict.fromkeys(sentences))}
        groups = torch.tensor([numbers[sentence] for sentence in sentences], device=self.device)
        ids, mask = pad([text.read for text in self.model.instruct(sentences)], 0, self.device)
        rows = self._gather(features, [self.corpus.row_of(prompt) for prompt in drawn])
        head = cast(MatchingHead, self.model.matching)
        with autocast(self.device, self.dtype):
            return matching_loss(head, self.model.bridge, rows, ids, mask, groups=groups, ground=self._ground(drawn))

    def _gather(self, features: Any, rows: Sequence[int]) -> Tensor:
        if isinstance(features, FeatureStore):
            return torch.from_numpy(features.features[rows])
        picked: Tensor = features[rows]
        return picked

    def _answer(self, text: str) -> tuple[int, ...]:
        """Return the token ids of an answer, with the lead of the language model's text and EOS at the end."""
        if text not in self._answers:
            language = self.recipe.model.language
            ids = self.model.tokenizer(f"{language.lead}{text}", add_special_tokens=False).input_ids
            self._answers[text] = (*ids[: self.recipe.max_answer], language.eos_id)
        return self._answers[text]

    @torch.no_grad()
    def _validate(self, features: Any, step: int) -> None:
        if self.held_out is None:
            return
        self.model.eval()
        batch = self.recipe.batch
        batches = chain.from_iterable(self.held_out.buckets(0, batch, self.recipe.mix))
        validated = islice(batches, max(self.recipe.validation_prompts // batch, 1))
        losses = [self._loss(self.held_out, drawn, features) for drawn in validated]
        check_learning(self.trained, losses, step, "bridge")
        self._log(step, "validation_loss", round(finite_mean(losses), 4))

    def _log(self, step: int, name: str, value: float | list[float]) -> None:
        if not self.processes.leads:
            return
        with (self.out / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json_text({"step": step, name: value}) + "\n")
        tqdm.write(f"step {step}: {name} {value}")


def _untrained(recipe: Recipe, dtype: torch.dtype) -> Rsgpt:
    """Return the model at the start of the run, with the weights of another model or random ones."""
    if recipe.start:
        model = load_model(Path(recipe.start), Precision(dtype))
        for part in model.trained_parts().values():
            part.requires_grad_(True)
        model.config = recipe.model
        return model
    model = Rsgpt.build(recipe.model, Precision(dtype))
    _match_words(model)
    return model


def _match_words(model: Rsgpt) -> None:
    """Scale the projection so that query vectors are about as long as word vectors from the first step on."""
    words = model.language.get_input_embeddings().weight
    std = words.float().std().item() * model.config.qformer.width**-0.5
    nn.init.normal_(model.bridge.projection.weight, std=std)


def _optimizer(trained: nn.Module, recipe: Recipe) -> torch.optim.AdamW:
    """Return AdamW without weight decay for norms, biases, cell positions, and, by default, query tokens."""
    names = _NO_DECAY if recipe.decay_queries else (*_NO_DECAY, "query_tokens")
    decayed: list[nn.Parameter] = []
    not_decayed: list[nn.Parameter] = []
    for name, parameter in trained.named_parameters():
        (not_decayed if parameter.ndim < 2 or any(part in name for part in names) else decayed).append(parameter)
    groups = [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": not_decayed, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, betas=(0.9, 0.999), fused=True)
