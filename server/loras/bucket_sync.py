"""LoRA files in a bucket, brought into the folder the server reads them from."""

import json
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from server.config.settings import Settings

if TYPE_CHECKING:
    from server.storage.s3_client import Bucket, StoredObject  # boto3 takes half a second to import

SUFFIX = ".safetensors"
_FILE_NAME = re.compile(r"(?!\.)[A-Za-z0-9_.-]{1,64}\.safetensors")


class LoraBucket:
    """The objects right below `prefix` of a bucket. `book` is a file that remembers which came to `folder` in which
    version: only new ones are fetched, and those that are gone from the bucket are taken out of the folder again; files
    that came there otherwise are left alone. Any thread, one at a time."""

    def __init__(
        self, open_bucket: "Callable[[], Bucket]", prefix: str, folder: Path, book: Path, max_bytes: int
    ) -> None:
        self._open_bucket = open_bucket
        self._bucket: Bucket | None = None
        self._prefix = f"{prefix.strip('/')}/"
        self._folder = folder
        self._book = book
        self._max_bytes = max_bytes

    def sync(self) -> tuple[tuple[str, str], ...]:
        """(key, reason) of what is left out. Raises StoreError and OSError; what has come by then is kept."""
        bucket = self._bucket = self._bucket or self._open_bucket()
        book = self._read_book()
        found = {each.key.removeprefix(self._prefix): each for each in bucket.list_objects(self._prefix)}
        left_out: list[tuple[str, str]] = []
        self._folder.mkdir(parents=True, exist_ok=True)
        for name, stored in found.items():
            reason = self._why_not(name, stored)
            if reason is not None:
                left_out.append((stored.key, reason))
            elif name.endswith(SUFFIX) and (book.get(name) != stored.tag or not (self._folder / name).is_file()):
                self._fetch(bucket, stored, self._folder / name)
                book[name] = stored.tag
                self._write_book(book)
        for name in book.keys() - found.keys():
            (self._folder / name).unlink(missing_ok=True)
            del book[name]
            self._write_book(book)
        return tuple(left_out)

    def _why_not(self, name: str, stored: "StoredObject") -> str | None:
        if not name.endswith(SUFFIX):
            return None  # notes, pictures: nobody's business
        if not _FILE_NAME.fullmatch(name):
            return "its name must be 1 to 64 letters, digits, dots, underscores or hyphens, no dot first"
        if stored.num_bytes > self._max_bytes:
            return f"it is larger than {self._max_bytes:,} bytes (STUDIO_MAX_LORA_MB)"
        return None

    def _fetch(self, bucket: "Bucket", stored: "StoredObject", path: Path) -> None:
        """It takes its name when it is whole."""
        draft = path.with_name(f".upload-{secrets.token_hex(8)}.tmp")
        try:
            bucket.download(stored.key, draft)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    def _read_book(self) -> dict[str, str]:
        """Names that could lead elsewhere are not believed."""
        try:
            entries: object = json.loads(self._book.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        pages = cast(dict[str, Any], entries) if isinstance(entries, dict) else {}
        return {name: str(tag) for name, tag in pages.items() if _FILE_NAME.fullmatch(name)}

    def _write_book(self, book: dict[str, str]) -> None:
        draft = self._book.with_name(f".{self._book.name}.new")
        draft.write_text(json.dumps(book, indent=1), encoding="utf-8")
        draft.replace(self._book)


def open_lora_bucket(settings: Settings) -> LoraBucket | None:
    """None where the settings name no prefix for LoRAs. Its bucket is opened at the first use, in a thread."""
    if settings.lora_s3_prefix is None:
        return None

    def open_bucket() -> "Bucket":
        from server.storage.s3_client import Bucket

        return Bucket(settings.s3_bucket or "", settings.s3_endpoint_url)

    return LoraBucket(
        open_bucket,
        settings.lora_s3_prefix,
        settings.lora_dir,
        settings.data_dir / "lora_bucket.json",
        settings.max_lora_mb * 1_000_000,
    )
