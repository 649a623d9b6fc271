"""Write a full-size model with random weights, for benchmarks: `python -m tests.backend.shape NAME FOLDER`.

The vocabulary is artificial too, so that no data is needed.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import AutoModelForCausalLM, LlamaConfig

from rsgpt_backend.benchmark import PROMPTS
from rsgpt_backend.model.hashes import file_sha256
from rsgpt_backend.model.language.language import LanguageModel
from rsgpt_backend.model.published_models import FAMILY
from rsgpt_backend.model.rsgpt import Rsgpt
from rsgpt_backend.model.weights import WEIGHTS_FILE
from tests.backend.toy import make_language

_LLAMA = {
    "rsgpt-7b": LlamaConfig(vocab_size=32001, hidden_size=4096, intermediate_size=11008, num_hidden_layers=32),
    "rsgpt-13b": LlamaConfig(
        vocab_size=32001, hidden_size=5120, intermediate_size=13824, num_hidden_layers=40, num_attention_heads=40
    ),
}
_NOISE = torch.randn(1 << 24, generator=torch.Generator().manual_seed(1))


def main(name: str, folder: Path) -> None:
    """Write the model folder, including its language model."""
    language = folder / "language"
    make_language(
        language, PROMPTS, 800
    )  # for its tokenizer, which splits PROMPTS into as many tokens as LLaMA's: 4 to 6
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(_LLAMA[name], dtype=torch.bfloat16)
        qformer = dataclasses.replace(FAMILY[name].qformer, tokenizer="language")
        config = dataclasses.replace(FAMILY[name], qformer=qformer)
        rsgpt = Rsgpt(config, LanguageModel(model, None))
    _LLAMA[name].architectures = ["LlamaForCausalLM"]
    _LLAMA[name].save_pretrained(language)
    for number, part in enumerate(_parts(model.state_dict(), torch.bfloat16)):
        save_file(part, language / f"{'model' if not number else f'model-{number:05}'}.safetensors", {"format": "pt"})
    _index(language)
    weights: dict[str, Tensor] = {}
    for prefix, module, dtype in (("encoder", rsgpt.encoder, torch.float16), ("bridge", rsgpt.bridge, torch.float32)):
        weights |= {f"{prefix}.{key}": _random(key, value, dtype) for key, value in module.state_dict().items()}
    save_file(weights, folder / WEIGHTS_FILE)
    dataclasses.replace(config, weights_sha256=file_sha256(folder / WEIGHTS_FILE)).write(folder)


def _parts(state: dict[str, Tensor], dtype: torch.dtype) -> Iterator[dict[str, Tensor]]:
    """Yield the weights in parts of a few layers."""
    part: dict[str, Tensor] = {}
    for key, value in state.items():
        part[key] = _random(key, value, dtype)
        if sum(tensor.nbytes for tensor in part.values()) > 2e9:
            yield part
            part = {}
    yield part


def _random(name: str, like: Tensor, dtype: torch.dtype) -> Tensor:
    """Return repeated noise for matrices, ones for norms and zeros for biases."""
    if like.ndim < 2:
        return torch.full(like.shape, float(not name.endswith("bias")), dtype=dtype)
    noise = (_NOISE * like.shape[-1] ** -0.5).to(dtype)
    return noise.repeat(-(-like.numel() // len(noise)))[: like.numel()].view(like.shape)


def _index(language: Path) -> None:
    """Write the index of the files for transformers."""
    (language / "model.safetensors").rename(language / "model-00000.safetensors")
    files: dict[str, str] = {}
    for file in sorted(language.glob("model-*.safetensors")):
        header = file.open("rb")
        names = json.loads(header.read(int.from_bytes(header.read(8), "little")))
        files |= {name: file.name for name in names if name != "__metadata__"}
    index = {"metadata": {}, "weight_map": files}
    (language / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
