"""A training recipe, read from TOML: data sets, mix of prompts, stages, and their settings."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import ModelError, UsageError
from ..model.config import PACKAGE_PREFIX, ModelConfig
from ..model.published_models import FAMILY
from ..model.registry import model_folder
from .finder.settings import FinderStage
from .schedule import LearningRateSchedule


@dataclass(frozen=True)
class RecipeDataset:
    """A data set. All paths are relative to the data folder, except descriptions: relative to the recipe.

    images: a folder or zip file; captions, questions: annotation files; descriptions: pictures described by hand
    (described_pictures.py); objects: a file of boxes, shares and labels (data/object_annotations.py), with masks: a
    folder or zip file of the class masks that it names.
    split: the split whose records are read, if a file of objects names splits; complete: labels whose objects all have
    a box; partial: labels of which some objects have none; absent: labels that no picture shows; shares: regions that
    the finder learns from the share of the picture that they cover; without: beginnings of the names of places that
    are left out. gsd_m: ground resolution of pictures without a record of it, in meters per pixel; 0 if unknown.
    weight: how often pictures are drawn from it, relative to the other sets and independent of its size; questions
    about objects ignore it; captions_weight: how often its captions are drawn, relative to its other prompts;
    finder_weight: how often the finder sees its pictures, of which labels and descriptions also say what they do not
    show. views: number of rotated and mirrored copies of each picture, 1 to 8; sensors: number of copies as other
    sensors would take them. Validation sets have the same order as training sets.
    """

    images: str
    captions: str = ""
    questions: str = ""
    descriptions: str = ""
    objects: str = ""
    masks: str = ""
    split: str = ""
    complete: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    shares: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    gsd_m: float = 0.0
    weight: float = 1.0
    captions_weight: float = 1.0
    finder_weight: float = 0.0
    views: int = 1
    sensors: int = 0


@dataclass(frozen=True)
class PromptMix:
    """The mix of prompts. questions, details: shares of questions and detailed descriptions; the rest are captions.

    objects: share of the questions that are about objects; half of the presence questions have the answer no; zeros:
    share of counting questions with the answer zero; sentences: maximum number of captions learned at once. passes:
    learn only captions, each once per pass, in random order.
    """

    questions: float = 0.5
    details: float = 0.0
    objects: float = 0.4
    zeros: float = 0.5
    sentences: int = 2
    passes: bool = False


@dataclass(frozen=True)
class AdaptationStage:
    """Fine-tuning of the vision encoder on scenes, kinds of areas, caption words and known objects.

    size: side length of the pictures in pixels; smaller than the model's size is faster, and since crops enlarge
    objects, they appear about as large as they will later. crops: number of crops per step in which objects and
    regions are found; crop_weight: of their loss.
    """

    steps: int = 0
    batch: int = 32
    size: int = 192
    crops: int = 0
    crop_weight: float = 0.1
    learning_rate: float = 3e-4
    weight_decay: float = 0.05


@dataclass(frozen=True)
class NamingStage:
    """The first stage of the bridge, without the language model (naming.py). batch: prompts per step."""

    steps: int = 0
    batch: int = 256
    learning_rate: float = 6e-4


@dataclass(frozen=True)
class MatchingStage:
    """Training of the matching head, together with the bridge.

    batch: pictures per step, each with one of its sentences; 0 for no head. weight: of its loss, next to that of the
    answers.
    """

    batch: int = 0
    weight: float = 0.3


@dataclass(frozen=True)
class ClassifierStage:
    """Training of the classifier, on the features of the frozen encoder.

    steps: 0 for a model without it; batch: pictures per step, each in one view.
    """

    steps: int = 0
    batch: int = 512
    learning_rate: float = 2e-3
    weight_decay: float = 0.01


@dataclass(frozen=True)
class QuestionParserStage:
    """Training of the question parser.

    steps: 0 for a model without it; batch: questions per step; wordings: at least one file of marked questions
    (examples/wordings.py); held_out: such files on which it is measured, and which it does not learn from. All paths
    are relative to the recipe.
    """

    steps: int = 0
    batch: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    wordings: tuple[str, ...] = ()
    held_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """All settings of a training run.

    steps: optimizer steps of the bridge; batch: prompts per step, over all processes; micro: prompts at once per
    process, 0 for all; a smaller number only saves memory. warmup: steps, also of the naming stage. learning_rate,
    weight_decay: of AdamW; first_learning_rate, min_learning_rate, cosine_through: see schedule.py. clip: maximum norm
    of the gradient, 0 for none. precision: "fp16" (GPUs), "bf16", "fp32", or "auto" for the fastest. compile: fuse the
    language model's operations, twice as fast on CPUs; needs a C++ compiler. shard: distribute the frozen language
    model over the GPUs. start: name or folder of the model to start from. max_answer: maximum number of learned tokens
    per answer. decay_queries: whether weight decay applies to query tokens.
    """

    model: ModelConfig
    train: tuple[RecipeDataset, ...]
    validate: tuple[RecipeDataset, ...]
    adaptation: AdaptationStage = field(default_factory=AdaptationStage)
    naming: NamingStage = field(default_factory=NamingStage)
    matching: MatchingStage = field(default_factory=MatchingStage)
    finder: FinderStage = field(default_factory=FinderStage)
    classifier: ClassifierStage = field(default_factory=ClassifierStage)
    question_parser: QuestionParserStage = field(default_factory=QuestionParserStage)
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
        """The learning rate schedule of the bridge."""
        return LearningRateSchedule(
            self.steps,
            self.warmup,
            self.learning_rate,
            self.min_learning_rate,
            self.first_learning_rate,
            self.cosine_through,
        )


def read_recipe(path: Path, overrides: dict[str, Any] | None = None) -> Recipe:
    """Read a recipe. `overrides` replace its values. Raises UsageError for unknown keys and missing parts.

    A recipe without a model continues the training of the model that `start` names.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        data.update(overrides or {})
        if data.get("start"):
            data["start"] = str(model_folder(data["start"]))
            data.setdefault("model", _continued_config(Path(data["start"])))
        parts = {
            "model": _with_absolute_paths(ModelConfig.from_dict(data["model"]), Path()),
            "train": tuple(_dataset(part, path.parent) for part in data["train"]),
            "validate": tuple(_dataset(part, path.parent) for part in data.get("validate", [])),
            "adaptation": AdaptationStage(**data.get("adaptation", {})),
            "naming": NamingStage(**data.get("naming", {})),
            "matching": MatchingStage(**data.get("matching", {})),
            "finder": FinderStage(**data.get("finder", {})),
            "classifier": ClassifierStage(**data.get("classifier", {})),
            "question_parser": _question_parser(data.get("question_parser", {}), path.parent),
            "mix": PromptMix(**data.get("mix", {})),
        }
        recipe = Recipe(**{**data, **parts})
    except ModelError as error:
        cause = f"{error.__cause__}." if error.__cause__ else error
        raise UsageError(f"The model of the recipe {path} cannot be used: {cause}") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"The recipe {path} cannot be used: {error}.") from error
    _check_heads(recipe, path)
    language = recipe.model.language
    if language.encoder_decoder or not language.template.startswith("{image}"):
        raise UsageError(
            f"{recipe.model.name} cannot be trained here: its language model is a T5, or its prompt starts with text, "
            "not with the image. Start from RSGPT, or from InstructBLIP with Vicuna."
        )
    return recipe


