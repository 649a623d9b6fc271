"""What a model of the family is, as data that travels with its weights. It knows no tensors.

Every member is one config: the small model differs from RSGPT-13B in these values alone.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rsgpt_plugin.shared.files.atomic_file import replaced
from rsgpt_plugin.shared.text import one_line

from ..errors import ModelError
from ..strict_json import json_text
from . import validation
from .folder_files import read_json

CONFIG_FILE = "model.json"
PACKAGE = "package:"  # begins the source of a language model that is a file of an installed package


@dataclass(frozen=True)
class VisionConfig:
    """kind: key of `vision.ENCODERS`; image_size: pixels a side, the picture is squashed to it.

    mean, std: of RGB in 0..1, applied after scaling; cells: vectors a picture;
    cell_positions: learn a position for each cell, for encoders that have none of their own.
    patch, layers, heads, intermediate: of a ViT; convolutional encoders have one shape each.
    """

    kind: str
    image_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    width: int
    cells: int
    cell_positions: bool = False
    patch: int = 0
    layers: int = 0
    heads: int = 0
    intermediate: int = 0


@dataclass(frozen=True)
class QFormerConfig:
    """tokenizer: "language" to share the language model's vocabulary and frozen embeddings, else a folder.

    max_text: tokens of an instruction that are read; positions: that there are, 0 for as many; instruction: whether it
    is read at all, as in RSGPT and InstructBLIP. layers 0: there is no Q-Former, and neighbouring patch vectors are
    joined to `queries` vectors of `width`, as in one variant of MiniGPT-4.
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
    """source: "package:NAME/FILE" for a GGUF inside an installed package, else a transformers folder.

    sha256: of that GGUF file, or of the folder's weights; bos_id: what every prompt starts with; template: what the
    language model reads, of {image}, {bos}, {eos}, {prompt} and text; lead: what stands before an answer when it is
    learnt; stops: texts that end an answer beside eos_id; encoder_decoder: whether it is a T5. A relative folder lies
    in the model's; an absolute one needs its hash (language.py).
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
class ModelConfig:
    """One member of the family. weights_sha256 names the trained part and is checked when it is loaded.

    caption_prompt, detail_prompt: what to ask for a caption and for a longer description; calibration: by form of
    answer, slope and offset of its confidence's log odds (confidence.py); beams: answers followed at once, 1 is greedy;
    repetition_penalty: what a token that was said before loses, 1 for none; no_repeat_ngram: so many tokens in a row
    are said once, 0 for no such rule; patient: a search ends where no better answer can be found, not as soon as each
    beam has one; yes_odds: what is added to the log odds of an answer that begins with a yes; max_new_tokens: of an
    answer, unless another limit is asked for.
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
    max_new_tokens: int = 256
    calibration: dict[str, tuple[float, float]] = field(default_factory=dict)
    weights_sha256: str = ""
    licence: str = ""
    notes: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, data: dict[str, Any], where: str = f"The model's {CONFIG_FILE}") -> ModelConfig:
        """Build from parsed JSON. ModelError: a key is unknown or missing, a value of another type or out of range.

        where: what the data were read from, for the sentence.
        """
        try:
            vision, language = _table(data, "vision"), _table(data, "language")
            listed = {key: _tuple(vision[key]) for key in ("mean", "std")}
            scales = _table({"calibration": {}, **data}, "calibration")
            parts = {
                "vision": VisionConfig(**{**vision, **listed}),
                "qformer": QFormerConfig(**_table(data, "qformer")),
                "language": LanguageConfig(**{**language, "stops": _tuple(language.get("stops", ()))}),
                "calibration": {form: _tuple(scale) for form, scale in scales.items()},
            }
            config = cls(**{**data, **parts})
            validation.check(config)
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{where} cannot be used ({error}). Install the model again.") from error
        return dataclasses.replace(config, name=one_line(config.name), licence=one_line(config.licence))

    def to_dict(self) -> dict[str, Any]:
        """The inverse of from_dict, ready for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def read(cls, folder: Path) -> ModelConfig:
        """Read the config of a model folder."""
        return cls.from_dict(read_json(folder, CONFIG_FILE), str(folder / CONFIG_FILE))

    def write(self, folder: Path) -> None:
        """Write the config into a model folder, which is made if missing. ModelError: it could not be read again."""
        self.from_dict(self.to_dict(), f"What is to be written to {folder / CONFIG_FILE}")
        folder.mkdir(parents=True, exist_ok=True)
        text = json_text(self.to_dict(), indent=2)
        with replaced(folder / CONFIG_FILE) as draft:
            draft.write_text(text + "\n", encoding="utf-8")


def _table(data: dict[str, Any], key: str) -> dict[str, Any]:
    """An object of JSON, or a table of TOML."""
    if not isinstance(data[key], dict):
        raise TypeError(f"{key} is no table")
    return dict(data[key])


def _tuple(value: Any) -> tuple[Any, ...]:
    """A list of JSON; a text is none, though it can be taken apart."""
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"{value!r} is no list")
    return tuple(value)
