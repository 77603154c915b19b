"""The settings of the image store and of the files in it: fields that `Settings` (settings.py) begins with."""

from dataclasses import dataclass

from server.config.fleet_settings import FleetSettings
from server.config.parsers import bucket_name, integer, key_prefix, one_of, setting, web_address


@dataclass(frozen=True, slots=True)
class StorageSettings(FleetSettings):
    storage: str = setting(
        "local", one_of("local", "s3"), "", "local", "image store: `local`, the data folder, or `s3`, a bucket"
    )
    spool_max_mb: int = setting(
        2000,
        integer(1, 1_000_000),
        "MB",
        "2000",
        "finished pictures that wait in the data folder while the store is unavailable; beyond it no job starts",
    )
    s3_bucket: str | None = setting(
        None, bucket_name, "", "none", "bucket of `s3`; credentials and region: boto3's chain"
    )
    s3_endpoint_url: str | None = setting(None, web_address, "", "AWS", "address of an S3 server that is not AWS")
    s3_prefix: str = setting("", key_prefix, "", "none", "prefix of the keys in the bucket")
    s3_url_expiry_s: int = setting(
        86_400,
        integer(60, 604_800),
        "s",
        "86400",
        "lifetime of presigned addresses; a returned address is valid for at least half of it",
    )
    public_base_url: str | None = setting(
        None,
        web_address,
        "",
        "presigned addresses",
        "address of the bucket at a CDN; a picture's address is this, `/` and the key",
    )
    s3_cache_age_s: int = setting(
        86_400,
        integer(0, 31_536_000),
        "s",
        "86400",
        "how long browsers and CDNs cache a picture, deleted ones included",
    )
    embed_parameters: str = setting(
        "full",
        one_of("full", "minimal", "none"),
        "",
        "full",
        "metadata in a picture's file: `full`, `minimal` (no prompt), `none`; a request can override it",
    )