def _check_heads(recipe: Recipe, path: Path) -> None:
    """Raise UsageError if a head is trained that the model does not have, or a new head is not trained."""
    model = recipe.model
    heads = {  # setting: whether it trains the head, whether the model has the head
        "matching.batch": (recipe.matching.batch > 0, model.matching_width > 0),
        "finder.steps": (recipe.finder.steps > 0, model.finder is not None),
        "classifier.steps": (recipe.classifier.steps > 0, model.classifier is not None),
        "question_parser.steps": (recipe.question_parser.steps > 0, model.question_parser is not None),
    }
    for setting, (is_trained, is_present) in heads.items():
        if is_trained and not is_present:
            raise UsageError(f"The recipe {path} has {setting}, but its model has no such head. Remove one of them.")
        if is_present and not is_trained and not recipe.start:
            raise UsageError(f"The model of the recipe {path} has a head that is not trained. Set {setting}.")


def _dataset(part: dict[str, Any], folder: Path) -> RecipeDataset:
    values = dict(part)
    for key in ("complete", "partial", "absent", "shares", "without"):
        values[key] = tuple(part.get(key, ()))
    if part.get("descriptions"):
        values["descriptions"] = str((folder / part["descriptions"]).resolve())
    return RecipeDataset(**values)


def _question_parser(part: dict[str, Any], folder: Path) -> QuestionParserStage:
    values = dict(part)
    for key in ("wordings", "held_out"):
        names = part.get(key, [])
        if not isinstance(names, list):
            raise TypeError(f"{key} is not a list of files")
        values[key] = tuple(str((folder / name).resolve()) for name in names)
    return QuestionParserStage(**values)


def _continued_config(folder: Path) -> dict[str, Any]:
    """Return the config of the model in `folder`, changed to that of the model trained from it."""
    read = _with_absolute_paths(ModelConfig.read(folder), folder)
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


def _with_absolute_paths(config: ModelConfig, base: Path) -> ModelConfig:
    """Return the config with paths relative to `base` made absolute, so that it can be moved to another folder."""
    language, qformer = config.language, config.qformer
    if not language.source.startswith(PACKAGE_PREFIX):
        language = replace(language, source=str((base / language.source).resolve()))
    if qformer.tokenizer != "language":
        qformer = replace(qformer, tokenizer=str((base / qformer.tokenizer).resolve()))
    return replace(config, language=language, qformer=qformer)
