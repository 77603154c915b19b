"""Every setting of the server: one frozen `Settings`, read from the environment (prefix `STUDIO_`) and a `.env` file.

The fields of `Settings` are the one table of settings; `settings_table()` renders it and docs/settings.md shows it.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from ipaddress import IPv4Network, ip_network
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pipelines
import server

PREFIX = "STUDIO_"
DEMO_MODEL = Path(pipelines.__path__[0]) / "demo"
PAGE = Path(server.__path__[0]) / "page"

T = TypeVar("T")
Read = Callable[[str], T]


class SettingsError(ValueError):
    """One or more settings cannot be used. The text names each variable, its value and what is allowed."""


def integer(low: int, high: int) -> Read[int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,12}", text) or not low <= int(text) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return read


def one_of(*choices: str) -> Read[str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError("one of " + ", ".join(choices))
        return text

    return read


def folder(text: str) -> Path:
    return Path(text).expanduser()


def base_model(text: str) -> Path:
    if "://" in text:
        raise ValueError(
            "a folder, a .safetensors file or a hub id like org/name; an address is not: download the file"
        )
    return Path(text).expanduser()


def minutes(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", text):
        raise ValueError("minutes as a number like 15 or 0.5; 0 for never")
    return float(text)


def switch(text: str) -> bool:
    return one_of("on", "off")(text) == "on"


def plain(text: str) -> str:
    return text


def secret(text: str) -> str:
    if not re.fullmatch(r"[\x21-\x7e]{8,256}", text):
        raise ValueError("8 to 256 printable ASCII characters without blanks")
    return text


def web_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("an address like https://pictures.example.org, with no query")
    return text.rstrip("/")


def key_prefix(text: str) -> str:
    prefix = text.strip("/")
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*", prefix) or len(prefix) > 200:
        raise ValueError("parts of letters, digits, _ . - with / between them, like studio/pictures")
    return prefix


def bucket_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]", text):
        raise ValueError("the name of a bucket: 3 to 63 letters, digits, . _ -")
    return text


def proxies(text: str) -> tuple[str, ...]:
    """Addresses and networks, those of IPv4 also as they look to a server that listens on IPv6."""
    found: list[str] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            network = ip_network(part)
        except ValueError:
            raise ValueError("addresses or networks like 10.0.0.7 or 10.0.0.0/8, with commas between them") from None
        found.append(str(network))
        if isinstance(network, IPv4Network):
            found.append(f"::ffff:{network.network_address}/{96 + network.prefixlen}")
    return tuple(found)


def origins(text: str) -> tuple[str, ...]:
    found = tuple(part.strip().rstrip("/") for part in text.split(",") if part.strip())
    for origin in found:
        parts = urlsplit(origin)
        is_origin = parts.scheme in ("http", "https") and parts.hostname and not (parts.path or parts.query)
        if origin != "*" and (not is_origin or "*" in origin):
            raise ValueError("* or a comma-separated list of origins like https://app.example.org")
    return found


def database_url(text: str) -> str:
    scheme = text.partition("://")[0]
    if scheme not in ("sqlite+aiosqlite", "postgresql+asyncpg"):
        raise ValueError("an address that begins with sqlite+aiosqlite:/// or postgresql+asyncpg://")
    return text


def model_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", text):
        raise ValueError("the name of a LoRA (letters, digits, _ . -, at most 64), or base for none")
    return text


def exact_rows(text: str) -> int:
    rows = integer(0, 64)(text)
    if rows == 1:
        raise ValueError("0 (off) or a whole number from 2 to 64: guidance takes two rows")
    return rows


def row_counts(text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch(r"[1-9][0-9]{0,2}", part) for part in parts):
        raise ValueError("ascending whole numbers from 1 to 999 with commas between them, like 1,2,4,8,16")
    counts = tuple(int(part) for part in parts)
    if list(counts) != sorted(set(counts)):
        raise ValueError("whole numbers in ascending order, none twice, like 1,2,4,8,16")
    return counts


def about(read: Callable[[str], Any], unit: str, shown: str, meaning: str) -> dict[str, Any]:
    """What a field of `Settings` carries beside its default. `shown` is the default as the documentation shows it,
    `read` turns a variable's text into the value and raises ValueError with what is allowed."""
    return {"read": read, "unit": unit, "shown": shown, "meaning": meaning}


