"""The bucket of a real S3 server: what objects carry, whose addresses open, and what is said when it refuses."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from server.db.session import Database
from server.queue.model import JobStatus
from server.storage import s3
from server.storage.health import StoreHealth
from server.storage.s3 import PROBE, S3Options, S3Store
from server.storage.store import MissingObject, StoreError, StoreRefused, StoreUnreachable
from tests.chaos.fault_proxy import FaultProxy
from tests.fixtures.s3_server import (
    ADMIN,
    PUBLIC_BUCKET,
    READER,
    STUDIO,
    Keys,
    S3Server,
    credentials,
)
from tests.support.builders import draft
from tests.support.jobs_harness import JobsHarness, until

KEY = "generations/0123/0123-1.jpg"
NewStore = Callable[..., S3Store]


@pytest.fixture
def new_store(s3_server: S3Server, s3_bucket: str, monkeypatch: pytest.MonkeyPatch) -> NewStore:
    def make(keys: Keys = STUDIO, server: S3Server = s3_server, bucket: str = s3_bucket, **options: Any) -> S3Store:
        for name, value in credentials(keys).items():
            monkeypatch.setenv(name, value)
        return S3Store(S3Options(bucket, endpoint_url=server.url, **options))

    return make


async def fetch(address: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(address)


async def test_an_object_carries_its_type_its_age_and_its_facts(
    new_store: NewStore, s3_server: S3Server, s3_bucket: str
) -> None:
    store = new_store(prefix="studio", cache_age_s=600)
    await store.put(KEY, b"picture", "image/jpeg", {"job-id": "0123", "index": "0", "seed": "7"})
    head = s3_server.client().head_object(Bucket=s3_bucket, Key=f"studio/{KEY}")
    assert head["ContentType"] == "image/jpeg"
    assert head["CacheControl"] == "public, max-age=600"
    assert head["Metadata"] == {"job-id": "0123", "index": "0", "seed": "7"}


async def test_a_signed_address_opens_and_a_forged_one_does_not(new_store: NewStore, s3_server: S3Server) -> None:
    store = new_store(url_expiry_s=60)
    await store.put(KEY, b"picture", "image/jpeg")
    address = store.url(KEY)
    assert store.origins == (s3_server.url,)
    assert address.startswith(s3_server.url)
    assert parse_qs(urlsplit(address).query)["X-Amz-Expires"] == ["60"]
    assert STUDIO[1] not in address
    answer = await fetch(address)
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, b"picture", "image/jpeg")
    forgeries = [
        address.partition("?")[0],
        address.replace("0123-1", "0123-2"),
        address.replace("X-Amz-Expires=60", "X-Amz-Expires=86400"),
        address + "&response-content-type=text%2Fhtml",
    ]
    assert [(await fetch(forgery)).status_code for forgery in forgeries] == [403] * len(forgeries)
    async with httpx.AsyncClient() as client:
        for method in ("PUT", "DELETE", "POST"):
            assert (await client.request(method, address, content=b"another")).status_code in (400, 403, 405), method
    assert await store.get(KEY) == b"picture"
    brief = new_store(url_expiry_s=1).url(KEY)
    await asyncio.sleep(2.1)
    assert (await fetch(brief)).status_code == 403


async def test_a_download_is_answered_under_its_name(new_store: NewStore) -> None:
    store = new_store()
    await store.put(KEY, b"picture", "image/jpeg")
    answer = await fetch(store.attachment(KEY, "image/jpeg", "red-dress-7.jpg"))
    assert answer.content == b"picture"
    assert answer.headers["content-disposition"] == 'attachment; filename="red-dress-7.jpg"'
    assert answer.headers["content-type"] == "image/jpeg"


async def test_an_address_of_the_cdn_is_plain_and_opens(new_store: NewStore, s3_server: S3Server) -> None:
    base = f"{s3_server.url}/{PUBLIC_BUCKET}"
    store = new_store(bucket=PUBLIC_BUCKET, prefix="studio", public_base_url=base)
    await store.put(KEY, b"picture", "image/jpeg")
    assert store.url(KEY) == f"{base}/studio/{KEY}"
    assert store.origins == (s3_server.url,)
    answer = await fetch(store.url(KEY))
    assert (answer.content, answer.headers["cache-control"]) == (b"picture", "public, max-age=86400")
    download = await fetch(store.attachment(KEY, "image/jpeg", "red-dress-7.jpg"))
    assert "attachment" in download.headers["content-disposition"]


async def test_the_cdn_s_origin_is_told_without_its_path(new_store: NewStore) -> None:
    assert new_store(public_base_url="https://cdn.example.org:8443/a/b").origins == ("https://cdn.example.org:8443",)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (("studio", "not-the-secret"), "refuses the secret access key"),
        (("nobody", "secret"), "does not know the access key"),
        (READER, "does not let these credentials get and put objects"),
    ],
)
async def test_wrong_credentials_are_told(new_store: NewStore, keys: Keys, message: str) -> None:
    store = new_store(keys)
    with pytest.raises(StoreRefused, match=message):
        await store.check()
    with pytest.raises(StoreRefused, match=message) as refused:
        await store.put(KEY, b"picture", "image/jpeg")
    assert keys[1] not in str(refused.value)


async def test_a_bucket_that_does_not_exist_is_told(new_store: NewStore) -> None:
    with pytest.raises(StoreRefused, match=r"there is no bucket pictures-elsewhere at .*STUDIO_S3_BUCKET"):
        await new_store(bucket="pictures-elsewhere").check()


async def test_no_credentials_are_told(new_store: NewStore, monkeypatch: pytest.MonkeyPatch) -> None:
    new_store()
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    store = S3Store(S3Options("pictures", endpoint_url="http://127.0.0.1:9"))
    with pytest.raises(StoreRefused, match="there are no credentials"):
        await store.check()
    with pytest.raises(StoreRefused, match="there are no credentials"):
        store.url(KEY)


async def test_aws_without_a_region_is_told_at_the_start(new_store: NewStore, monkeypatch: pytest.MonkeyPatch) -> None:
    new_store()
    with pytest.raises(StoreError, match="AWS_DEFAULT_REGION"):
        S3Store(S3Options("pictures"))
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    store = S3Store(S3Options("pictures"))
    assert store.origins == ("https://pictures.s3.eu-central-1.amazonaws.com",)
    assert store.url(KEY).startswith(f"https://pictures.s3.eu-central-1.amazonaws.com/{KEY}?")


async def test_a_probe_that_somebody_removed_is_written_again(
    new_store: NewStore, s3_server: S3Server, s3_bucket: str
) -> None:
    store = new_store(prefix="studio")
    await store.check()
    s3_server.client(ADMIN).delete_object(Bucket=s3_bucket, Key=f"studio/{PROBE}")
    await store.check()
    assert s3_server.client().head_object(Bucket=s3_bucket, Key=f"studio/{PROBE}")["ContentLength"] > 0


async def test_a_bucket_that_reads_but_refuses_writes_is_no_store(
    new_store: NewStore, s3_server: S3Server, s3_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As under a read-only policy or a quota: after a picture that was refused, and now and then without one."""
    new_store()
    proxy = FaultProxy(urlsplit(s3_server.url).port or 0)
    proxy.share = 1.0
    store = S3Store(S3Options(s3_bucket, endpoint_url=proxy.url))
    watch = StoreHealth(store, pause_in_trouble_s=0.05)
    try:
        async with watching(watch):
            await reason_becomes(watch, lambda reason: reason is None)
            proxy.faults = ("readonly",)
            proxy.cut()
            with pytest.raises(StoreRefused, match="does not let these credentials"):
                await store.put(KEY, b"picture", "image/jpeg")
            watch.recheck()
            await reason_becomes(watch, lambda reason: "does not let these credentials" in (reason or ""))
            await asyncio.sleep(0.2)
            assert watch.reason is not None, "a read alone must not clear it"
            proxy.faults = ()
            proxy.cut()
            await reason_becomes(watch, lambda reason: reason is None)
        proxy.faults = ("readonly",)
        proxy.cut()
        await store.check()  # reads: it wrote a moment ago
        monkeypatch.setattr(s3, "PROVE_AGAIN_S", 0.0)
        with pytest.raises(StoreRefused):
            await store.check()
    finally:
        proxy.close()


