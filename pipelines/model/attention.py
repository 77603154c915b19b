"""The attention of SDXL's transformer blocks without the steps that change nothing there. Torch thread."""

from typing import Any

from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention


class PlainAttention:
    """A processor for diffusers' `Attention`, with the results of `AttnProcessor2_0`: that one divides each output by
    `rescale_output_factor`, which is 1 in SDXL's UNet, in one more launch a layer."""

    def __call__(
        self,
        attn: Any,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
    ) -> Tensor:
        """`hidden_states` (B, tokens, width), `encoder_hidden_states` (B, 77 * windows, width of the context)."""
        assert attention_mask is None, "SDXL masks no tokens"
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        query, key, value = (
            project(x).unflatten(-1, (attn.heads, -1)).transpose(1, 2)
            for project, x in ((attn.to_q, hidden_states), (attn.to_k, context), (attn.to_v, context))
        )
        mixed = scaled_dot_product_attention(query, key, value)
        return attn.to_out[0](mixed.transpose(1, 2).flatten(2))


def use_plain_attention(unet: Any) -> None:
    """Set the processor where the UNet's attention is SDXL's; a UNet with other parts keeps diffusers' own."""
    layers = [module for name, module in unet.named_modules() if name.endswith((".attn1", ".attn2"))]
    if layers and all(map(_is_plain, layers)) and len(layers) == len(unet.attn_processors):
        unet.set_attn_processor(PlainAttention())


def _is_plain(attn: Any) -> bool:
    extras = (attn.spatial_norm, attn.group_norm, attn.norm_cross, attn.norm_q, attn.norm_k, attn.residual_connection)
    return not any(extras) and attn.rescale_output_factor == 1.0