ROW_BUCKETS = (1, 2, 3, 4, 6, 8, 12, 16)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator decides. Built by `read_settings`; tests may build it directly."""

    host: str = field(
        default="127.0.0.1", metadata=about(plain, "", "127.0.0.1", "address it listens on; 0.0.0.0 for all of IPv4")
    )
    port: int = field(default=8000, metadata=about(integer(1, 65535), "TCP port", "8000", "port it listens on"))
    public_url: str | None = field(
        default=None,
        metadata=about(web_address, "", "the request's host", "address that absolute links of this server start with"),
    )
    cors_origins: tuple[str, ...] = field(
        default=(),
        metadata=about(
            origins, "", "none", "origins of front ends hosted elsewhere, with commas between them; `*` for any"
        ),
    )
    data_dir: Path = field(
        default=Path("data"),
        metadata=about(folder, "", "./data", "folder of the database, the pictures and the LoRA copies"),
    )
    database_url: str | None = field(
        default=None,
        metadata=about(
            database_url,
            "",
            "SQLite file in the data folder",
            "SQLAlchemy address: `postgresql+asyncpg://user:password@host/name` or `sqlite+aiosqlite:///path`",
        ),
    )
    base_model: Path = field(
        default=DEMO_MODEL,
        metadata=about(
            base_model,
            "",
            "the demo model",
            "an SDXL model: a diffusers folder, a `.safetensors` checkpoint, or a hub id like `org/name`",
        ),
    )
    vae: Path | None = field(
        default=None,
        metadata=about(
            folder, "", "the model's own", "another VAE for SDXL: a diffusers folder or a `.safetensors` file"
        ),
    )
    vae_decode: str = field(
        default="whole",
        metadata=about(
            one_of("whole", "tiled"),
            "",
            "whole",
            "how pictures above 512 px are decoded; `tiled` takes less memory. Always one at a time",
        ),
    )
    lora_dir: Path = field(
        default=Path("loras"), metadata=about(folder, "", "./loras", "folder of `<name>-v<version>.safetensors`")
    )
    lora_watch_s: int = field(
        default=0,
        metadata=about(
            integer(0, 86_400),
            "s",
            "0 (off)",
            "the LoRA folder is looked at so often, and reloaded when it has changed",
        ),
    )
    lora_s3_prefix: str | None = field(
        default=None,
        metadata=about(
            key_prefix,
            "",
            "none",
            "a reload brings the `.safetensors` right below this prefix of `STUDIO_S3_BUCKET` into the LoRA folder",
        ),
    )
    max_lora_mb: int = field(
        default=2000,
        metadata=about(integer(1, 100_000), "MB", "2000", "no LoRA file is larger, uploaded or in the folder"),
    )
    default_model: str = field(
        default="jade",
        metadata=about(model_name, "", "jade", "LoRA of a request that names no `model_name`; `base` for none"),
    )
    device: str = field(
        default="auto",
        metadata=about(
            one_of("auto", "cuda", "cpu"), "", "auto", "`cuda` or `cpu`; auto takes cuda where there is one"
        ),
    )
    dtype: str = field(
        default="auto",
        metadata=about(
            one_of("auto", "float16", "bfloat16", "float32"),
            "",
            "auto",
            "number format of the model: `float16`, `bfloat16` or `float32`; auto is float16 on cuda, else float32",
        ),
    )
    attention: str = field(
        default="sdpa",
        metadata=about(one_of("sdpa", "xformers"), "", "sdpa", "`sdpa`, torch's own, or `xformers` (CUDA only)"),
    )
    compile: bool = field(
        default=False,
        metadata=about(
            switch,
            "",
            "off",
            "`on`: torch.compile for the UNet; the start then takes minutes, as do the first pictures with LoRAs",
        ),
    )
    exact_rows: int = field(
        default=0,
        metadata=about(
            exact_rows,
            "rows",
            "0 (off)",
            "pads every UNet forward to this many rows: a picture is then bitwise the same under any neighbors",
        ),
    )
    max_rows: int = field(
        default=16,
        metadata=about(
            integer(2, 999),
            "rows",
            "16",
            "most rows of one UNet forward; a picture with guidance takes two; `STUDIO_EXACT_ROWS` replaces it",
        ),
    )
    row_buckets: tuple[int, ...] = field(
        default=ROW_BUCKETS,
        metadata=about(
            row_counts,
            "rows",
            ",".join(str(rows) for rows in ROW_BUCKETS),
            "row counts a UNet forward is padded to; the last is at least `STUDIO_MAX_ROWS`",
        ),
    )
    embedding_cache_mb: int = field(
        default=64, metadata=about(integer(0, 65536), "MB", "64", "memory for prompts already encoded; 0 for none")
    )
    lora_cache_mb: int = field(
        default=2000,
        metadata=about(
            integer(1, 1_000_000), "MB", "2000", "memory for LoRAs beside the model; those used last stay in it"
        ),
    )
    lora_mode: str = field(
        default="mixed",
        metadata=about(
            one_of("mixed", "merged"),
            "",
            "mixed",
            "`mixed`: each picture of a forward has its own LoRAs; `merged`: one set at a time, added to the weights",
        ),
    )
    preview_every_steps: int = field(
        default=3,
        metadata=about(
            integer(1, 150), "steps", "3", "a preview is made every so many steps, only while somebody watches"
        ),
    )
    admin_key: str | None = field(
        default=None,
        repr=False,
        metadata=about(
            secret, "", "none: operator calls are refused", "bearer key of the operator's calls, like the LoRA reload"
        ),
    )
    registration: str = field(
        default="open",
        metadata=about(
            one_of("open", "invite", "closed"),
            "",
            "open",
            "who may make an account: everybody, who has an invitation (`python -m server create-invite`), nobody",
        ),
    )
    anonymous: bool = field(
        default=True,
        metadata=about(switch, "", "on", "`off`: pictures are made and shown only for those who have signed in"),
    )
    log_format: str = field(
        default="auto",
        metadata=about(
            one_of("auto", "text", "json"), "", "auto", "lines of the log: `text`, `json`; auto is text on a terminal"
        ),
    )
    stop_timeout_s: int = field(
        default=10,
        metadata=about(
            integer(2, 600), "s", "10", "how long an ending server takes at most; jobs are handed back at once"
        ),
    )
    max_queue: int = field(
        default=500,
        metadata=about(
            integer(1, 100_000), "jobs", "500", "accepted but unfinished jobs; beyond it 503 with Retry-After"
        ),
    )
    rate_limit_per_hour: int = field(
        default=10,
        metadata=about(
            integer(0, 1_000_000),
            "jobs",
            "10",
            "accepted jobs an hour and address of callers without an account (IPv6: and /64); 0 for no limit",
        ),
    )
    user_rate_limit_per_hour: int = field(
        default=0,
        metadata=about(integer(0, 1_000_000), "jobs", "0 (no limit)", "accepted jobs an hour of each user"),
    )
    user_daily_pictures: int = field(
        default=0,
        metadata=about(
            integer(0, 1_000_000_000), "pictures", "0 (no limit)", "pictures a day (UTC) that each user may ask for"
        ),
    )
    user_daily_gpu_s: int = field(
        default=0,
        metadata=about(
            integer(0, 1_000_000_000),
            "s",
            "0 (no limit)",
            "seconds of the model's time a day (UTC) of each user; what waits counts as it is expected to take",
        ),
    )
    max_images: int = field(default=8, metadata=about(integer(1, 8), "pictures", "8", "most pictures of one job"))
    max_steps: int = field(default=150, metadata=about(integer(1, 150), "steps", "150", "most steps of one picture"))
    max_pixels: int | None = field(
        default=None,
        metadata=about(
            integer(64, 268_435_456), "px", "the base model's bound", "most pixels of one picture: width times height"
        ),
    )
    anonymous_max_images: int | None = field(
        default=None,
        metadata=about(
            integer(1, 8), "pictures", "`STUDIO_MAX_IMAGES`", "the same for callers without an account, where lower"
        ),
    )
    anonymous_max_steps: int | None = field(
        default=None,
        metadata=about(
            integer(1, 150), "steps", "`STUDIO_MAX_STEPS`", "the same for callers without an account, where lower"
        ),
    )
    anonymous_max_pixels: int | None = field(
        default=None,
        metadata=about(
            integer(64, 268_435_456),
            "px",
            "`STUDIO_MAX_PIXELS`",
            "the same for callers without an account, where lower",
        ),
    )
    trusted_proxies: tuple[str, ...] = field(
        default=(),
        metadata=about(
            proxies,
            "",
            "none",
            "addresses and networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed",
        ),
    )
    retention_days: int = field(
        default=0,
        metadata=about(
            integer(0, 36_500), "days", "0 (for ever)", "ended jobs are deleted with their pictures after so long"
        ),
    )
    retention_gb: int = field(
        default=0,
        metadata=about(
            integer(0, 1_000_000),
            "GB",
            "0 (no bound)",
            "the oldest jobs are deleted with their pictures while all pictures together take more",
        ),
    )
    idle_exit_min: float = field(
        default=0.0,
        metadata=about(
            minutes, "min", "0 (never)", "the server ends (exit code 0) after so long with no job and no open stream"
        ),
    )
    page_dir: Path = field(
        default=PAGE,
        metadata=about(
            folder, "", "the built page", "folder of the web page; the built one is part of the wheel and of a checkout"
        ),
    )
    storage: str = field(
        default="local",
        metadata=about(
            one_of("local", "s3"), "", "local", "where pictures go: `local`, the data folder, or `s3`, a bucket"
        ),
    )
    spool_max_mb: int = field(
        default=2000,
        metadata=about(
            integer(1, 1_000_000),
            "MB",
            "2000",
            "finished pictures that wait in the data folder for a store that is away; with more, no job is begun",
        ),
    )
    s3_bucket: str | None = field(
        default=None,
        metadata=about(bucket_name, "", "none", "bucket of `s3`; boto3 finds credentials and region"),
    )
    s3_endpoint_url: str | None = field(
        default=None, metadata=about(web_address, "", "AWS", "address of an S3 server that is not AWS")
    )
    s3_prefix: str = field(default="", metadata=about(key_prefix, "", "none", "what the keys in the bucket begin with"))
    s3_url_expiry_s: int = field(
        default=86_400,
        metadata=about(
            integer(60, 604_800), "s", "86400", "how long signed addresses of pictures work; at least half of it"
        ),
    )
    public_base_url: str | None = field(
        default=None,
        metadata=about(
            web_address,
            "",
            "signed addresses",
            "address at which a CDN serves the bucket; pictures are shown as this, a `/` and the key",
        ),
    )
    s3_cache_age_s: int = field(
        default=86_400,
        metadata=about(
            integer(0, 31_536_000), "s", "86400", "how long browsers and CDNs keep a picture: also a deleted one"
        ),
    )
    embed_parameters: str = field(
        default="full",
        metadata=about(
            one_of("full", "minimal", "none"),
            "",
            "full",
            "what a picture's file tells of its making: `full`, `minimal` (no prompt), `none`; requests may differ",
        ),
    )

    @property
    def resolved_database_url(self) -> str:
        return self.database_url or f"sqlite+aiosqlite:///{(self.data_dir / 'studio.db').absolute()}"


def variable(of: "Field[Any]") -> str:
    return PREFIX + of.name.upper()


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Settings from a mapping of variables. An empty variable means the default. Raises SettingsError."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for each in fields(Settings):
        text = environment.get(variable(each), "").strip()
        if not text:
            continue
        try:
            values[each.name] = each.metadata["read"](text)
        except ValueError as error:
            shown = "what it is set to" if each.name in ("database_url", "admin_key") else repr(text)
            problems.append(f"{variable(each)}: {shown} cannot be used; allowed is {error}")
    settings = Settings(**values)
    if settings.row_buckets[-1] < settings.max_rows:
        problems.append(
            f"{PREFIX}ROW_BUCKETS: its last number is {settings.row_buckets[-1]}; allowed is at least"
            f" {PREFIX}MAX_ROWS, which is {settings.max_rows}"
        )
    if settings.storage == "s3" and settings.s3_bucket is None:
        problems.append(f"{PREFIX}S3_BUCKET: it is not set; {PREFIX}STORAGE=s3 needs the name of a bucket")
    if settings.lora_s3_prefix and settings.s3_bucket is None:
        problems.append(f"{PREFIX}S3_BUCKET: it is not set; {PREFIX}LORA_S3_PREFIX needs the name of a bucket")
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Variables with our prefix that no setting reads: most often a slip of the pen."""
    known = {variable(each) for each in fields(Settings)}
    return sorted(name for name in environment if name.startswith(PREFIX) and name not in known)


