"""Record the features and projected queries that LAVIS 1.0.2 computes from the weights of tests/backend/family.py.

Run it once with LAVIS's Python environment (see CONTRIBUTING) and the files that `test_lavis.py` writes:
`pytest tests/backend/convert/test_lavis.py --basetemp=build/lavis`, then
`LAVIS_PYTHON tests/backend/convert/record_lavis.py build/lavis/weights0 tests/backend/convert/lavis.safetensors`.
The modules of LAVIS are loaded without its packages, which import more than they need.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
import types
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from transformers import BertConfig

SIDE, PATCH, VISION, BLOCKS, VISION_MLP = 28, 14, 24, 2, 40
WIDTH, LAYERS, MLP, QUERIES, VOCABULARY = 16, 4, 20, 4, 12
IDS = [[2, 5, 6, 7, 8, 3], [2, 9, 10, 11, 3, 0]]  # "describe this image." and "a road?"


def main(folder: Path, out: Path) -> None:
    torch.manual_seed(0)
    pixels = torch.randn(2, 3, SIDE, SIDE)
    with torch.no_grad():
        features = encoder(folder)(pixels)
        queries = projected(folder, features)
    save_file({"pixels": pixels, "features": features, "queries": queries}, out)


def encoder(folder: Path) -> Any:
    """Return EVA's ViT. Its file has one block more, a norm and a head, which LAVIS also skips."""
    model = module("eva_vit").VisionTransformer(
        img_size=SIDE, patch_size=PATCH, embed_dim=VISION, depth=BLOCKS, num_heads=4, qkv_bias=True,
        mlp_ratio=(VISION_MLP + 0.5) / VISION, norm_layer=partial(torch.nn.LayerNorm, eps=1e-6),
        use_mean_pooling=False, num_classes=0,
    )  # fmt: skip
    keys = model.load_state_dict(torch.load(folder / "eva_vit_g.pth", weights_only=True), strict=False)
    unused = {name for name in keys.unexpected_keys if not name.startswith(("blocks.2.", "norm.", "head."))}
    if keys.missing_keys or unused:
        raise SystemExit(f"The keys differ from LAVIS's: {keys.missing_keys} {unused}")
    return model.eval()


def projected(folder: Path, features: torch.Tensor) -> torch.Tensor:
    """Return the input of the language model that InstructBLIP's modules in LAVIS compute from features."""
    state = torch.load(folder / "instruct_blip.pth", weights_only=True)["model"]
    config = BertConfig(
        vocab_size=VOCABULARY, hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=4,
        intermediate_size=MLP, max_position_embeddings=64,
    )  # fmt: skip
    config.encoder_width, config.add_cross_attention, config.cross_attention_freq = VISION, True, 2
    config.query_length = QUERIES
    qformer = module("blip2_models.Qformer").BertLMHeadModel(config).eval()
    weights = {name.removeprefix("Qformer."): value for name, value in state.items() if name.startswith("Qformer.")}
    keys = qformer.load_state_dict(weights, strict=False)
    if keys.unexpected_keys or any(not name.startswith("cls.") for name in keys.missing_keys):
        raise SystemExit(f"The keys differ from LAVIS's: {keys}")
    ids = torch.tensor(IDS)
    normed = torch.nn.functional.layer_norm(
        features, (VISION,), state["ln_vision.weight"], state["ln_vision.bias"], eps=1e-5
    )
    hidden = qformer.bert(
        ids,
        attention_mask=torch.cat([torch.ones(2, QUERIES, dtype=torch.long), (ids != 0).long()], dim=1),
        query_embeds=state["query_tokens"].expand(2, -1, -1),
        encoder_hidden_states=normed,
        encoder_attention_mask=torch.ones(normed.shape[:-1], dtype=torch.long),
        return_dict=True,
    ).last_hidden_state[:, :QUERIES]
    return hidden @ state["llm_proj.weight"].T + state["llm_proj.bias"]


def module(name: str) -> Any:
    """Import one module of LAVIS without running its packages."""
    root = Path(str(importlib.metadata.distribution("salesforce-lavis").locate_file("lavis")))
    for package, path in (
        ("lavis", root), ("lavis.common", root / "common"), ("lavis.models", root / "models"),
        ("lavis.models.blip2_models", root / "models/blip2_models"),
    ):  # fmt: skip
        stub(package, __path__=[str(path)])
    stub("lavis.common.dist_utils", download_cached_file=None)
    stub("timm")
    stub("timm.models", __path__=[])
    stub("timm.models.layers", drop_path=None, to_2tuple=pair, trunc_normal_=torch.nn.init.trunc_normal_)
    stub("timm.models.registry", register_model=lambda function: function)
    return importlib.import_module(f"lavis.models.{name}")


def pair(value: int) -> tuple[int, int]:
    return value, value


def stub(name: str, **names: Any) -> None:
    sys.modules[name] = types.ModuleType(name)
    vars(sys.modules[name]).update(names)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
