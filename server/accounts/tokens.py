"""Random secrets of 32 bytes. The database has their SHA-256 only; secrets of this length need no slow hash."""

import hashlib
import secrets

NUM_BYTES = 32
KEY_PREFIX = "ls_"
RESET_HOURS = 24
"""Lifetime of a link that sets a new password."""


def new_secret(prefix: str = "") -> str:
    return prefix + secrets.token_urlsafe(NUM_BYTES)


def digest(secret: str) -> str:
    """SHA-256, 64 hex digits. The database looks secrets up by it, so that timing reveals nothing about a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
