"""S3Store: images in a bucket of AWS or of another S3 server (MinIO, SeaweedFS, R2, Ceph ...)."""

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from server.storage.s3_client import MAX_CONNECTIONS, Bucket
from server.storage.store import AccessDenied, MissingObject, StoreError, key_parts
from server.storage.url_cache import UrlCache

T = TypeVar("T")

DOWNLOAD_EXPIRY_S = 300
PROVE_AGAIN_S = 300.0
PROBE = "lora-studio-check.txt"
PROBE_TEXT = b"LoRA Studio writes this object to see that it can store pictures here.\n"


@dataclass(frozen=True, slots=True)
class S3Options:
    """`endpoint_url` None: AWS. `prefix` precedes every key. `public_base_url` is the CDN's address of the bucket;
    None: addresses are presigned for `url_expiry_s`. `cache_age_s`: max-age for browsers and CDNs."""

    bucket: str
    endpoint_url: str | None = None
    prefix: str = ""
    public_base_url: str | None = None
    url_expiry_s: int = 86_400
    cache_age_s: int = 86_400


class S3Store:
    """An ImageStore. Its own thread pool sends the requests; presigning an address sends none."""

    def __init__(self, options: S3Options) -> None:
        """Look for credentials, on the calling thread. Raises StoreError."""
        self._options = options
        self._bucket = Bucket(options.bucket, options.endpoint_url)
        self._threads = ThreadPoolExecutor(MAX_CONNECTIONS, thread_name_prefix="s3")
        self._signed = UrlCache(options.url_expiry_s)
        self._cache_control = f"public, max-age={options.cache_age_s}"
        self._proved_at_s: float | None = None  # by a write of the probe; None: the next check writes

    @property
    def origins(self) -> tuple[str, ...]:
        public = urlsplit(self._options.public_base_url or "")
        return (f"{public.scheme}://{public.netloc}" if public.netloc else self._bucket.origin,)

    async def check(self) -> None:
        await self._on_thread(self._check)

    async def put(self, key: str, data: bytes, content_type: str, metadata: Mapping[str, str] | None = None) -> None:
        name = self._name(key)
        try:
            await self._on_thread(
                lambda: self._bucket.put(name, data, content_type, self._cache_control, metadata or {})
            )
        except StoreError:
            self._proved_at_s = None
            raise

    async def put_file(self, key: str, path: Path) -> None:
        """Store a file that no address is made for."""
        name = self._name(key)
        await self._on_thread(lambda: self._bucket.upload(name, path))

    async def get_file(self, key: str, path: Path) -> None:
        """Write an object to a file. Raises MissingObject, and OSError if the file cannot be written."""
        name = self._name(key)
        await self._on_thread(lambda: self._bucket.download(name, path))

    async def get(self, key: str) -> bytes:
        name = self._name(key)
        try:
            return await self._on_thread(lambda: self._bucket.get(name))
        except MissingObject as error:
            raise MissingObject(f"there is no picture {key}") from error

    async def exists(self, key: str) -> bool:
        name = self._name(key)
        return await self._on_thread(lambda: self._bucket.exists(name))

    def url(self, key: str) -> str:
        name = self._name(key)
        if self._options.public_base_url is not None:
            return f"{self._options.public_base_url}/{name}"
        expiry_s = self._options.url_expiry_s
        return self._signed.get(name, self._bucket.key_number, lambda: self._bucket.sign(name, expiry_s))

    def attachment(self, key: str, content_type: str, filename: str) -> str:
        headers = {
            "ResponseContentDisposition": f'attachment; filename="{filename}"',
            "ResponseContentType": content_type,
            "ResponseCacheControl": "no-store",
        }
        return self._bucket.sign(self._name(key), min(DOWNLOAD_EXPIRY_S, self._options.url_expiry_s), headers)

    async def delete(self, key: str) -> None:
        name = self._name(key)
        await self._on_thread(lambda: self._bucket.delete(name))

    def _check(self) -> None:
        """Write a small probe object, first, after each failure and every PROVE_AGAIN_S; otherwise read it: a bucket
        may answer reads and refuse writes."""
        name = self._prefixed(PROBE)
        proved_at_s, self._proved_at_s = self._proved_at_s, None
        proved = proved_at_s is not None and time.monotonic() - proved_at_s < PROVE_AGAIN_S
        try:
            self._bucket.get(name)
        except MissingObject:
            proved = False
        except AccessDenied:
            if proved:
                raise
            # AWS answers this for a missing object if the credentials may not list the bucket
        if not proved:
            self._bucket.put(name, PROBE_TEXT, "text/plain", "no-store", {})
            proved_at_s = time.monotonic()
        self._proved_at_s = proved_at_s

    def _name(self, key: str) -> str:
        """The object's name in the bucket. Raises InvalidKey."""
        return self._prefixed("/".join(key_parts(key)))

    def _prefixed(self, key: str) -> str:
        return f"{self._options.prefix}/{key}" if self._options.prefix else key

    async def _on_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)
