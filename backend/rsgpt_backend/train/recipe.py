"""A training recipe: what is learnt from which files, and how; read from TOML. It starts nothing."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import ModelError, UsageError
from ..model.config import PACKAGE_PREFIX, ModelConfig
from ..model.published_models import FAMILY
from ..model.registry import model_folder
from .schedule import LearningRateSchedule


@dataclass(frozen=True)
class RecipeDataset:
    """images: a folder or zip; captions, questions: annotation files. All relative to the data folder.

    weight: how often it is drawn from, relative to the others, however many pictures it has, but for questions about
    objects, which are drawn alike from all pictures; the sets to validate on stand in the order of those to train on;
    views: how many of a picture's 8 turned and mirrored copies are learnt from.
    """

    images: str
    captions: str = ""
    questions: str = ""
    weight: float = 1.0
    views: int = 1


@dataclass(frozen=True)
class PromptMix:
    """What a prompt is drawn as. questions, details: shares that are questions and detailed descriptions.

    objects: share of the questions that ask for an object, as often where it is as where it is not;
    zeros: share of the counts that are none; sentences: most captions learnt at once.
    passes: every caption once, in random order, before any comes again, and nothing else.
    """

    questions: float = 0.5
    details: float = 0.0
    objects: float = 0.4
    zeros: float = 0.5
    sentences: int = 2
    passes: bool = False


@dataclass(frozen=True)
class AdaptationStage:
    """Fine-tuning of the vision encoder on scene labels and the words of captions, before it is frozen for good.

    size: pixels a side while it is tuned; less than the model's own is faster, and objects then look
    about as large as they will, since crops enlarge them.
    """

    steps: int = 0
    batch: int = 32
    size: int = 192
    learning_rate: float = 3e-4
    weight_decay: float = 0.05


@dataclass(frozen=True)
class NamingStage:
    """The bridge's first lesson, without the language model (naming.py); batch: prompts a step."""

    steps: int = 0
    batch: int = 256
    learning_rate: float = 6e-4


@dataclass(frozen=True)
class Recipe:
    """steps: optimiser steps of the bridge; batch: prompts a step, of all processes together; warmup: steps, of the
    naming too; micro: prompts at once in one process, 0 for all: less needs less memory and changes nothing else.

    learning_rate, weight_decay: AdamW's; first_learning_rate, cosine_through: see schedule.py. clip: of the gradient's
    norm, 0 for none. precision: "fp16" (GPUs), "bf16", "fp32", or "auto" for the faster one.
    compile: fuse the language model's operations, twice as fast on CPUs; needs a C++ compiler.
    shard: spread the frozen language model over the GPUs of the run. start: the model that the run begins with, a
    name or a folder. max_answer: tokens of an answer that are learnt. decay_queries: whether query tokens are decayed.
    """

    model: ModelConfig
    train: tuple[RecipeDataset, ...]
    validate: tuple[RecipeDataset, ...]
    adaptation: AdaptationStage = field(default_factory=AdaptationStage)
    naming: NamingStage = field(default_factory=NamingStage)
    mix: PromptMix = field(default_factory=PromptMix)
    steps: int = 6000
    batch: int = 128
    micro: int = 0
    warmup: int = 300
    learning_rate: float = 4e-4
    first_learning_rate: float = 0.0
    min_learning_rate: float = 1e-5
    cosine_through: bool = False
    weight_decay: float = 0.05
    clip: float = 1.0
    precision: str = "auto"
    compile: bool = False
    shard: bool = False
    start: str = ""
    max_answer: int = 256
    decay_queries: bool = False
    seed: int = 42
    checkpoint_every: int = 500
    validation_prompts: int = 2000

    @property
    def schedule(self) -> LearningRateSchedule:
        """The bridge's learning rate."""
        return LearningRateSchedule(
            self.steps,
            self.warmup,
            self.learning_rate,
            self.min_learning_rate,
            self.first_learning_rate,
            self.cosine_through,
        )


def read_recipe(path: Path, overrides: dict[str, Any] | None = None) -> Recipe:
    """Read a recipe; unknown keys and missing parts raise UsageError.

    A recipe without a model trains the one that `start` names further.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        data.update(overrides or {})
        if data.get("start"):
            data["start"] = str(model_folder(data["start"]))
            data.setdefault("model", _started(Path(data["start"])))
        parts = {
            "model": _anywhere(ModelConfig.from_dict(data["model"]), Path()),
            "train": tuple(RecipeDataset(**part) for part in data["train"]),
            "validate": tuple(RecipeDataset(**part) for part in data.get("validate", [])),
            "adaptation": AdaptationStage(**data.get("adaptation", {})),
            "naming": NamingStage(**data.get("naming", {})),
            "mix": PromptMix(**data.get("mix", {})),
        }
        recipe = Recipe(**{**data, **parts})
    except ModelError as error:
        cause = f"{error.__cause__}." if error.__cause__ else error
        raise UsageError(f"The model of the recipe {path} cannot be used: {cause}") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"The recipe {path} cannot be used: {error}.") from error
    language = recipe.model.language
    if language.encoder_decoder or not language.template.startswith("{image}"):
        raise UsageError(
            f"{recipe.model.name} cannot be trained here: its language model is a T5, or reads words before the image. "
            "Start from RSGPT, or from InstructBLIP with Vicuna."
        )
    return recipe


def _started(folder: Path) -> dict[str, Any]:
    """The config of the model that a run begins with, as one that RSGPT's training makes of it."""
    read = _anywhere(ModelConfig.read(folder), folder)
    config = read.to_dict()
    name = read.name.replace("instructblip-vicuna", "rsgpt")
    published = FAMILY[name].to_dict() if name in FAMILY else config
    longest = published["qformer"]["max_text"]
    return {
        **config,
        **{key: published[key] for key in ("name", "caption_prompt", "detail_prompt", "licence")},
        "qformer": {**config["qformer"], "max_text": longest},
        "calibration": {},
        "yes_odds": 0.0,
        "weights_sha256": "",
        "notes": {key: value for key, value in read.notes.items() if key != "self_test"},
    }


def _anywhere(config: ModelConfig, base: Path) -> ModelConfig:
    """The config with absolute paths in place of those relative to `base`, so that any folder may hold it."""
    language, qformer = config.language, config.qformer
    if not language.source.startswith(PACKAGE_PREFIX):
        language = replace(language, source=str((base / language.source).resolve()))
    if qformer.tokenizer != "language":
        qformer = replace(qformer, tokenizer=str((base / qformer.tokenizer).resolve()))
    return replace(config, language=language, qformer=qformer)
