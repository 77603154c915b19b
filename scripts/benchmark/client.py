"""A crowd of users, as the server sees one: each with an address of his own, where the server is on loopback."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from scripts.benchmark.jobs import Job
from scripts.benchmark.meters import Readings, read_metrics

MAX_JOB_S = 3600.0
WAIT_S = 60


@dataclass(frozen=True, slots=True)
class Served:
    """A finished job. `latency_s`: from the first byte of the request to the answer that says it is stored."""

    job_id: str
    latency_s: float
    done_at_s: float


class JobFailed(Exception):
    """The server did not make a picture; the text is its answer."""


class Crowd:
    """`with` closes the connections. `model_name` is the LoRA of every job, with `model_weight`; None: none."""

    def __init__(self, url: str, model_name: str | None, model_weight: float = 0.9) -> None:
        self.url = url
        self.model_name = model_name
        self.model_weight = model_weight
        self._clients: dict[int, httpx.AsyncClient] = {}

    async def __aenter__(self) -> "Crowd":
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self._clients.values():
            await client.aclose()

    def user(self, number: int) -> httpx.AsyncClient:
        """On Linux all of 127.0.0.0/8 is this machine: 16 users are 16 callers, as on the Internet."""
        if number not in self._clients:
            on_loopback = urlsplit(self.url).hostname == "127.0.0.1"
            address = f"127.0.{1 + number // 200}.{1 + number % 200}" if on_loopback else None
            transport = httpx.AsyncHTTPTransport(local_address=address)
            self._clients[number] = httpx.AsyncClient(base_url=self.url, transport=transport, timeout=WAIT_S + 60)
        return self._clients[number]

    async def submit(self, job: Job, file_format: str = "jpeg") -> str:
        """The id of the accepted job."""
        answer = await self.user(job.user).post(
            "/api/generate", json={**job.body(self.model_name, self.model_weight), "format": file_format}
        )
        if answer.status_code != 202:
            raise JobFailed(answer.text)
        return answer.json()["job_id"]

    async def make(self, job: Job, file_format: str = "jpeg") -> Served:
        """Ask for the job and wait until its picture is stored. Raises JobFailed."""
        started_s = time.perf_counter()
        job_id = await self.submit(job, file_format)
        status: dict[str, Any] = {}
        while time.perf_counter() - started_s < MAX_JOB_S:
            answer = await self.user(job.user).get(f"/api/status/{job_id}", params={"wait": WAIT_S})
            status = answer.json()
            if status.get("status") == "completed":
                done_s = time.perf_counter()
                return Served(job_id, done_s - started_s, done_s)
            if status.get("status") not in ("queued", "processing"):
                break
        raise JobFailed(f"job {job_id}: {status}")

    async def cancel(self, job_id: str) -> None:
        (await self.user(0).delete(f"/api/jobs/{job_id}")).raise_for_status()

    async def readings(self) -> Readings:
        return await read_metrics(self.user(0))

    async def make_all(self, jobs: Sequence[Job]) -> tuple[list[Served], float]:
        """Each job at its arrival; in the order given, and the seconds from the first arrival to the last picture."""
        started_s = time.perf_counter()

        async def at_its_time(job: Job) -> Served:
            await asyncio.sleep(job.arrival_s - (time.perf_counter() - started_s))
            return await self.make(job)

        served = await asyncio.gather(*(at_its_time(job) for job in jobs))
        return served, max(each.done_at_s for each in served) - started_s

    async def picture(self, job_id: str) -> bytes:
        """The stored file of a finished job."""
        result = (await self.user(0).get(f"/api/result/{job_id}")).json()
        answer = await self.user(0).get(result["images"][0], follow_redirects=True)
        answer.raise_for_status()
        return answer.content


@dataclass(frozen=True, slots=True)
class About:
    """What a server runs. `trigger`: the words that it puts before every prompt of this LoRA."""

    base_model: str
    native_px: int
    model_name: str | None
    trigger: str


async def about_server(url: str, lora: Path | None) -> About:
    """`lora`: the file of the LoRA that is to be used; its name is what the server knows it by. Raises LookupError."""
    async with httpx.AsyncClient(base_url=url, timeout=WAIT_S) as http:
        options = (await http.get("/api/options")).json()
        loras = (await http.get("/api/loras")).json()["loras"]
    base, native_px = options["base_model"], min(options["native_width"], options["native_height"])
    if lora is None:
        return About(base, native_px, None, "")
    for each in loras:
        if each["label"] == lora.stem:
            return About(base, native_px, each["label"], each["trigger"] or "")
    raise LookupError(
        f"the server has no LoRA {lora.stem}; it has {', '.join(each['label'] for each in loras) or 'none'}"
    )
