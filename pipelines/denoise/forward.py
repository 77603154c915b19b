"""The UNet forward that rows of different images share, and classifier-free guidance (arXiv 2207.12598). Torch thread.

The host never waits for the device: no tensor is read back, and the numbers of a step are sent in one copy.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pipelines.denoise.state import DenoiseState
from pipelines.device import to_device
from pipelines.lora.backend import LoraBackend, LoraTerms
from pipelines.model.load import LoadedModel
from pipelines.model.weights import unet_layout


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The inputs of a forward over B rows: `sample` (B, 4, H/8, W/8), `timesteps` (B,) float32, `context` (B, 77 *
    windows, ...), `pooled` (B, ...), `time_ids` (B, 6), and their `loras`."""

    sample: Tensor
    timesteps: Tensor
    context: Tensor
    pooled: Tensor
    time_ids: Tensor
    loras: LoraTerms

    def portion(self, start: int, num_rows: int) -> "Rows":
        rows = slice(start, start + num_rows)
        return Rows(
            self.sample[rows],
            self.timesteps[rows],
            self.context[rows],
            self.pooled[rows],
            self.time_ids[rows],
            tuple(term.portion(start, num_rows) for term in self.loras),
        )


def padded_rows(rows: int, pad_to_rows: int, exact_rows: int) -> int:
    """Rows that are computed: at least `pad_to_rows`; with `exact_rows` a multiple of it."""
    if exact_rows:
        return -(-rows // exact_rows) * exact_rows
    return max(rows, pad_to_rows)


def predict(
    model: LoadedModel,
    loras: LoraBackend,
    states: Sequence[DenoiseState],
    num_rows: int,
    exact_rows: int,
    note: Callable[[Rows], object] = lambda rows: None,
) -> list[Tensor]:
    """The guided prediction of each state, (1, 4, H/8, W/8) float32, in the order given. `note` is given the rows of
    each forward.

    Order of the rows: one row with its prompt for each image, guided images first; then the negative rows of the guided
    images. With `exact_rows`, each forward has exactly that many rows: the bits of a row depend on the number of rows,
    not on the content of the other rows.
    """
    order = sorted(range(len(states)), key=lambda index: states[index].negative_now is None)
    ordered = [states[index] for index in order]
    rows, guidance = _stack(model, loras, ordered, num_rows)
    size = exact_rows or num_rows
    portions = [rows.portion(start, size) for start in range(0, num_rows, size)]
    for portion in portions:
        note(portion)
    outputs = [forward(model, loras, portion) for portion in portions]
    output = torch.cat(outputs).float().contiguous()
    num_images, num_guided = len(ordered), len(guidance)
    prompted, unprompted = output[:num_images], output[num_images : num_images + num_guided]
    guided = unprompted + guidance * (prompted[:num_guided] - unprompted)
    predictions = torch.cat([guided, prompted[num_guided:]])[:, None]  # (images, 1, 4, H/8, W/8)
    return [prediction for _, prediction in sorted(zip(order, predictions, strict=True), key=lambda pair: pair[0])]


def _stack(
    model: LoadedModel, loras: LoraBackend, ordered: Sequence[DenoiseState], num_rows: int
) -> tuple[Rows, Tensor]:
    """The rows, padded to `num_rows` with copies of the first, and the guidance scales (G, 1, 1, 1) of the G guided
    images."""
    guided = [(state, state.negative_now) for state in ordered if state.negative_now is not None]
    states = [*ordered, *(state for state, _ in guided)]
    embeddings = [*(state.positive_now for state in ordered), *(negative for _, negative in guided)]
    states += states[:1] * (num_rows - len(states))
    embeddings += embeddings[:1] * (num_rows - len(embeddings))
    layout = loras.prepare([state.adapters for state in states])
    numbers = to_device(
        [
            *(float(state.timestep) for state in states),  # already on the CPU
            *(state.spec.sampling.guidance_scale for state, _ in guided),
            *layout.numbers,
        ],
        model.device,
    )
    guidance = numbers[num_rows : num_rows + len(guided)]
    inputs = {id(state): state.model_input() for state in ordered}
    sample = torch.cat([inputs[id(state)] for state in states])
    rows = Rows(
        sample=sample.to(model.dtype).contiguous(memory_format=unet_layout(model.device)),
        timesteps=numbers[:num_rows],
        context=torch.cat([embedding.context for embedding in embeddings]),
        pooled=torch.cat([embedding.pooled for embedding in embeddings]),
        time_ids=torch.cat([state.time_ids for state in states]),
        loras=loras.place(layout, numbers[num_rows + len(guided) :]),
    )
    return rows, guidance.view(-1, 1, 1, 1)


def forward(model: LoadedModel, loras: LoraBackend, rows: Rows) -> Tensor:
    """The UNet's output (B, 4, H/8, W/8) in the model's dtype."""
    with loras.applied(rows.loras):
        return model.unet(
            rows.sample,
            rows.timesteps,
            encoder_hidden_states=rows.context,
            added_cond_kwargs={"text_embeds": rows.pooled, "time_ids": rows.time_ids},
            return_dict=False,
        )[0]
