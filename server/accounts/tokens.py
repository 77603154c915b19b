"""Secrets that we make: 32 random bytes each. The database keeps their SHA-256; one that long needs no slow hash."""

import hashlib
import secrets

NUM_BYTES = 32
KEY_PREFIX = "ls_"


def new_secret(prefix: str = "") -> str:
    return prefix + secrets.token_urlsafe(NUM_BYTES)


def digest(secret: str) -> str:
    """SHA-256, 64 hex digits. A database finds a secret by it without its comparison telling how near a guess was."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
