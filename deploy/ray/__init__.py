"""LoRA Studio on Ray Serve: `serve run deploy.ray:studio` (docs/operations/fleet.md)."""

from typing import TYPE_CHECKING

from deploy.ray.options import Options

if TYPE_CHECKING:
    from ray.serve import Application  # pyright: ignore[reportMissingImports]


def studio(options: Options) -> "Application":
    """The Serve application. `serve run` passes its arguments: `serve run deploy.ray:studio max_workers=5`."""
    from deploy.ray.application import build  # Ray is an extra, and the parts below it are tested without

    return build(options)
