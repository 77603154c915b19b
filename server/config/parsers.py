"""Definition of a setting, and parsers from the text of a variable to its value. A parser raises ValueError with the
allowed values."""

import re
from collections.abc import Callable
from dataclasses import field
from importlib.util import find_spec
from ipaddress import IPv4Network, ip_network
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")
Read = Callable[[str], T]


def setting(default: Any, read: Read[Any], unit: str, shown: str, meaning: str, *, repr: bool = True) -> Any:
    """A field of `Settings`. `shown` is the default in the documentation; `read` parses the text of the variable."""
    about = {"read": read, "unit": unit, "shown": shown, "meaning": meaning}
    return field(default=default, repr=repr, metadata=about)


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
    if not re.fullmatch(r"[\x21-\x7e]{16,256}", text):
        raise ValueError("16 to 256 printable ASCII characters without blanks; openssl rand -hex 24 makes one")
    return text


def web_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("an address like https://pictures.example.org, with no query")
    return text.rstrip("/")


def own_address(text: str) -> str:
    """Of this server: its page asks for files at the root."""
    if urlsplit(web_address(text)).path:
        raise ValueError("an address like https://studio.example.org, without a path")
    return web_address(text)


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
    """Addresses and networks; IPv4 ones also in the form that a server listening on IPv6 sees."""
    networks: list[str] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            network = ip_network(part)
        except ValueError:
            raise ValueError("addresses or networks like 10.0.0.7 or 10.0.0.0/8, with commas between them") from None
        networks.append(str(network))
        if isinstance(network, IPv4Network):
            networks.append(f"::ffff:{network.network_address}/{96 + network.prefixlen}")
    return tuple(networks)


def origins(text: str) -> tuple[str, ...]:
    values = tuple(part.strip().rstrip("/") for part in text.split(",") if part.strip())
    for origin in values:
        parts = urlsplit(origin)
        is_origin = parts.scheme in ("http", "https") and parts.hostname and not (parts.path or parts.query)
        if origin != "*" and (not is_origin or "*" in origin):
            raise ValueError("* or a comma-separated list of origins like https://app.example.org")
    return values


def database_url(text: str) -> str:
    scheme = text.partition("://")[0]
    if scheme not in ("sqlite+aiosqlite", "postgresql+asyncpg"):
        raise ValueError("an address that begins with sqlite+aiosqlite:/// or postgresql+asyncpg://")
    from sqlalchemy import make_url  # takes a while to import, and most servers need none here
    from sqlalchemy.exc import ArgumentError

    try:
        database = make_url(text).database or ""
    except (ArgumentError, ValueError):
        raise ValueError(
            "an address like postgresql+asyncpg://user:password@host:5432/name, with %40 for @ and %2F for / in the"
            " password"
        ) from None
    if scheme == "sqlite+aiosqlite" and (not database or database.startswith((":", "file:"))):
        raise ValueError("the path of a file: sqlite+aiosqlite:////var/lib/studio/studio.db; not in memory")
    if scheme == "postgresql+asyncpg" and find_spec("asyncpg") is None:
        raise ValueError("postgresql+asyncpg:// only with the package asyncpg: pip install asyncpg")
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