async def test_a_bucket_that_never_answers_is_away_after_its_time(
    new_store: NewStore, s3_server: S3Server, s3_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.storage.s3_client.READ_TIMEOUT_S", 0.2)
    monkeypatch.setattr("server.storage.s3_client.MAX_ATTEMPTS", 1)
    new_store()
    proxy = FaultProxy(urlsplit(s3_server.url).port or 0)
    store = S3Store(S3Options(s3_bucket, endpoint_url=proxy.url))
    proxy.faults, proxy.share = ("hang",), 1.0
    try:
        for attempt in (store.put(KEY, b"x", "image/jpeg"), store.get(KEY), store.check()):
            with pytest.raises(StoreUnreachable, match="does not answer"):
                await attempt
    finally:
        proxy.close()


@asynccontextmanager
async def watching(watch: StoreHealth) -> AsyncIterator[None]:
    task = asyncio.create_task(watch.run())
    try:
        yield
    finally:
        task.cancel()


async def reason_becomes(watch: StoreHealth, wanted: Callable[[str | None], bool]) -> None:
    end_s = time.monotonic() + 20
    while not wanted(watch.reason):
        assert time.monotonic() < end_s, watch.reason
        await asyncio.sleep(0.02)


async def test_corrected_credentials_are_taken_without_a_restart(
    new_store: NewStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an operator corrects ~/.aws/credentials; addresses signed with the old ones are not given any more."""
    store = new_store(("studio", "not-the-secret"))
    watch = StoreHealth(store, pause_in_trouble_s=0.05)
    async with watching(watch):
        await reason_becomes(watch, lambda reason: "refuses the secret" in (reason or ""))
        wrong = store.url(KEY)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", STUDIO[1])
        await reason_becomes(watch, lambda reason: reason is None)
    await store.put(KEY, b"picture", "image/jpeg")
    assert store.url(KEY) != wrong
    assert (await fetch(store.url(KEY))).content == b"picture"


async def test_a_job_tells_the_store_that_it_waits_for(new_store: NewStore, database: Database, tmp_path: Path) -> None:
    new_store()
    store = S3Store(S3Options("pictures", endpoint_url="http://127.0.0.1:9"))
    async with JobsHarness.running(database, tmp_path, store=store) as shop:
        job_id = (await shop.accept(draft(num_images=1))).job_id
        await until(lambda: len(shop.outbox) == 1)
        view = await shop.service.get(job_id)
    assert view is not None and view.status is JobStatus.PROCESSING
    assert "http://127.0.0.1:9 does not answer" in (view.detail or "")


async def test_a_server_that_goes_and_comes_back(
    new_store: NewStore, mortal_s3_server: S3Server, caplog: pytest.LogCaptureFixture
) -> None:
    mortal_s3_server.make_bucket("pictures")
    store = new_store(server=mortal_s3_server, bucket="pictures")
    await store.put(KEY, b"picture", "image/jpeg")
    await store.check()
    mortal_s3_server.kill()
    watch = StoreHealth(store, pause_in_trouble_s=0.2)
    async with watching(watch):
        for attempt in (store.put(KEY, b"x", "image/jpeg"), store.get(KEY), store.exists(KEY), store.check()):
            with pytest.raises(StoreUnreachable, match="does not answer"):
                await attempt
        await reason_becomes(watch, lambda reason: "does not answer" in (reason or ""))
        await asyncio.to_thread(mortal_s3_server.start)
        await reason_becomes(watch, lambda reason: reason is None)
    assert await store.get(KEY) == b"picture"
    with pytest.raises(MissingObject):
        await store.get(KEY.replace("-1", "-2"))
    messages = [record.getMessage() for record in caplog.records if record.name == "server.storage.health"]
    assert len([text for text in messages if "does not answer" in text]) == 1, "message once, not at every look"
