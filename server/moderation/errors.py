"""Errors of moderation.

InvalidRequest
└── UploadBlocked     an image that a caller brought is blocked
DomainError
├── ClassifierAway    the classifier cannot score an image now
├── NotReviewed       an address names no image that is up for review
└── JobUnfinished     the image belongs to a job that is still being made
"""

from server.errors import CONTENT_BLOCKED, NOT_FOUND, NOT_READY, UNFINISHED, DomainError, FieldError, StudioError


class UploadBlocked(StudioError):
    """`field` is the request field that names or holds the image."""

    def __init__(self, field: str, score: float, threshold: float) -> None:
        detail = blocked_detail(score, threshold)
        super().__init__(CONTENT_BLOCKED, f"{field}: {detail}", [FieldError(field, detail, "another picture")])


class ClassifierAway(DomainError):
    kind = NOT_READY
    retry_after_s = 10


class NotReviewed(DomainError):
    kind = NOT_FOUND

    def __init__(self, image_id: str) -> None:
        super().__init__(f"no flagged or blurred picture has the id {image_id[:64]}")


class JobUnfinished(DomainError):
    kind = UNFINISHED

    def __init__(self) -> None:
        super().__init__("the job of this picture is still being made; wait for its end or cancel it")


def blocked_detail(score: float, threshold: float) -> str:
    return f"a classifier scores this picture {score:.2f}; from {threshold:g} on it is blocked as explicit"
