"""Errors about assets.

InvalidRequest
├── UnusableImage    an upload is no image that can be used
└── AssetGone        a request names an asset that its caller does not have, or no longer has
DomainError
├── AssetNotFound    an address names such an asset
├── AssetTooLarge    an upload has too many bytes
└── TooManyAssets    the caller keeps the maximum number of assets, or of their bytes
"""

from server.errors import NOT_FOUND, TOO_LARGE, TOO_MANY_REQUESTS, DomainError, FieldError, InvalidRequest


class UnusableImage(InvalidRequest):
    """`field` is the request field at fault."""

    def __init__(self, field: str, detail: str, allowed: str) -> None:
        super().__init__([FieldError(field, detail, allowed)])


class AssetGone(InvalidRequest):
    """`field` is the request field at fault."""

    def __init__(self, field: str, sha256: str) -> None:
        detail = f"you have no asset {sha256[:64]}; it may have expired"
        super().__init__([FieldError(field, detail, "the asset_id of an image that you have sent to POST /api/assets")])


class AssetNotFound(DomainError):
    kind = NOT_FOUND

    def __init__(self, sha256: str) -> None:
        super().__init__(f"you have no asset {sha256[:64]}; it may have expired")


class AssetTooLarge(DomainError):
    kind = TOO_LARGE

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"an image may be {max_bytes:,} bytes large")


class TooManyAssets(DomainError):
    """`retry_after_s`: whole seconds until the first of the caller's assets expires."""

    kind = TOO_MANY_REQUESTS

    def __init__(self, max_assets: int, max_bytes: int, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(
            f"{max_assets:,} images of {max_bytes:,} bytes in all are kept for one caller; the first of yours expires"
            f" in {retry_after_s} s"
        )
