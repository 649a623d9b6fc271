"""Recognize the model of a checkpoint by the names and shapes of its tensors."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from ..errors import ModelError
from ..model.config import ModelConfig
from ..model.published_models import FAMILY

_INSTRUCTED = {
    ("llm_proj", 4096): "instructblip-vicuna-7b",
    ("llm_proj", 5120): "instructblip-vicuna-13b",
    ("t5_proj", 2048): "instructblip-flan-t5-xl",
}
_PLAIN = {
    ("opt_proj", 2560): "blip2-opt-2.7b",
    ("t5_proj", 2048): "blip2-flan-t5-xl",
    ("llama_proj", 4096): "minigpt4-7b",
    ("llama_proj", 5120): "minigpt4-13b",
}
_PROJECTIONS = tuple(f"{kind}_proj" for kind in ("llm", "llama", "opt", "t5"))
_TRAINED = {"instructblip-vicuna-7b": "rsgpt-7b", "instructblip-vicuna-13b": "rsgpt-13b"}


def recognize_member(tensors: Mapping[str, Tensor], trained: bool) -> ModelConfig:
    """Return the config of a checkpoint in the layout of LAVIS or MiniGPT-4. Raises ModelError for other models.

    trained: whether a training run wrote it, which distinguishes RSGPT's files from InstructBLIP's.
    """
    kind = next((kind for kind in _PROJECTIONS if f"{kind}.weight" in tensors), "")
    if not kind or tensors[f"{kind}.weight"].ndim != 2:
        raise ModelError(
            f"The checkpoint contains no projection matrix ({', '.join(_PROJECTIONS)}). Choose another checkpoint."
        )
    rows, columns = tensors[f"{kind}.weight"].shape
    if kind == "llama_proj" and columns == FAMILY["minigpt4-llama2-7b"].qformer.width:
        return FAMILY["minigpt4-llama2-7b"]
    reads_text = "Qformer.bert.embeddings.word_embeddings.weight" in tensors
    name = (_INSTRUCTED if reads_text else _PLAIN).get((kind, rows))
    if name is None:
        text = "with" if reads_text else "without"
        raise ModelError(
            f"No supported model has a {kind} of {rows} rows and a Q-Former {text} text. "
            f"If the checkpoint is one of {', '.join(FAMILY)}, name it with --as."
        )
    return FAMILY[_TRAINED.get(name, name) if trained else name]
