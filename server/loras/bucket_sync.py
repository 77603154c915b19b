"""Mirror the LoRA files of a bucket into the local LoRA folder."""

import json
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pipelines.lora.files.names import has_suffix
from server.config.settings import Settings

if TYPE_CHECKING:
    from server.storage.s3_client import Bucket, StoredObject  # boto3 takes half a second to import

_FILE_NAME = re.compile(r"(?!\.)[^/\\\x00-\x1f\x7f]+\.safetensors", re.IGNORECASE)
_MAX_NAME_BYTES = 255
"""Of a file name, on the usual file systems."""


def open_lora_bucket(settings: Settings) -> "LoraBucket | None":
    """The bucket that the settings name; None without STUDIO_LORA_S3_PREFIX. It connects at the first use."""
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


class LoraBucket:
    """The objects directly below `prefix` of a bucket. Any thread, one at a time.

    `index_file` records which object came to `folder` in which version. Only new versions are downloaded, and a file is
    removed from the folder when its object is gone; files from elsewhere are left alone.
    """

    def __init__(
        self, open_bucket: "Callable[[], Bucket]", prefix: str, folder: Path, index_file: Path, max_bytes: int
    ) -> None:
        self._open_bucket = open_bucket
        self._bucket: Bucket | None = None
        self._prefix = f"{prefix.strip('/')}/"
        self._folder = folder
        self._index_file = index_file
        self._max_bytes = max_bytes

    def sync(self) -> tuple[tuple[str, str], ...]:
        """Update the folder. Returns (key, reason) of each object that is left out. Raises StoreError and OSError;
        files that were downloaded before the error stay."""
        bucket = self._bucket = self._bucket or self._open_bucket()
        index = self._read_index()
        objects = {stored.key.removeprefix(self._prefix): stored for stored in bucket.list_objects(self._prefix)}
        left_out: list[tuple[str, str]] = []
        self._folder.mkdir(parents=True, exist_ok=True)
        for name, stored in objects.items():
            reason = self._why_not(name, stored)
            if reason is not None:
                left_out.append((stored.key, reason))
            elif has_suffix(name) and (index.get(name) != stored.tag or not (self._folder / name).is_file()):
                self._fetch(bucket, stored, self._folder / name)
                index[name] = stored.tag
                self._write_index(index)
        for name in index.keys() - objects.keys():
            (self._folder / name).unlink(missing_ok=True)
            del index[name]
            self._write_index(index)
        return tuple(left_out)

    def _why_not(self, name: str, stored: "StoredObject") -> str | None:
        if not has_suffix(name):
            return None  # notes and images are ignored
        if not _is_file_name(name):
            return f"its name must have at most {_MAX_NAME_BYTES} bytes, no dot first and no control characters"
        if stored.num_bytes > self._max_bytes:
            return f"it is larger than {self._max_bytes:,} bytes (STUDIO_MAX_LORA_MB)"
        return None

    def _fetch(self, bucket: "Bucket", stored: "StoredObject", path: Path) -> None:
        """Download to a draft, then rename it: under its name a file is always complete."""
        draft = path.with_name(f".upload-{secrets.token_hex(8)}.tmp")
        try:
            bucket.download(stored.key, draft)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    def _read_index(self) -> dict[str, str]:
        """File name → version. Names that could lead out of the folder are dropped."""
        try:
            document: object = json.loads(self._index_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        entries = cast(dict[str, Any], document) if isinstance(document, dict) else {}
        return {name: str(tag) for name, tag in entries.items() if _is_file_name(name)}

    def _write_index(self, index: dict[str, str]) -> None:
        draft = self._index_file.with_name(f".{self._index_file.name}.new")
        draft.write_text(json.dumps(index, indent=1), encoding="utf-8")
        draft.replace(self._index_file)


def _is_file_name(name: str) -> bool:
    """True if the name can be that of a LoRA file of the folder, and leads out of no folder."""
    return bool(_FILE_NAME.fullmatch(name)) and len(name.encode("utf-8", "surrogatepass")) <= _MAX_NAME_BYTES
