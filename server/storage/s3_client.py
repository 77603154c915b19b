"""Client of one S3 bucket: boto3 calls from any thread, and the meaning of S3's errors."""

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

from server.storage.store import AccessDenied, MissingObject, StoreError, StoreRefused, StoreUnreachable

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

T = TypeVar("T")

MAX_CONNECTIONS = 8
CONNECT_TIMEOUT_S = 5
READ_TIMEOUT_S = 15
MAX_ATTEMPTS = 3

NO_OBJECT = ("404", "NoSuchKey", "NotFound")
NO_CREDENTIALS = "there are no credentials for {where}; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
REFUSALS: Mapping[str, str] = {
    "NoSuchBucket": "there is no bucket {bucket} at {where}; make it, or name another in STUDIO_S3_BUCKET",
    "SignatureDoesNotMatch": "{where} refuses the secret access key (AWS_SECRET_ACCESS_KEY, or where boto3 finds it)",
    "InvalidAccessKeyId": "{where} does not know the access key (AWS_ACCESS_KEY_ID, or where boto3 finds it)",
    "ExpiredToken": "the temporary credentials for {where} have expired",
    "RequestTimeTooSkewed": "the clock of this machine is too far from the one of {where}",
    "PermanentRedirect": "the bucket {bucket} is in another region of {where}; set AWS_DEFAULT_REGION to it",
}
"""S3's error codes in words for the operator."""
ACCESS_DENIED = (
    "{where} does not let these credentials get and put objects in the bucket {bucket}, or there is no such bucket"
)


@dataclass(frozen=True, slots=True)
class StoredObject:
    """`tag` differs for other bytes."""

    key: str
    num_bytes: int
    tag: str


