"""What bounds a plan."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """`max_rows`: rows of one UNet forward. `max_begun`: images whose latents the runner may hold. `exact_rows`: 0, or
    the one row count that every forward is padded to. `padded`: forwards are padded to the static row counts, each of
    which is compiled. `preview_every`: steps between previews. `one_lora_set`: only images with the same LoRAs share a
    forward."""

    max_rows: int = 16
    max_begun: int = 64
    exact_rows: int = 0
    padded: bool = False
    preview_every: int = 3
    one_lora_set: bool = False

    def computed_rows(self, rows: int, bucket: int) -> int:
        """Rows of a forward for `rows` rows of images, of which `bucket` is the static row count."""
        return self.exact_rows or (bucket if self.padded else rows)

    @property
    def row_budget(self) -> int:
        return self.exact_rows or self.max_rows