def read_environment(env_file: Path) -> dict[str, str]:
    """The process environment over `env_file` (lines `NAME=value`, `#` comments, quotes around a value are taken off).

    Raises SettingsError for a line that is none of these.
    """
    found: dict[str, str] = {}
    lines = env_file.read_text(encoding="utf-8").splitlines() if env_file.is_file() else []
    for number, line in enumerate(lines, start=1):
        text = line.strip().removeprefix("export ").strip()
        if not text or text.startswith("#"):
            continue
        match = re.fullmatch(r"([A-Za-z_]\w*)\s*=\s*(\"[^\"]*\"|'[^']*'|[^#]*?)(\s+#.*)?", text)
        if match is None:
            raise SettingsError(f"{env_file}, line {number}: allowed is NAME=value or a comment that begins with #")
        found[match[1]] = match[2].strip("\"'") if match[2][:1] in ("'", '"') else match[2]
    return {**found, **os.environ}


def settings_table() -> str:
    """The table of docs/settings.md, in Markdown."""
    lines = ["| variable | default | unit | meaning |", "| --- | --- | --- | --- |"]
    for each in fields(Settings):
        meta = each.metadata
        lines.append(f"| `{variable(each)}` | {meta['shown']} | {meta['unit'] or ''} | {meta['meaning']} |")
    return "\n".join(lines)
