"""Settings: table and code are equal, good values are read, bad ones are refused in words a person can act on."""

import dataclasses
import sys
from datetime import time
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from server.config.environment import (
    SettingsError,
    read_environment,
    read_settings,
    unknown_variables,
)
from server.config.fleet_settings import WorkerHours
from server.config.settings import (
    DEMO_MODEL,
    Settings,
    settings_table,
    variable,
)

WAKE_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
DOCUMENT = Path(__file__).parents[3] / "docs" / "settings.md"


def test_every_setting_is_in_the_documentation_and_nothing_else() -> None:
    in_document = [line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    assert "\n".join(in_document) == settings_table(), "copy the output of server.settings.settings_table() there"


def test_defaults_are_those_of_the_design() -> None:
    settings = read_settings({})
    assert (settings.host, settings.port, settings.default_model) == ("127.0.0.1", 8000, "jade")
    assert (settings.device, settings.dtype, settings.exact_rows) == ("auto", "auto", 0)
    assert (settings.max_queue, settings.storage, settings.public_url, settings.cors_origins) == (
        5000,
        "local",
        None,
        (),
    )
    assert settings.base_model == DEMO_MODEL
    assert settings.resolved_database_url == f"sqlite+aiosqlite:///{Path('data').absolute()}/studio.db"


def test_each_setting_reads_its_variable() -> None:
    settings = read_settings(
        {
            "STUDIO_ROLE": "api",
            "STUDIO_GPU_HOURLY_USD": "0.44",
            "STUDIO_STORAGE_USD_GB_MONTH": "0.02",
            "STUDIO_EGRESS_USD_GB": "0",
            "STUDIO_GALLERY": "on",
            "STUDIO_MODERATION": "blur",
            "STUDIO_MODERATION_THRESHOLD": "0.65",
            "STUDIO_MODERATION_MODEL": "/srv/classifier",
            "STUDIO_BANNED_WORDS": str(DOCUMENT),
            "STUDIO_WORKER_URL": "http://10.0.0.7:8000",
            "STUDIO_HOST": "0.0.0.0",
            "STUDIO_PORT": " 9000 ",
            "STUDIO_PUBLIC_URL": "https://pictures.example.org/",
            "STUDIO_CORS_ORIGINS": "https://app.example.org, http://localhost:3000/",
            "STUDIO_DATA_DIR": "/srv/studio",
            "STUDIO_DATABASE_URL": "postgresql+asyncpg://studio@db/studio",
            "STUDIO_DATABASE_DIRECT_URL": "postgresql+asyncpg://studio@db:5433/studio",
            "STUDIO_BASE_MODEL": "/srv/sdxl",
            "STUDIO_VAE": "/srv/vae.safetensors",
            "STUDIO_VAE_DECODE": "tiled",
            "STUDIO_ATTENTION": "xformers",
            "STUDIO_VAE_DTYPE": "float32",
            "STUDIO_FP16_ACCUMULATION": "on",
            "STUDIO_COMPILE": "on",
            "STUDIO_COMPILE_RANK": "32",
            "STUDIO_IDLE_EXIT_MIN": "0.5",
            "STUDIO_LORA_DIR": "/srv/loras",
            "STUDIO_UPSCALER_DIR": "/srv/upscalers",
            "STUDIO_WILDCARD_DIR": "/srv/wildcards",
            "STUDIO_EMBEDDING_DIR": "/srv/embeddings",
            "STUDIO_DEFAULT_MODEL": "base",
            "STUDIO_DEVICE": "cpu",
            "STUDIO_DTYPE": "bfloat16",
            "STUDIO_EXACT_ROWS": "8",
            "STUDIO_MAX_ROWS": "8",
            "STUDIO_ROW_BUCKETS": "2, 4, 8",
            "STUDIO_EMBEDDING_CACHE_MB": "0",
            "STUDIO_LORA_CACHE_MB": "500",
            "STUDIO_LORA_MODE": "merged",
            "STUDIO_PREVIEW_EVERY_STEPS": "1",
            "STUDIO_LORA_WATCH_S": "10",
            "STUDIO_LORA_S3_PREFIX": "studio/loras",
            "STUDIO_MAX_LORA_MB": "500",
            "STUDIO_ADMIN_KEY": "operator-key-of-16",
            "STUDIO_LOG_FORMAT": "json",
            "STUDIO_STOP_TIMEOUT_S": "30",
            "STUDIO_MAX_QUEUE": "1",
            "STUDIO_REGISTRATION": "invite",
            "STUDIO_ANONYMOUS": "off",
            "STUDIO_MAX_STREAMS_PER_CALLER": "20",
            "STUDIO_MAX_CONNECTIONS": "500",
            "STUDIO_RATE_LIMIT_PER_HOUR": "0",
            "STUDIO_RETENTION_DAYS": "30",
            "STUDIO_RETENTION_GB": "20",
            "STUDIO_ASSET_HOURS": "48",
            "STUDIO_USER_RATE_LIMIT_PER_HOUR": "60",
            "STUDIO_USER_DAILY_PICTURES": "100",
            "STUDIO_USER_DAILY_GPU_S": "3600",
            "STUDIO_MAX_IMAGES": "6",
            "STUDIO_MAX_STEPS": "50",
            "STUDIO_MAX_PIXELS": "1048576",
            "STUDIO_ANONYMOUS_MAX_IMAGES": "2",
            "STUDIO_ANONYMOUS_MAX_STEPS": "20",
            "STUDIO_ANONYMOUS_MAX_PIXELS": "262144",
            "STUDIO_WORKERS_TARGET_S": "120",
            "STUDIO_WORKERS_MIN": "1",
            "STUDIO_WORKERS_MAX": "8",
            "STUDIO_TRUSTED_PROXIES": "10.0.0.7, 192.168.0.0/16,2001:db8::/32",
            "STUDIO_PAGE_DIR": "/srv/page",
            "STUDIO_STORAGE": "s3",
            "STUDIO_SPOOL_MAX_MB": "10",
            "STUDIO_S3_BUCKET": "pictures",
            "STUDIO_S3_ENDPOINT_URL": "https://s3.example.org",
            "STUDIO_S3_PREFIX": "studio/a/",
            "STUDIO_S3_URL_EXPIRY_S": "3600",
            "STUDIO_PUBLIC_BASE_URL": "https://cdn.example.org/",
            "STUDIO_S3_CACHE_AGE_S": "0",
            "STUDIO_EMBED_PARAMETERS": "none",
            "STUDIO_WORKER_HOURS": "09:00-17:00 Europe/Berlin",
            "STUDIO_WORKER_START_S": "90",
            "STUDIO_WAKE_COMMAND": f"'{sys.executable}' start 'pod 7'",
            "STUDIO_WAKE_URL": "https://hooks.example.org/wake",
            "STUDIO_WAKE_SECRET": WAKE_SECRET,
            "STUDIO_WAKE_RETRY_S": "300",
            "STUDIO_WAKE_MAX_HOURS_PER_DAY": "8",
            "STUDIO_WAKE_MAX_USD_PER_DAY": "3.50",
            "STUDIO_BILLING": "on",
            "STUDIO_PRICE_PER_GENERATION_USD": "0.25",
            "STUDIO_FREE_USD_PER_MONTH": "1",
            "STUDIO_CREDIT_PACKS_USD": "5, 25=30.50",
            "STUDIO_STRIPE_KEY": "sk_test_0123456789",
            "STUDIO_STRIPE_WEBHOOK_SECRET": "whsec_0123456789",
            "STUDIO_STRIPE_URL": "http://127.0.0.1:9999/",
        }
    )
    assert settings == Settings(
        host="0.0.0.0",
        port=9000,
        public_url="https://pictures.example.org",
        cors_origins=("https://app.example.org", "http://localhost:3000"),
        data_dir=Path("/srv/studio"),
        database_url="postgresql+asyncpg://studio@db/studio",
        database_direct_url="postgresql+asyncpg://studio@db:5433/studio",
        base_model=Path("/srv/sdxl"),
        vae=Path("/srv/vae.safetensors"),
        vae_decode="tiled",
        attention="xformers",
        vae_dtype="float32",
        fp16_accumulation=True,
        compile=True,
        compile_rank=32,
        idle_exit_min=0.5,
        lora_dir=Path("/srv/loras"),
        upscaler_dir=Path("/srv/upscalers"),
        wildcard_dir=Path("/srv/wildcards"),
        embedding_dir=Path("/srv/embeddings"),
        default_model="base",
        device="cpu",
        dtype="bfloat16",
        exact_rows=8,
        max_rows=8,
        row_buckets=(2, 4, 8),
        embedding_cache_mb=0,
        lora_cache_mb=500,
        lora_mode="merged",
        preview_every_steps=1,
        lora_watch_s=10,
        lora_s3_prefix="studio/loras",
        max_lora_mb=500,
        admin_key="operator-key-of-16",
        log_format="json",
        stop_timeout_s=30,
        max_queue=1,
        registration="invite",
        anonymous=False,
        max_streams_per_caller=20,
        max_connections=500,
        rate_limit_per_hour=0,
        retention_days=30,
        retention_gb=20,
        asset_hours=48,
        user_rate_limit_per_hour=60,
        user_daily_pictures=100,
        user_daily_gpu_s=3600,
        max_images=6,
        max_steps=50,
        max_pixels=1048576,
        anonymous_max_images=2,
        anonymous_max_steps=20,
        anonymous_max_pixels=262144,
        workers_target_s=120,
        workers_min=1,
        workers_max=8,
        trusted_proxies=(
            "10.0.0.7/32",
            "::ffff:10.0.0.7/128",
            "192.168.0.0/16",
            "::ffff:192.168.0.0/112",
            "2001:db8::/32",
        ),
        page_dir=Path("/srv/page"),
        gpu_hourly_usd=0.44,
        storage_usd_gb_month=0.02,
        egress_usd_gb=0.0,
        moderation="blur",
        moderation_threshold=0.65,
        moderation_model=Path("/srv/classifier"),
        banned_words=DOCUMENT,
        storage="s3",
        role="api",
        gallery=True,
        worker_url="http://10.0.0.7:8000",
        spool_max_mb=10,
        s3_bucket="pictures",
        s3_endpoint_url="https://s3.example.org",
        s3_prefix="studio/a",
        s3_url_expiry_s=3600,
        public_base_url="https://cdn.example.org",
        s3_cache_age_s=0,
        embed_parameters="none",
        worker_hours=WorkerHours(time(9), time(17), ZoneInfo("Europe/Berlin")),
        worker_start_s=90,
        wake_command=(sys.executable, "start", "pod 7"),
        wake_url="https://hooks.example.org/wake",
        wake_secret=WAKE_SECRET,
        wake_retry_s=300,
        wake_max_hours_per_day=8.0,
        wake_max_usd_per_day=3.5,
        billing=True,
        price_per_generation_usd=Decimal("0.25"),
        free_usd_per_month=Decimal(1),
        credit_packs_usd=((Decimal(5), Decimal(5)), (Decimal(25), Decimal("30.50"))),
        stripe_key="sk_test_0123456789",
        stripe_webhook_secret="whsec_0123456789",
        stripe_url="http://127.0.0.1:9999",
    )
    changed = {each.name for each in dataclasses.fields(Settings) if getattr(settings, each.name) != each.default}
    assert changed == {each.name for each in dataclasses.fields(Settings)}


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("STUDIO_PORT", "99999", "from 1 to 65535"),
        ("STUDIO_PORT", "http", "from 1 to 65535"),
        ("STUDIO_MODERATION", "on", "off, flag, blur, block"),
        ("STUDIO_MODERATION_THRESHOLD", "0", "above 0, up to 1"),
        ("STUDIO_MODERATION_THRESHOLD", "1.2", "above 0, up to 1"),
        ("STUDIO_BANNED_WORDS", "/no/such/file", "one word or phrase a line"),
        ("STUDIO_PORT", "\u0663", "from 1 to 65535"),
        ("STUDIO_PUBLIC_URL", "pictures.example.org", "https://pictures.example.org"),
        ("STUDIO_CORS_ORIGINS", "https://app.example.org/page", "https://app.example.org"),
        ("STUDIO_CORS_ORIGINS", "https://*.example.org", "https://app.example.org"),
        ("STUDIO_DATABASE_URL", "mysql://host/name", "sqlite+aiosqlite:///"),
        ("STUDIO_DATABASE_URL", "postgresql+asyncpg://host:port/name", "%40 for @"),
        ("STUDIO_DATABASE_URL", "sqlite+aiosqlite://", "the path of a file"),
        ("STUDIO_DATABASE_URL", "sqlite+aiosqlite:///:memory:", "the path of a file"),
        ("STUDIO_PUBLIC_URL", "https://example.org/studio", "without a path"),
        ("STUDIO_ADMIN_KEY", "only-15-of-them", "16 to 256"),
        ("STUDIO_DEFAULT_MODEL", "../jade", "at most 64"),
        ("STUDIO_BASE_MODEL", "https://hub.example.org/a/b", "a hub id like org/name"),
        ("STUDIO_VAE_DECODE", "sliced", "whole, tiled"),
        ("STUDIO_ATTENTION", "flash", "sdpa, xformers"),
        ("STUDIO_COMPILE", "yes", "on, off"),
        ("STUDIO_IDLE_EXIT_MIN", "-1", "0 for never"),
        ("STUDIO_DEVICE", "tpu", "auto, cuda, cpu"),
        ("STUDIO_DTYPE", "int4", "auto, float16, bfloat16, float32"),
        ("STUDIO_EXACT_ROWS", "1", "2 to 64"),
        ("STUDIO_ROW_BUCKETS", "4,2", "ascending"),
        ("STUDIO_ROW_BUCKETS", "0,2", "1 to 999"),
        ("STUDIO_ROW_BUCKETS", "1,2", "STUDIO_MAX_ROWS"),
        ("STUDIO_EMBEDDING_CACHE_MB", "-1", "from 0 to 65536"),
        ("STUDIO_PREVIEW_EVERY_STEPS", "0", "from 1 to 150"),
        ("STUDIO_MAX_QUEUE", "0", "from 1 to"),
        ("STUDIO_TRUSTED_PROXIES", "*", "addresses or networks like"),
        ("STUDIO_TRUSTED_PROXIES", "10.0.0.7/8", "addresses or networks like"),
        ("STUDIO_STORAGE", "tape", "one of local, s3"),
        ("STUDIO_STORAGE", "s3", "STUDIO_S3_BUCKET"),
        ("STUDIO_S3_BUCKET", "my/bucket", "3 to 63"),
        ("STUDIO_S3_ENDPOINT_URL", "minio:9000", "https://"),
        ("STUDIO_S3_PREFIX", "../other", "letters, digits"),
        ("STUDIO_S3_URL_EXPIRY_S", "604801", "from 60 to 604800"),
        ("STUDIO_EMBED_PARAMETERS", "some", "full, minimal, none"),
        ("STUDIO_WORKER_HOURS", "9-17", "09:00-17:00 Europe/Berlin"),
        ("STUDIO_WORKER_HOURS", "09:00-09:00", "09:00-17:00 Europe/Berlin"),
        ("STUDIO_WORKER_HOURS", "09:00-17:00 Mars/Base", "tz database"),
        ("STUDIO_WORKER_HOURS", "09:00-17:00 ../../etc/passwd", "tz database"),
        ("STUDIO_WAKE_COMMAND", "no-such-program start", "a program of this machine"),
        ("STUDIO_WAKE_COMMAND", "sh -c 'unfinished", "quoted as for a shell"),
        ("STUDIO_WAKE_URL", "https://hooks.example.org/wake", "STUDIO_WAKE_SECRET"),
        ("STUDIO_WAKE_SECRET", "whsec_short", "24 to 64 bytes in base64"),
        ("STUDIO_WAKE_MAX_USD_PER_DAY", "3", "STUDIO_GPU_HOURLY_USD"),
        ("STUDIO_WAKE_MAX_HOURS_PER_DAY", "-1", "0 for no limit"),
        ("STUDIO_BILLING", "yes", "on, off"),
        ("STUDIO_PRICE_PER_GENERATION_USD", "0", "from 0.01"),
        ("STUDIO_PRICE_PER_GENERATION_USD", "0.005", "two decimals"),
        ("STUDIO_FREE_USD_PER_MONTH", "-1", "from 0"),
        ("STUDIO_CREDIT_PACKS_USD", "5;10", "5,10,25=30"),
        ("STUDIO_CREDIT_PACKS_USD", "5,5=6", "no price stands twice"),
        ("STUDIO_STRIPE_KEY", "sk_test_0123456789", "STUDIO_STRIPE_WEBHOOK_SECRET"),
    ],
)
def test_a_bad_value_is_refused_by_name_with_what_is_allowed(name: str, value: str, allowed: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({name: value})
    assert name in str(refused.value)
    assert allowed in str(refused.value)


def test_all_bad_values_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({"STUDIO_PORT": "0", "STUDIO_DEVICE": "tpu"})
    assert len(str(refused.value).splitlines()) == 2


def test_a_refused_database_address_is_not_repeated_because_it_may_hold_a_password() -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({"STUDIO_DATABASE_URL": "postgres://studio:hunter2@db/studio"})
    assert "hunter2" not in str(refused.value)


def test_a_refused_key_is_not_repeated() -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({"STUDIO_STRIPE_KEY": "sk live 0123456789"})
    assert "0123456789" not in str(refused.value)


def test_unknown_variables_are_named() -> None:
    assert unknown_variables({"STUDIO_PROT": "9000", "STUDIO_PORT": "9000", "HOME": "/"}) == ["STUDIO_PROT"]


def test_the_environment_wins_over_the_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_PORT", "9001")
    (tmp_path / ".env").write_text(
        "# a comment\n\nSTUDIO_PORT=9000\nexport STUDIO_HOST='::1'\n"
        'STUDIO_DATABASE_URL="sqlite+aiosqlite:///a#b.db" # here\nSTUDIO_LORA_DIR=/srv/loras # there\nSTUDIO_DEVICE=\n'
    )
    settings = read_settings(read_environment(tmp_path / ".env"))
    assert (settings.port, settings.host) == (9001, "::1")
    assert settings.database_url == "sqlite+aiosqlite:///a#b.db"
    assert (settings.lora_dir, settings.device) == (Path("/srv/loras"), "auto")


def test_a_line_of_the_env_file_that_means_nothing_is_refused_by_number(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("STUDIO_PORT=9000\njust words\n")
    with pytest.raises(SettingsError, match="line 2"):
        read_environment(tmp_path / ".env")


def test_variable_names_carry_the_prefix() -> None:
    assert all(variable(each).startswith("STUDIO_") for each in dataclasses.fields(Settings))


def test_settings_shown_hold_no_secrets():
    environment = {"STUDIO_DATABASE_URL": "postgresql+asyncpg://studio:hush@db/studio", "STUDIO_ADMIN_KEY": "h" * 32}
    shown = repr(read_settings(environment))
    assert "hush" not in shown and "hhh" not in shown
