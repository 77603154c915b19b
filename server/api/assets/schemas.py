"""What the API answers about assets."""

from msgspec import Struct

from server.api.accounts.schemas import utc
from server.assets.service import Asset


class StoredAsset(Struct, frozen=True, kw_only=True):
    """An image to make pictures from. `asset_id` is the SHA-256 of the stored PNG, `width`, `height` and `bytes` are
    its own. `expires_at` in UTC, RFC 3339; each job that names the asset puts it off."""

    asset_id: str
    width: int
    height: int
    bytes: int
    expires_at: str


def stored_asset(asset: Asset) -> StoredAsset:
    return StoredAsset(
        asset_id=asset.id,
        width=asset.width,
        height=asset.height,
        bytes=asset.num_bytes,
        expires_at=utc(asset.expires_at_s),
    )
