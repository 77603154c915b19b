"""Every setting of the server: one frozen `Settings`. server/config/environment.py reads it from the environment.

The fields of `Settings` are the one table of settings; `settings_table()` renders it and docs/settings.md shows it.
"""

from dataclasses import Field, dataclass, fields
from pathlib import Path
from typing import Any

import pipelines
import server
from server.config.parsers import (
    base_model,
    bucket_name,
    database_url,
    exact_rows,
    folder,
    integer,
    key_prefix,
    minutes,
    model_name,
    one_of,
    origins,
    plain,
    proxies,
    row_counts,
    secret,
    setting,
    switch,
    web_address,
)

PREFIX = "STUDIO_"
DEMO_MODEL = Path(pipelines.__path__[0]) / "demo"
PAGE = Path(server.__path__[0]) / "page"
ROW_BUCKETS = (1, 2, 3, 4, 6, 8, 12, 16)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator decides. `read_settings` (environment.py) builds it; tests may build it directly."""

    host: str = setting("127.0.0.1", plain, "", "127.0.0.1", "address it listens on; 0.0.0.0 for all of IPv4")
    port: int = setting(8000, integer(1, 65535), "TCP port", "8000", "port it listens on")
    public_url: str | None = setting(
        None, web_address, "", "the request's host", "address that absolute links of this server start with"
    )
    cors_origins: tuple[str, ...] = setting(
        (), origins, "", "none", "origins of front ends hosted elsewhere, with commas between them; `*` for any"
    )
    role: str = setting(
        "all",
        one_of("all", "api", "worker"),
        "",
        "all",
        "what this process does: `api` answers callers, `worker` makes images, `all` does both in one process",
    )
    worker_url: str | None = setting(
        None, web_address, "", "host and port", "address at which api processes reach this worker, for live previews"
    )
    data_dir: Path = setting(
        Path("data"), folder, "", "./data", "folder of the database, the pictures and the LoRA copies"
    )
    database_url: str | None = setting(
        None,
        database_url,
        "",
        "SQLite file in the data folder",
        "SQLAlchemy address: `postgresql+asyncpg://user:password@host/name` or `sqlite+aiosqlite:///path`",
        repr=False,
    )
    base_model: Path = setting(
        DEMO_MODEL,
        base_model,
        "",
        "the demo model",
        "an SDXL model: a diffusers folder, a `.safetensors` checkpoint, or a hub id like `org/name`",
    )
    vae: Path | None = setting(
        None, folder, "", "the model's own", "another VAE for SDXL: a diffusers folder or a `.safetensors` file"
    )
    vae_decode: str = setting(
        "whole",
        one_of("whole", "tiled"),
        "",
        "whole",
        "how pictures above 512 px are decoded; `tiled` takes less memory. Always one at a time",
    )
    lora_dir: Path = setting(Path("loras"), folder, "", "./loras", "folder of `<name>-v<version>.safetensors`")
    lora_watch_s: int = setting(
        0, integer(0, 86_400), "s", "0 (off)", "the LoRA folder is looked at so often, and reloaded when it has changed"
    )
    lora_s3_prefix: str | None = setting(
        None,
        key_prefix,
        "",
        "none",
        "a reload brings the `.safetensors` right below this prefix of `STUDIO_S3_BUCKET` into the LoRA folder",
    )
    max_lora_mb: int = setting(
        2000, integer(1, 100_000), "MB", "2000", "no LoRA file is larger, uploaded or in the folder"
    )
    default_model: str = setting(
        "jade", model_name, "", "jade", "LoRA of a request that names no `model_name`; `base` for none"
    )
    device: str = setting(
        "auto", one_of("auto", "cuda", "cpu"), "", "auto", "`cuda` or `cpu`; auto takes cuda where there is one"
    )
    dtype: str = setting(
        "auto",
        one_of("auto", "float16", "bfloat16", "float32"),
        "",
        "auto",
        "number format of the model: `float16`, `bfloat16` or `float32`; auto is float16 on cuda, else float32",
    )
    attention: str = setting(
        "sdpa", one_of("sdpa", "xformers"), "", "sdpa", "`sdpa`, torch's own, or `xformers` (CUDA only)"
    )
    compile: bool = setting(
        False,
        switch,
        "",
        "off",
        "`on`: torch.compile for the UNet; the start then takes minutes, as do the first pictures with LoRAs",
    )
    exact_rows: int = setting(
        0,
        exact_rows,
        "rows",
        "0 (off)",
        "pads every UNet forward to this many rows: a picture is then bitwise the same under any neighbors",
    )
    max_rows: int = setting(
        16,
        integer(2, 999),
        "rows",
        "16",
        "most rows of one UNet forward; a picture with guidance takes two; `STUDIO_EXACT_ROWS` replaces it",
    )
    row_buckets: tuple[int, ...] = setting(
        ROW_BUCKETS,
        row_counts,
        "rows",
        ",".join(str(rows) for rows in ROW_BUCKETS),
        "row counts a UNet forward is padded to; the last is at least `STUDIO_MAX_ROWS`",
    )
    embedding_cache_mb: int = setting(
        64, integer(0, 65536), "MB", "64", "memory for prompts already encoded; 0 for none"
    )
    lora_cache_mb: int = setting(
        2000, integer(1, 1_000_000), "MB", "2000", "memory for LoRAs next to the model; the most recently used stay"
    )
    lora_mode: str = setting(
        "mixed",
        one_of("mixed", "merged"),
        "",
        "mixed",
        "`mixed`: each picture of a forward has its own LoRAs; `merged`: one set at a time, added to the weights",
    )
    preview_every_steps: int = setting(
        3, integer(1, 150), "steps", "3", "a preview is made every so many steps, only while a client watches the job"
    )
    admin_key: str | None = setting(
        None,
        secret,
        "",
        "none: operator calls are refused",
        "bearer key of the operator's calls, like the LoRA reload",
        repr=False,
    )
    registration: str = setting(
        "open",
        one_of("open", "invite", "closed"),
        "",
        "open",
        "registration is open to all, by invitation (`python -m server create-invite`), or closed",
    )
    anonymous: bool = setting(True, switch, "", "on", "`off`: pictures are made and shown only for signed-in users")
    log_format: str = setting(
        "auto",
        one_of("auto", "text", "json"),
        "",
        "auto",
        "lines of the log: `text`, `json`; auto is text on a terminal",
    )
    stop_timeout_s: int = setting(
        10, integer(2, 600), "s", "10", "the longest shutdown; jobs go back to the queue immediately"
    )
    max_queue: int = setting(
        500, integer(1, 100_000), "jobs", "500", "accepted but unfinished jobs; beyond it 503 with Retry-After"
    )
    rate_limit_per_hour: int = setting(
        10,
        integer(0, 1_000_000),
        "jobs",
        "10",
        "accepted jobs an hour and address of callers without an account (IPv6: and /64); 0 for no limit",
    )
    user_rate_limit_per_hour: int = setting(
        0, integer(0, 1_000_000), "jobs", "0 (no limit)", "accepted jobs an hour of each user"
    )
    user_daily_pictures: int = setting(
        0, integer(0, 1_000_000_000), "pictures", "0 (no limit)", "pictures a day (UTC) that each user may ask for"
    )
    user_daily_gpu_s: int = setting(
        0,
        integer(0, 1_000_000_000),
        "s",
        "0 (no limit)",
        "seconds of the model's time a day (UTC) of each user; what waits counts as it is expected to take",
    )
    max_images: int = setting(8, integer(1, 8), "pictures", "8", "most pictures of one job")
    max_steps: int = setting(150, integer(1, 150), "steps", "150", "most steps of one picture")
    max_pixels: int | None = setting(
        None, integer(64, 268_435_456), "px", "the base model's bound", "most pixels of one picture: width times height"
    )
    anonymous_max_images: int | None = setting(
        None, integer(1, 8), "pictures", "`STUDIO_MAX_IMAGES`", "the same for callers without an account, where lower"
    )
    anonymous_max_steps: int | None = setting(
        None, integer(1, 150), "steps", "`STUDIO_MAX_STEPS`", "the same for callers without an account, where lower"
    )
    anonymous_max_pixels: int | None = setting(
        None,
        integer(64, 268_435_456),
        "px",
        "`STUDIO_MAX_PIXELS`",
        "the same for callers without an account, where lower",
    )
    trusted_proxies: tuple[str, ...] = setting(
        (),
        proxies,
        "",
        "none",
        "addresses and networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed",
    )
    retention_days: int = setting(
        0, integer(0, 36_500), "days", "0 (for ever)", "ended jobs are deleted with their pictures after so long"
    )
    retention_gb: int = setting(
        0,
        integer(0, 1_000_000),
        "GB",
        "0 (no bound)",
        "the oldest jobs are deleted with their pictures while all pictures together take more",
    )
    idle_exit_min: float = setting(
        0.0, minutes, "min", "0 (never)", "the server ends (exit code 0) after so long with no job and no open stream"
    )
    page_dir: Path = setting(
        PAGE,
        folder,
        "",
        "the built page",
        "folder of the web page; the built one is part of the wheel and of a checkout",
    )
    storage: str = setting(
        "local", one_of("local", "s3"), "", "local", "where pictures go: `local`, the data folder, or `s3`, a bucket"
    )
    spool_max_mb: int = setting(
        2000,
        integer(1, 1_000_000),
        "MB",
        "2000",
        "finished pictures that wait in the data folder for a store that is away; with more, no job is begun",
    )
    s3_bucket: str | None = setting(None, bucket_name, "", "none", "bucket of `s3`; boto3 finds credentials and region")
    s3_endpoint_url: str | None = setting(None, web_address, "", "AWS", "address of an S3 server that is not AWS")
    s3_prefix: str = setting("", key_prefix, "", "none", "what the keys in the bucket begin with")
    s3_url_expiry_s: int = setting(
        86_400, integer(60, 604_800), "s", "86400", "how long signed addresses of pictures work; at least half of it"
    )
    public_base_url: str | None = setting(
        None,
        web_address,
        "",
        "signed addresses",
        "address at which a CDN serves the bucket; pictures are shown as this, a `/` and the key",
    )
    s3_cache_age_s: int = setting(
        86_400, integer(0, 31_536_000), "s", "86400", "how long browsers and CDNs keep a picture: also a deleted one"
    )
    embed_parameters: str = setting(
        "full",
        one_of("full", "minimal", "none"),
        "",
        "full",
        "metadata in a picture's file: `full`, `minimal` (no prompt), `none`; requests may differ",
    )

    @property
    def resolved_database_url(self) -> str:
        return self.database_url or f"sqlite+aiosqlite:///{(self.data_dir / 'studio.db').absolute()}"


def variable(of: "Field[Any]") -> str:
    return PREFIX + of.name.upper()


def settings_table() -> str:
    """The table of docs/settings.md, in Markdown."""
    lines = ["| variable | default | unit | meaning |", "| --- | --- | --- | --- |"]
    for each in fields(Settings):
        meta = each.metadata
        lines.append(f"| `{variable(each)}` | {meta['shown']} | {meta['unit'] or ''} | {meta['meaning']} |")
    return "\n".join(lines)
