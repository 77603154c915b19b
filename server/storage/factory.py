"""Open the image store of the settings."""

from pathlib import Path

from server.config.settings import Settings
from server.storage.local import LocalStore
from server.storage.store import ImageStore


def open_store(settings: Settings, pictures_dir: Path, base_path: str) -> ImageStore:
    """`base_path` is the address of a local store's images on this server. Raises StoreError if the settings of S3
    cannot be used; `check` finds a server that does not answer or refuses."""
    if settings.storage == "local":
        return LocalStore(pictures_dir, base_path)
    from server.storage.s3 import S3Options, S3Store  # boto3 takes half a second to import

    return S3Store(
        S3Options(
            bucket=settings.s3_bucket or "",
            endpoint_url=settings.s3_endpoint_url,
            prefix=settings.s3_prefix,
            public_base_url=settings.public_base_url,
            url_expiry_s=settings.s3_url_expiry_s,
            cache_age_s=settings.s3_cache_age_s,
        )
    )