class Bucket:
    """Credentials and region come from boto3's own chain: environment, ~/.aws, the machine's role. One client, replaced
    when the credentials change; `key_number` counts the replacements. `endpoint_url` None: AWS. Every method but `sign`
    sends a request, takes at most a minute and raises StoreError."""

    def __init__(self, name: str, endpoint_url: str | None) -> None:
        """Look for credentials, which may call the machine's metadata service. Raises StoreError."""
        self._name = name
        self._endpoint_url = endpoint_url
        self._where = endpoint_url or "AWS"
        self._renewing = threading.Lock()
        self.key_number = 0
        try:
            self._session = boto3.Session()
            self._credentials = self._current_credentials()
            self._client = self._make_client(self._credentials)
            placeholder = self._make_client(ReadOnlyCredentials("anybody", "anybody", None))
        except (BotoCoreError, ValueError) as error:
            raise StoreError(f"the settings of S3 cannot be used: {error}") from error
        address = urlsplit(_address(placeholder, name, "key", 1))
        self.origin = f"{address.scheme}://{address.netloc}"
        if not self._session.region_name and (address.hostname or "").endswith(".amazonaws.com"):
            raise StoreError(f"no region is set; set AWS_DEFAULT_REGION to the one of the bucket {name}")

    def put(self, key: str, data: bytes, content_type: str, cache_control: str, metadata: Mapping[str, str]) -> None:
        self._send(
            lambda client: client.put_object(
                Bucket=self._name,
                Key=key,
                Body=data,
                ContentType=content_type,
                CacheControl=cache_control,
                Metadata=dict(metadata),
            )
        )

    def upload(self, key: str, path: Path) -> None:
        """Store a file, up to 5 GB, for readers with credentials. Raises OSError if it cannot be read."""

        def send(client: "S3Client") -> None:
            with path.open("rb") as file:
                client.put_object(Bucket=self._name, Key=key, Body=file, CacheControl="private, no-store")

        self._send(send)

    def get(self, key: str) -> bytes:
        """Raises MissingObject."""
        return self._send(lambda client: client.get_object(Bucket=self._name, Key=key)["Body"].read())

    def download(self, key: str, path: Path) -> None:
        """Write an object to a file. Raises MissingObject, and OSError if the file cannot be written."""

        def fetch(client: "S3Client") -> None:
            with path.open("wb") as file:
                for chunk in client.get_object(Bucket=self._name, Key=key)["Body"].iter_chunks(1024 * 1024):
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())

        self._send(fetch)

    def list_objects(self, prefix: str) -> list[StoredObject]:
        """The objects directly below `prefix`, which ends in "/"."""

        def walk(client: "S3Client") -> list[StoredObject]:
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix=prefix, Delimiter="/")
            entries = (entry for page in pages for entry in page.get("Contents", []))
            return [
                StoredObject(entry.get("Key", ""), entry.get("Size", 0), entry.get("ETag", "")) for entry in entries
            ]

        return self._send(walk)

    def exists(self, key: str) -> bool:
        try:
            self._send(lambda client: client.head_object(Bucket=self._name, Key=key))
        except MissingObject:
            return False
        return True

    def delete(self, key: str) -> None:
        """Delete an object. A missing one is no error."""
        self._send(lambda client: client.delete_object(Bucket=self._name, Key=key))

    def sign(self, key: str, expiry_s: int, headers: Mapping[str, str] | None = None) -> str:
        """Presign a GET of an object; `headers` are the answer's, by S3's names (ResponseContentType). Sends no
        request, so it may run on the event loop."""
        try:
            return _address(self._client, self._name, key, expiry_s, headers or {})
        except BotoCoreError as error:
            raise self._store_error(error) from error

    def _send(self, work: "Callable[[S3Client], T]") -> T:
        try:
            return work(self._renewed_client())
        except (BotoCoreError, ClientError) as error:
            store_error = self._store_error(error)
            if isinstance(store_error, StoreRefused):
                self._session = boto3.Session()  # reads the credential files again at the next request
            raise store_error from error

    def _renewed_client(self) -> "S3Client":
        with self._renewing:
            credentials = self._current_credentials()
            if credentials != self._credentials:
                self._credentials = credentials
                self._client = self._make_client(credentials)
                self.key_number += 1
            return self._client

    def _current_credentials(self) -> ReadOnlyCredentials | None:
        """boto3 renews the credentials of a role before they expire."""
        credentials = self._session.get_credentials()
        return credentials.get_frozen_credentials() if credentials else None

    def _make_client(self, keys: ReadOnlyCredentials | None) -> "S3Client":
        config = Config(
            signature_version="s3v4",
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            max_pool_connections=MAX_CONNECTIONS,
            retries={"mode": "standard", "total_max_attempts": MAX_ATTEMPTS},
            # Other servers may have no host for each bucket. With "auto", addresses are signed for AWS's global host,
            # which learns of a new bucket in another region only later.
            s3={"addressing_style": "path" if self._endpoint_url else "virtual"},
            # newer checksums, which other servers lack
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        return self._session.client(  # pyright: ignore[reportUnknownMemberType]  # the other services have no types
            "s3",
            endpoint_url=self._endpoint_url,
            aws_access_key_id=keys.access_key if keys else None,
            aws_secret_access_key=keys.secret_key if keys else None,
            aws_session_token=keys.token if keys else None,
            config=config,
        )

    def _store_error(self, error: BotoCoreError | ClientError) -> StoreError:
        """The error in words, without secrets."""
        names = {"bucket": self._name, "where": self._where}
        if isinstance(error, NoCredentialsError | PartialCredentialsError):
            return StoreRefused(NO_CREDENTIALS.format(**names))
        if not isinstance(error, ClientError):
            return StoreUnreachable(f"{self._where} does not answer ({type(error).__name__})")
        code = str(error.response.get("Error", {}).get("Code", ""))
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in NO_OBJECT:
            return MissingObject("there is no such object")
        if code == "AccessDenied":
            return AccessDenied(ACCESS_DENIED.format(**names))
        if code in REFUSALS:
            return StoreRefused(REFUSALS[code].format(**names))
        if status >= 500 or status == 429:
            return StoreUnreachable(f"{self._where} cannot answer now ({status} {code})")
        return StoreRefused(f"{self._where} refuses the request for the bucket {self._name} ({status} {code})")


def _address(client: "S3Client", bucket: str, key: str, expiry_s: int, headers: Mapping[str, str] | None = None) -> str:
    wanted = {"Bucket": bucket, "Key": key, **(headers or {})}
    return client.generate_presigned_url("get_object", Params=wanted, ExpiresIn=expiry_s)
