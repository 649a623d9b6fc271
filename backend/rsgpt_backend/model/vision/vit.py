"""EVA's ViT as an image encoder: 39 of the 40 published blocks, with class token, without the final norm.

The final norm is `ln_vision` of the bridge, which has another epsilon.
"""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn
from transformers import InstructBlipVisionConfig, InstructBlipVisionModel

from ..config import VisionConfig


class VisionTransformer(nn.Module):
    """Maps normalized pixels to the vector of the class token, followed by one vector per patch."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.model = InstructBlipVisionModel(
            InstructBlipVisionConfig(
                hidden_size=config.width,
                intermediate_size=config.intermediate,
                num_hidden_layers=config.layers,
                num_attention_heads=config.heads,
                image_size=config.image_size,
                patch_size=config.patch,
                layer_norm_eps=1e-6,
                qkv_bias=True,
            )
        )
        self.model.post_layernorm = nn.Identity()

    def forward(self, pixels: Tensor) -> Tensor:
        """Normalized pixels [batch, 3, size, size] -> [batch, 1 + patches, width]."""
        return cast(Tensor, self.model(pixel_values=pixels).last_hidden_state)
