"""Train the bridge: RSGPT's recipe with encoder and language model frozen. Resumes exactly after a kill.

It writes one folder: the adapted encoder, features, checkpoint, and at the end the model.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from ..errors import UsageError
from ..model.instructions import Instruction
from ..model.rsgpt import Rsgpt
from ..model.weights import load_published, save_model
from .adapt import adapt_encoder
from .corpus import Corpus, Drawn
from .naming import Words
from .packing import Group, Packed, pack
from .precision import has_fast_bfloat16
from .recipe import Recipe
from .schedule import learning_rate
from .views import FeatureStore, store_name

_NO_DECAY = ("bias", "norm", "ln_", "query_tokens", "positions")
_LOG_EVERY = 50


class Trainer:
    """One run of a recipe in one folder."""

    def __init__(self, recipe: Recipe, data: Path, out: Path, device: torch.device) -> None:
        self.recipe, self.out, self.device = recipe, out, device
        fast = recipe.precision == "bf16" or (recipe.precision == "auto" and has_fast_bfloat16(device))
        self.dtype = torch.bfloat16 if fast else torch.float32
        _claim(out, recipe)
        torch.manual_seed(recipe.seed)
        self.model = Rsgpt.build(recipe.model, self.dtype)
        _match_words(self.model)
        self.model.to(device)
        self.model.language.set_attn_implementation("eager")  # with a mask, its backward is the fastest on CPUs
        self._read = torch.compile(self.model.language.model, dynamic=True) if recipe.compile else None
        self._nll = torch.compile(F.cross_entropy, dynamic=True) if recipe.compile else F.cross_entropy
        size = recipe.model.vision.image_size
        self.corpus = Corpus(data, recipe.train, size)
        self.held_out = Corpus(data, recipe.validate, size) if recipe.validate else None
        self._answers: dict[str, tuple[int, ...]] = {}
        self._instructions: dict[str, Instruction] = {}

    def run(self) -> None:
        """Encoder, features, bridge; then the model is written to the folder `model`."""
        self._prepare_encoder()
        features = self._features(self.corpus)
        held_out = self._features(self.held_out) if self.held_out else None
        self._learn_names(features)
        self._train_bridge(features, held_out)
        save_model(self.model, self.out / "model")

    def _prepare_encoder(self) -> None:
        path = self.out / "encoder.safetensors"
        if path.exists():
            self.model.encoder.load_state_dict(load_file(path))
            return
        start = self.recipe.model.notes.get("encoder_start")
        if start:
            load_published(self.model.encoder, start)
        if self.recipe.adaptation.steps:
            vision, adaptation = self.recipe.model.vision, self.recipe.adaptation
            accuracy = adapt_encoder(self.model.encoder, self.corpus, vision, adaptation, self.device)
            if self.held_out:
                self._log(adaptation.steps, "scene_accuracy", accuracy(self.held_out))
        _write(self.model.encoder.state_dict(), path)

    def _features(self, corpus: Corpus) -> Tensor | FeatureStore:
        """On a GPU they are kept in its memory, else on disk."""
        vision = self.recipe.model.vision
        name = store_name(corpus.filenames, corpus.rows, list(self.model.encoder.state_dict().values()))
        store = FeatureStore(self.out / name, corpus.rows, (vision.cells, vision.width))
        with self._autocast():
            store.fill(corpus.pixels, lambda pixels: self.model.encode(pixels.to(self.device)))
        return torch.from_numpy(store.features[:]).to(self.device) if self.device.type == "cuda" else store

    def _learn_names(self, features: Any) -> None:
        """The bridge's first lesson; what it has learnt is kept, so that it is learnt once."""
        naming, path = self.recipe.naming, self.out / "named.safetensors"
        if path.exists():
            self.model.bridge.load_state_dict(load_file(path))
            return
        answers = (self._answer(text) for example in self.corpus.examples for text in example.answers)
        words = Words(answers, self.model.language.get_input_embeddings().weight)
        optimizer = _optimizer(self.model, self.recipe)
        batches = self._batches(self.recipe.seed + 1, naming.batch)
        self.model.train()
        bar = tqdm(range(naming.steps), desc="naming")
        for step in bar:
            torch.manual_seed(self.recipe.seed * 1_000_003 - step - 1)
            drawn = next(batches)
            with self._autocast():
                queries = self._query_vectors(self.corpus, drawn, features)
            loss = words.loss(queries, [[*chain(*map(self._answer, one.answers))] for one in drawn])
            rate = learning_rate(step, naming.steps, self.recipe.warmup, naming.learning_rate)
            self._update(loss, optimizer, rate)
            if step % _LOG_EVERY == 0:
                bar.set_postfix(loss=f"{loss.item():.3f}")
        _write(self.model.bridge.state_dict(), path)

    def _train_bridge(self, features: Any, held_out: Any) -> None:
        optimizer = _optimizer(self.model, self.recipe)
        first = self._resume(optimizer)
        batches = self._batches(self.recipe.seed, self.recipe.batch, first)
        bar = tqdm(range(first, self.recipe.steps), desc="bridge", initial=first, total=self.recipe.steps)
        losses: list[Tensor] = []
        for step in bar:
            torch.manual_seed(self.recipe.seed * 1_000_003 + step)
            losses.append(self._step(next(batches), features, optimizer, step))
            if (step + 1) % _LOG_EVERY == 0:
                bar.set_postfix(loss=f"{torch.stack(losses).mean().item():.3f}")
                losses.clear()
            if (step + 1) % self.recipe.checkpoint_every == 0 or step + 1 == self.recipe.steps:
                self._checkpoint(optimizer, step + 1)
                self._validate(held_out, step + 1)

    def _batches(self, seed: int, batch: int, first: int = 0) -> Iterator[list[Drawn]]:
        """Without end; the first ones are left out."""
        buckets = self.corpus.buckets(seed, batch, self.recipe.mix)
        return islice(chain.from_iterable(buckets), first, None)

    def _step(self, drawn: list[Drawn], features: Any, optimizer: torch.optim.Optimizer, step: int) -> Tensor:
        recipe = self.recipe
        self.model.train()
        loss = self._loss(self.corpus, drawn, features)
        rate = learning_rate(step, recipe.steps, recipe.warmup, recipe.learning_rate, recipe.min_learning_rate)
        self._update(loss, optimizer, rate)
        return loss.detach()

    def _update(self, loss: Tensor, optimizer: torch.optim.Optimizer, rate: float) -> None:
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.bridge.parameters(), self.recipe.clip)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        optimizer.zero_grad()

    def _loss(self, corpus: Corpus, drawn: list[Drawn], features: Any) -> Tensor:
        """Mean negative log likelihood of the answers' tokens."""
        groups = [Group(self._instruction(one.prompt).after, tuple(map(self._answer, one.answers))) for one in drawn]
        packed = pack(groups, self.recipe.model.qformer.queries).to(self.device)
        with self._autocast():
            queries = self._query_vectors(corpus, drawn, features)
            logits = answer_logits(self.model, queries, packed, self._read)
        loss: Tensor = self._nll(logits.float(), packed.target)
        return loss

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.dtype == torch.bfloat16)

    def _query_vectors(self, corpus: Corpus, drawn: Sequence[Drawn], features: Any) -> Tensor:
        seen = self._gather(features, [corpus.row_of(one) for one in drawn])
        return self.model.query_vectors(seen, [self._instruction(one.prompt) for one in drawn])

    def _gather(self, features: Any, rows: Sequence[int]) -> Tensor:
        if isinstance(features, FeatureStore):
            return torch.from_numpy(features.features[rows])
        picked: Tensor = features[rows]
        return picked

    def _answer(self, text: str) -> tuple[int, ...]:
        """Token ids; an answer starts with a space, as in running text, and ends with EOS."""
        if text not in self._answers:
            ids = self.model.tokenizer(f" {text}", add_special_tokens=False).input_ids
            self._answers[text] = (*ids, self.recipe.model.language.eos_id)
        return self._answers[text]

    def _instruction(self, prompt: str) -> Instruction:
        if prompt not in self._instructions:
            (self._instructions[prompt],) = self.model.instruct([prompt])
        return self._instructions[prompt]

    @torch.no_grad()
    def _validate(self, features: Any, step: int) -> None:
        if self.held_out is None:
            return
        self.model.eval()
        batch = self.recipe.batch
        batches = chain.from_iterable(self.held_out.buckets(0, batch, self.recipe.mix))
        rounds = islice(batches, max(self.recipe.validation_prompts // batch, 1))
        loss = torch.stack([self._loss(self.held_out, one, features) for one in rounds]).mean().item()
        self._log(step, "validation_loss", round(loss, 4))

    def _log(self, step: int, name: str, value: float | list[float]) -> None:
        with (self.out / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps({"step": step, name: value}) + "\n")
        tqdm.write(f"step {step}: {name} {value}")

    def _checkpoint(self, optimizer: torch.optim.Optimizer, step: int) -> None:
        tensors = {f"bridge.{name}": value for name, value in self.model.bridge.state_dict().items()}
        for index, state in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{key}": value for key, value in state.items()}
        tensors["step"] = torch.tensor([step])
        _write(tensors, self.out / "checkpoint.safetensors")

    def _resume(self, optimizer: torch.optim.Optimizer) -> int:
        """Step to go on with."""
        path = self.out / "checkpoint.safetensors"
        if not path.exists():
            return 0
        tensors = load_file(path)
        bridge = {key.removeprefix("bridge."): value for key, value in tensors.items() if key.startswith("bridge.")}
        self.model.bridge.load_state_dict(bridge)
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in tensors.items():
            if key.startswith("optimizer."):
                _, index, name = key.split(".", 2)
                state.setdefault(int(index), {})[name] = value
        optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
        return int(tensors["step"][0])


def answer_logits(model: Rsgpt, queries: Tensor, packed: Packed, read: Callable[..., Any] | None = None) -> Tensor:
    """Scores for each learnt token, [tokens, vocabulary]; only these positions reach the vocabulary.

    read: the language model without its head, where it is compiled.
    """
    words = model.language.get_input_embeddings()(packed.ids)
    bias = torch.zeros(packed.attend.shape, dtype=words.dtype, device=words.device)
    bias.masked_fill_(~packed.attend, torch.finfo(words.dtype).min)
    hidden = (model.language.model if read is None else read)(
        inputs_embeds=torch.cat([queries.to(words.dtype), words], dim=1),
        attention_mask=bias,
        position_ids=packed.positions,
        use_cache=False,
    ).last_hidden_state
    logits: Tensor = model.language.lm_head(hidden.flatten(0, 1)[packed.source])
    return logits


def _match_words(model: Rsgpt) -> None:
    """From the first step on, query vectors are about as long as the word vectors they stand among."""
    words = model.language.get_input_embeddings().weight
    std = words.float().std().item() * model.config.qformer.width**-0.5
    nn.init.normal_(model.bridge.projection.weight, std=std)


def _optimizer(model: Rsgpt, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW; norms, biases, queries and the cells' positions are not decayed."""
    decayed: list[nn.Parameter] = []
    free: list[nn.Parameter] = []
    for name, parameter in model.bridge.named_parameters():
        (free if parameter.ndim < 2 or any(part in name for part in _NO_DECAY) else decayed).append(parameter)
    groups = [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": free, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, betas=(0.9, 0.999), fused=True)


def _claim(out: Path, recipe: Recipe) -> None:
    """Make the folder this recipe's; UsageError where it holds another's run. Steps may differ: more may be added."""
    text = json.dumps({**dataclasses.asdict(recipe), "steps": 0}, indent=1)
    path = out / "recipe.json"
    if path.exists() and path.read_text(encoding="utf-8") != text:
        raise UsageError(f"{out} holds a run of another recipe, see its recipe.json. Give another folder with --out.")
    out.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _write(tensors: dict[str, Tensor], path: Path) -> None:
    """Write beside, then rename: a kill leaves the old file whole."""
    part = path.with_suffix(".part")
    save_file({key: value.detach().cpu().contiguous() for key, value in tensors.items()}, part)
    part.replace(path)
