"""EVA's ViT as the family uses it: 39 blocks of the published 40, class token kept, no norm at the end.

transformers' module in any size; its last norm is `ln_vision`, which belongs to the bridge and has another epsilon.
"""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn
from transformers import InstructBlipVisionConfig, InstructBlipVisionModel

from ..config import VisionConfig


class VisionTransformer(nn.Module):
    """Normalised pixels -> one vector a patch, and before them the class token's."""

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
        """pixels: [batch, 3, size, size], normalised -> [batch, 1 + patches, width]."""
        return cast(Tensor, self.model(pixel_values=pixels).last_hidden_state)
