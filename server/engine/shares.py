"""What an image took of the work that images share. Pure."""

from collections.abc import Iterable, Mapping

from pipelines.plan import StepPlan, StepResult
from server.engine.requests import ImageRequest, Phase


def share_out(plan: StepPlan, result: StepResult, images: Mapping[str, ImageRequest]) -> None:
    """Add the seconds of a plan to the images that it was carried out for: of a forward by rows, of the rest equal
    parts. An encoded source belongs to the images that waited for it; an image that comes later pays nothing for it.
    Called before the images take the step. The seconds of failed and aborted images count for none."""
    for image in _begun(result.begun, images):
        image.begin_s += result.begin_s / len(result.begun)
    rows = {image_id: images[image_id].rows for image_id in result.stepped if image_id in images}
    for image in _begun(result.stepped, images):
        image.step_share_s += result.step_s * rows[image.id] / sum(rows.values())
    keys = {order.key for order in plan.encode}
    waiting = [image for image in images.values() if image.phase is Phase.WAITING and image.spec.source_key in keys]
    prepared = [*waiting, *_begun(plan.advance, images)]
    for image in prepared:
        image.prepare_s += result.prepare_s / len(prepared)


def _begun(image_ids: Iterable[str], images: Mapping[str, ImageRequest]) -> list[ImageRequest]:
    """The images that are here. One that waits was aborted and added again: the work was not for it."""
    found = (images.get(image_id) for image_id in image_ids)
    return [image for image in found if image is not None and image.phase is not Phase.WAITING]
