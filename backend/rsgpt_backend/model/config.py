"""The config of a model, `model.json`: shapes, prompts, decoding and calibration.

All models of the family share one implementation: the small model differs from RSGPT-13B in these values only.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from rsgpt_plugin.shared.files.atomic_file import replace_atomically
from rsgpt_plugin.shared.text import one_line
from rsgpt_plugin.shared.vocabulary.kinds import KINDS

from ..errors import ModelError
from ..strict_json import json_text
from . import validation
from .folder_files import read_json

CONFIG_FILE = "model.json"
_Head = TypeVar("_Head")
PACKAGE_PREFIX = "package:"  # prefix of the source of a language model that is a file of an installed package


@dataclass(frozen=True)
class VisionConfig:
    """The vision encoder.

    kind: key of `encoders.ENCODERS`; image_size: side in pixels to which each picture is resized;
    mean, std: of RGB in 0..1, applied after scaling; cells: vectors per picture;
    cell_positions: whether to learn a position per cell, for encoders without position embeddings;
    ground_resolution: whether the Q-Former sees the meters per input pixel as one more cell;
    patch, layers, heads, intermediate: of a ViT; the shape of a convolutional encoder follows from its kind.
    """

    kind: str
    image_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    width: int
    cells: int
    cell_positions: bool = False
    ground_resolution: bool = False
    patch: int = 0
    layers: int = 0
    heads: int = 0
    intermediate: int = 0


@dataclass(frozen=True)
class QFormerConfig:
    """The Q-Former.

    tokenizer: "language" to share the language model's vocabulary and frozen embeddings, otherwise a folder;
    max_text: maximum number of instruction tokens; positions: size of the position table, 0 for max_text;
    instruction: whether the Q-Former reads the instruction, as in RSGPT and InstructBLIP;
    layers 0: no Q-Former; neighboring patch vectors are joined into `queries` vectors of `width`, as in one variant of
    MiniGPT-4.
    """

    layers: int
    width: int
    heads: int
    intermediate: int
    queries: int
    cross_attention_frequency: int
    tokenizer: str = "language"
    vocabulary: int = 0
    max_text: int = 160
    positions: int = 0
    dropout: float = 0.1
    instruction: bool = True


@dataclass(frozen=True)
class LanguageConfig:
    """The frozen language model.

    source: "package:NAME/FILE" for a GGUF in an installed package, otherwise a transformers folder: relative to the
    model folder, or absolute if sha256 is given (language_files.py);
    sha256: of the GGUF file, or of the folder's weights; bos_id: first token of every prompt;
    template: the input of the language model, made of {image}, {bos}, {eos}, {prompt} and text;
    lead: text before each answer in training; stops: texts that end an answer, in addition to eos_id;
    encoder_decoder: whether the model is a T5.
    """

    source: str
    width: int
    bos_id: int
    eos_id: int
    sha256: str = ""
    template: str = "{image}{bos}{prompt}"
    lead: str = " "
    stops: tuple[str, ...] = ()
    encoder_decoder: bool = False


@dataclass(frozen=True)
class FinderConfig:
    """The finder: heat maps of object centers and maps of regions, from the grids of the frozen encoder.

    labels: singular nouns of the objects that it finds; boxed: those of them whose points get a box;
    regions: names of the ground covers that it maps;
    thresholds: minimum confidence of a point, by label in the order of `labels`;
    width: channels of the joined grids; stride: pixels per cell of the maps, 4 or 8;
    max_side: longest side in pixels of a picture that is searched at once, larger ones are searched in windows;
    min_side: pictures whose longest side is shorter are enlarged to it;
    finest_gsd_m: pictures with smaller pixels than this many meters are reduced to it, if their resolution is known.
    """

    labels: tuple[str, ...] = ("airplane", "building", "car", "ship", "tree")
    boxed: tuple[str, ...] = ("airplane", "building", "car", "ship", "tree")
    regions: tuple[str, ...] = ("water", "road", "vegetation", "building", "bare ground")
    thresholds: tuple[float, ...] = (0.3, 0.3, 0.3, 0.3, 0.3)
    width: int = 64
    stride: int = 4
    max_side: int = 640
    min_side: int = 384
    finest_gsd_m: float = 0.05


@dataclass(frozen=True)
class ClassifierConfig:
    """The classifier of whole pictures (heads/classifier.py).

    things: labels whose presence it tells; questions about those that shared/vocabulary does not name are
    left to the language model. kinds: groups of kinds of areas, keys of its KINDS.
    """

    things: tuple[str, ...] = (
        "airplane",
        "bare soil",
        "building",
        "car",
        "court",
        "dock",
        "field",
        "grass",
        "mobile home",
        "road",
        "sand",
        "sea",
        "ship",
        "tank",
        "tree",
        "water",
    )
    kinds: tuple[str, ...] = tuple(KINDS)


@dataclass(frozen=True)
class QuestionParserConfig:
    """The question parser (heads/question_parser.py). width: of its vector of each token; heads: of its attention."""

    width: int = 128
    heads: int = 4


@dataclass(frozen=True)
class NoveltyConfig:
    """The novelty detector (heads/novelty.py).

    axes: number of directions in which the variance of the training pictures is stored; quantile: share of the training
    pictures that are usual.
    """

    axes: int = 64
    quantile: float = 0.95


@dataclass(frozen=True)
class ModelConfig:
    """The config of a model.

    caption_prompt, detail_prompt: prompts for a caption and for a longer description;
    beams: width of the beam search, 1 is greedy;
    repetition_penalty: penalty for tokens that the answer already contains, 1 for none;
    no_repeat_ngram: length of token sequences that may occur once only, 0 for no limit;
    patient: a search ends when no better answer can be found, not as soon as each beam has one;
    yes_odds: bias added to the log odds of an answer that begins with yes;
    max_new_tokens: default limit of an answer;
    calibration: slope and offset of the confidence's log odds, by form of answer (engine/confidence.py);
    matching_width: width of the vectors with which pictures and texts are compared, 0 for a model without them;
    weights_sha256: hash of the trained weights, checked when the model is loaded;
    finder: None for a model that cannot find objects; classifier: None for a model that answers questions about
    presence and the kind of area with the language model only;
    question_parser: recognizes questions that the heads answer, and those whose answer has to be a number, a place or a
    kind of area; None for a model that answers all free questions in the language model's own words;
    novelty: lowers the confidence of answers about unusual pictures.
    """

    name: str
    vision: VisionConfig
    qformer: QFormerConfig
    language: LanguageConfig
    caption_prompt: str
    detail_prompt: str = ""
    beams: int = 1
    repetition_penalty: float = 1.0
    no_repeat_ngram: int = 0
    patient: bool = False
    yes_odds: float = 0.0
    matching_width: int = 0
    max_new_tokens: int = 256
    calibration: dict[str, tuple[float, float]] = field(default_factory=dict)
    weights_sha256: str = ""
    licence: str = ""
    notes: dict[str, Any] = field(default_factory=dict)
    finder: FinderConfig | None = None
    classifier: ClassifierConfig | None = None
    question_parser: QuestionParserConfig | None = None
    novelty: NoveltyConfig | None = None

    @property
    def reads_gsd(self) -> bool:
        """Whether answers depend on the ground resolution: the Q-Former sees it, or the finder searches by it."""
        return self.vision.ground_resolution or self.finder is not None

    def require_finder(self) -> FinderConfig:
        """Return the config of the finder. Raises ModelError if the model has none."""
        if self.finder is None:
            raise ModelError(
                f"{self.name} has no finder, so it cannot find objects. Choose another model with --model."
            )
        return self.finder

    @classmethod
    def from_dict(cls, data: dict[str, Any], where: str = f"The model's {CONFIG_FILE}") -> ModelConfig:
        """Build a config from parsed JSON. where: the source of the data, for error messages.

        Raises ModelError if a key is unknown or missing, or a value has the wrong type or is out of range.
        """
        try:
            vision, language = _table(data, "vision"), _table(data, "language")
            channels = {key: _tuple(vision[key]) for key in ("mean", "std")}
            scales = _table({"calibration": {}, **data}, "calibration")
            parts = {
                "vision": VisionConfig(**{**vision, **channels}),
                "qformer": QFormerConfig(**_table(data, "qformer")),
                "language": LanguageConfig(**{**language, "stops": _tuple(language.get("stops", ()))}),
                "calibration": {form: _tuple(scale) for form, scale in scales.items()},
                "finder": _head(data, "finder", FinderConfig),
                "classifier": _head(data, "classifier", ClassifierConfig),
                "question_parser": _head(data, "question_parser", QuestionParserConfig),
                "novelty": _head(data, "novelty", NoveltyConfig),
            }
            config = cls(**{**data, **parts})
            validation.check(config)
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{where} cannot be used ({error}). Install the model again.") from error
        return dataclasses.replace(config, name=one_line(config.name), licence=one_line(config.licence))

    def to_dict(self) -> dict[str, Any]:
        """Return the config as plain data for JSON, the inverse of from_dict."""
        return dataclasses.asdict(self)

    @classmethod
    def read(cls, folder: Path) -> ModelConfig:
        """Read the config of a model folder."""
        return cls.from_dict(read_json(folder, CONFIG_FILE), str(folder / CONFIG_FILE))

    def write(self, folder: Path) -> None:
        """Write the config into a model folder and create the folder if it is missing.

        Raises ModelError, and writes nothing, if the config is not valid.
        """
        self.from_dict(self.to_dict(), f"The new content of {folder / CONFIG_FILE}")
        folder.mkdir(parents=True, exist_ok=True)
        text = json_text(self.to_dict(), indent=2)
        with replace_atomically(folder / CONFIG_FILE) as draft:
            draft.write_text(text + "\n", encoding="utf-8")


def _head(data: dict[str, Any], key: str, config: type[_Head]) -> _Head | None:
    """Return the config of a head, whose lists become tuples; None if the model does not have it."""
    if data.get(key) is None:
        return None
    return config(
        **{name: _tuple(value) if isinstance(value, list) else value for name, value in _table(data, key).items()}
    )


def _table(data: dict[str, Any], key: str) -> dict[str, Any]:
    """Return a copy of a JSON object or TOML table."""
    if not isinstance(data[key], dict):
        raise TypeError(f"{key} is not a table")
    return dict(data[key])


def _tuple(value: Any) -> tuple[Any, ...]:
    """Return a JSON list as a tuple; raise TypeError for a string, which `tuple` would accept."""
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"{value!r} is not a list")
    return tuple(value)
