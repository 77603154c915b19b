"""Every setting of the server: one frozen `Settings`, which environment.py reads from the environment. Its fields are
the only table of settings; `settings_table()` renders it for docs/settings.md."""

from dataclasses import Field, dataclass, fields
from pathlib import Path
from typing import Any

import pipelines
import server
from server.config.billing_settings import BillingSettings
from server.config.fleet_settings import FleetSettings
from server.config.parsers import (
    base_model,
    database_url,
    exact_rows,
    folder,
    integer,
    key_prefix,
    minutes,
    model_name,
    one_of,
    origins,
    own_address,
    plain,
    proxies,
    row_counts,
    secret,
    setting,
    switch,
    web_address,
)
from server.config.storage_settings import StorageSettings

PREFIX = "STUDIO_"
DEMO_MODEL = Path(pipelines.__path__[0]) / "demo"
PAGE = Path(server.__path__[0]) / "page"
ROW_BUCKETS = (1, 2, 3, 4, 6, 8, 12, 16)


@dataclass(frozen=True, slots=True)
class Settings(StorageSettings):
    """The operator's settings. `read_settings` (environment.py) builds them; tests may build them directly."""

    host: str = setting("127.0.0.1", plain, "", "127.0.0.1", "address to listen on; 0.0.0.0: all IPv4 addresses")
    port: int = setting(8000, integer(1, 65535), "TCP port", "8000", "port to listen on")
    public_url: str | None = setting(
        None, own_address, "", "the request's host", "address that absolute links to this server start with; no path"
    )
    cors_origins: tuple[str, ...] = setting(
        (), origins, "", "none", "origins of front ends hosted elsewhere, comma-separated; `*`: any"
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
    database_direct_url: str | None = setting(
        None,
        database_url,
        "",
        "`STUDIO_DATABASE_URL`",
        "the same PostgreSQL without PgBouncer, where `STUDIO_DATABASE_URL` leads through one in transaction mode",
        repr=False,
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
        "VAE decoding of pictures above 512 px, one picture at a time; `tiled` takes less memory",
    )
    vae_dtype: str = setting(
        "auto",
        one_of("auto", "float16", "float32"),
        "",
        "auto",
        "number format of the VAE's decodes: `float32`, or `float16` until a picture overflows; auto: float16 with a"
        " float16 model, without exact rows",
    )
    lora_dir: Path = setting(Path("loras"), folder, "", "./loras", "folder of `<name>-v<version>.safetensors`")
    upscaler_dir: Path | None = setting(
        None, folder, "", "none", "folder of upscalers: ESRGAN and Real-ESRGAN networks as `.safetensors` files"
    )
    wildcard_dir: Path | None = setting(
        None, folder, "", "none", "folder of wildcards for prompts: `.txt` files with a value a line, YAML files"
    )
    embedding_dir: Path | None = setting(
        None, folder, "", "none", "folder of textual inversion embeddings for SDXL: `.safetensors` files"
    )
    lora_watch_s: int = setting(
        0,
        integer(0, 86_400),
        "s",
        "0 (off)",
        "interval of checking the LoRA folder for changes; a change causes a reload",
    )
    lora_s3_prefix: str | None = setting(
        None,
        key_prefix,
        "",
        "none",
        "a reload downloads the `.safetensors` files directly below this prefix of `STUDIO_S3_BUCKET`",
    )
    max_lora_mb: int = setting(2000, integer(1, 100_000), "MB", "2000", "largest LoRA file, uploaded or in the folder")
    default_model: str = setting("jade", model_name, "", "jade", "LoRA of a request without `model_name`; `base`: none")
    device: str = setting(
        "auto", one_of("auto", "cuda", "cpu"), "", "auto", "`cuda` or `cpu`; auto: cuda if there is one"
    )
    dtype: str = setting(
        "auto",
        one_of("auto", "float16", "bfloat16", "float32"),
        "",
        "auto",
        "number format of the model: `float16`, `bfloat16` or `float32`; auto: float16 on cuda, else float32",
    )
    attention: str = setting(
        "sdpa", one_of("sdpa", "xformers"), "", "sdpa", "`sdpa`, torch's own, or `xformers` (CUDA only)"
    )
    fp16_accumulation: bool = setting(
        False,
        switch,
        "",
        "off",
        "`on`: products of float16 matrices are summed in float16, faster on GeForce cards; not with exact rows",
    )
    compile: bool = setting(
        False,
        switch,
        "",
        "off",
        "`on`: torch.compile for the UNet; the start then takes minutes",
    )
    compile_rank: int = setting(
        64,
        integer(1, 1024),
        "rank",
        "64",
        "with `STUDIO_COMPILE`: a picture with one LoRA up to this rank runs compiled, and each LoRA takes the memory"
        " of this rank; one with several LoRAs, or a higher rank, runs uncompiled",
    )
    exact_rows: int = setting(
        0,
        exact_rows,
        "rows",
        "0 (off)",
        "pads every UNet forward to this many rows, so that a picture is bitwise the same next to any other pictures",
    )
    max_rows: int = setting(
        16,
        integer(2, 999),
        "rows",
        "16",
        "most rows of one UNet forward; a picture with guidance takes two; `STUDIO_EXACT_ROWS` overrides it",
    )
    row_buckets: tuple[int, ...] = setting(
        ROW_BUCKETS,
        row_counts,
        "rows",
        ",".join(str(rows) for rows in ROW_BUCKETS),
        "row counts that forwards are planned for; with `STUDIO_COMPILE` they are padded to these; the last is at least"
        " `STUDIO_MAX_ROWS`",
    )
    embedding_cache_mb: int = setting(64, integer(0, 65536), "MB", "64", "cache of encoded prompts; 0: no cache")
    lora_cache_mb: int = setting(
        2000,
        integer(1, 1_000_000),
        "MB",
        "2000",
        "cache of LoRAs next to the model; the least recently used leave first",
    )
    lora_mode: str = setting(
        "mixed",
        one_of("mixed", "merged"),
        "",
        "mixed",
        "`mixed`: each picture of a forward has its own LoRAs; `merged`: one set at a time, added to the weights",
    )
    preview_every_steps: int = setting(
        3, integer(1, 150), "steps", "3", "interval of previews, which are made only while a client watches the job"
    )
    admin_key: str | None = setting(
        None,
        secret,
        "",
        "none: operator calls are refused",
        "bearer key for operator calls, like the LoRA reload; 16 characters or more",
        repr=False,
    )
    registration: str = setting(
        "open",
        one_of("open", "invite", "closed"),
        "",
        "open",
        "registration is open to all, by invitation (`python -m server create-invite`), or closed",
    )
    anonymous: bool = setting(
        True, switch, "", "on", "`off`: only users with a login or an API key can make and see pictures"
    )
    gallery: bool = setting(
        False,
        switch,
        "",
        "off",
        "`on`: a public gallery of shared pictures, which owners offer and the operator accepts ([page.md](page.md))",
    )
    log_format: str = setting(
        "auto",
        one_of("auto", "text", "json"),
        "",
        "auto",
        "format of the log: `text` or `json`; auto: text on a terminal",
    )
    stop_timeout_s: int = setting(
        10, integer(2, 600), "s", "10", "the longest shutdown; jobs go back to the queue immediately"
    )
    max_queue: int = setting(
        5000,
        integer(1, 100_000),
        "jobs",
        "5000",
        "most accepted, unfinished jobs; further ones are answered 503 with Retry-After",
    )
    max_streams_per_caller: int = setting(
        50,
        integer(0, 100_000),
        "streams",
        "50",
        "most open event streams and waits of one account, API key's end user or address; 0: no limit",
    )
    max_connections: int = setting(
        2000,
        integer(16, 100_000),
        "connections",
        "2000",
        "most open connections; fewer where the process may open only few files (`ulimit -Hn`)",
    )
    rate_limit_per_hour: int = setting(
        10,
        integer(0, 1_000_000),
        "jobs",
        "10",
        "accepted jobs per hour and address (IPv6: per /64) for callers without an account; 0: no limit",
    )
    user_rate_limit_per_hour: int = setting(
        0, integer(0, 1_000_000), "jobs", "0 (no limit)", "accepted jobs per hour and user"
    )
    user_daily_pictures: int = setting(
        0, integer(0, 1_000_000_000), "pictures", "0 (no limit)", "requested pictures per day (UTC) and user"
    )
    user_daily_gpu_s: int = setting(
        0,
        integer(0, 1_000_000_000),
        "s",
        "0 (no limit)",
        "seconds of the model's time per day (UTC) and user; waiting jobs count with their estimate",
    )
    max_images: int = setting(8, integer(1, 8), "pictures", "8", "most pictures of one job")
    max_steps: int = setting(150, integer(1, 150), "steps", "150", "most steps of one picture")
    max_pixels: int | None = setting(
        None, integer(64, 268_435_456), "px", "the base model's bound", "most pixels of one picture: width times height"
    )
    anonymous_max_images: int | None = setting(
        None, integer(1, 8), "pictures", "`STUDIO_MAX_IMAGES`", "the same for callers without an account, if lower"
    )
    anonymous_max_steps: int | None = setting(
        None, integer(1, 150), "steps", "`STUDIO_MAX_STEPS`", "the same for callers without an account, if lower"
    )
    anonymous_max_pixels: int | None = setting(
        None,
        integer(64, 268_435_456),
        "px",
        "`STUDIO_MAX_PIXELS`",
        "the same for callers without an account, if lower",
    )
    trusted_proxies: tuple[str, ...] = setting(
        (),
        proxies,
        "",
        "none",
        "addresses and networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are trusted",
    )
    retention_days: int = setting(
        0, integer(0, 36_500), "days", "0 (for ever)", "age at which ended jobs are deleted with their pictures"
    )
    retention_gb: int = setting(
        0,
        integer(0, 1_000_000),
        "GB",
        "0 (no bound)",
        "size of all pictures beyond which the oldest jobs are deleted with their pictures",
    )
    asset_hours: int = setting(
        24,
        integer(1, 8760),
        "h",
        "24",
        "lifetime of an uploaded image since its upload or the last job that named it; jobs keep theirs",
    )
    idle_exit_min: float = setting(
        0.0, minutes, "min", "0 (never)", "time without a job and an open stream after which the server exits (code 0)"
    )
    page_dir: Path = setting(
        PAGE,
        folder,
        "",
        "the built page",
        "folder of the web page, as scripts/build_page.py makes it; a wheel contains one",
    )

    @property
    def resolved_database_url(self) -> str:
        return self.database_url or f"sqlite+aiosqlite:///{(self.data_dir / 'studio.db').absolute()}"


def variable(of: "Field[Any]") -> str:
    return PREFIX + of.name.upper()


def settings_table() -> str:
    """The table of docs/settings.md, in Markdown."""
    lines = ["| variable | default | unit | meaning |", "| --- | --- | --- | --- |"]
    groups = (fields(StorageSettings), fields(FleetSettings), fields(BillingSettings))  # each is part of the one before
    for field in sorted(fields(Settings), key=lambda field: sum(field in group for group in groups)):
        meta = field.metadata
        lines.append(f"| `{variable(field)}` | {meta['shown']} | {meta['unit'] or ''} | {meta['meaning']} |")
    return "\n".join(lines)
