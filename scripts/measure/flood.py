"""What a server does when far more is asked of it than it takes: `python scripts/measure/flood.py http://127.0.0.1:8000`.

Posts jobs over many connections, each as soon as its last answer is there, and prints the answers by status, how long
refusals took, and how much the server's memory grew (by its own /metrics). Only 202, 429 and 503 are right. Exits with
1 where another status came, the slowest 1 % of refusals took over 200 ms, or memory grew by over 50 MB.

The server should have a small queue and no limit by the hour, or a queue that is never full, by what is to be shown:
STUDIO_MAX_QUEUE=10, STUDIO_RATE_LIMIT_PER_HOUR=0.
"""

import argparse
import asyncio
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

MAX_REFUSAL_S = 0.2
MAX_GROWTH_BYTES = 50_000_000
BODY = json.dumps({"prompt": "red dress, beach sunset", "num_images": 8, "steps": 150}).encode()

Post = tuple[Mapping[str, str], bytes]
"""Headers and body of a job to ask for."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    seconds: float


@dataclass(frozen=True, slots=True)
class Flood:
    """`statuses` counts the answers, `refusals_s` are sorted, `growth_bytes` is of the server's memory."""

    statuses: Counter[int]
    refusals_s: list[float]
    growth_bytes: int
    seconds: float

    def refusal_s(self, share: float) -> float:
        """So long, or less, this share of the refusals took."""
        return self.refusals_s[min(len(self.refusals_s) - 1, int(share * len(self.refusals_s)))]

    @property
    def faults(self) -> list[str]:
        wrong = sorted(set(self.statuses) - {202, 429, 503})
        return [
            *([f"answered {wrong}, allowed are 202, 429 and 503"] if wrong else []),
            *(["nothing was refused"] if not self.refusals_s else []),
            *(["refusals were slow"] if self.refusals_s and self.refusal_s(0.99) > MAX_REFUSAL_S else []),
            *(["memory grew too much"] if self.growth_bytes > MAX_GROWTH_BYTES else []),
        ]


async def flood(url: str, num_posts: int, num_connections: int) -> Flood:
    """Raises OSError where the server cannot be reached."""
    await post_all(url, [({}, BODY)] * num_connections, num_connections)  # a server's first requests load code
    before = await _memory_bytes(url)
    begun_s = time.perf_counter()
    answers = await post_all(url, [({}, BODY)] * num_posts, num_connections)
    seconds = time.perf_counter() - begun_s
    refusals_s = sorted(each.seconds for each in answers if each.status in (429, 503))
    growth_bytes = await _memory_bytes(url) - before
    return Flood(Counter(each.status for each in answers), refusals_s, growth_bytes, seconds)


async def post_all(url: str, posts: Sequence[Post], num_connections: int) -> list[Answer]:
    """The answers in the order in which they came."""
    host, port = _place(url)
    left = iter(posts)
    answers: list[Answer] = []

    async def connection() -> None:
        reader, writer = await asyncio.open_connection(host, port)
        for headers, body in left:
            lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            head = f"POST /api/generate HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n{lines}"
            begun_s = time.perf_counter()
            writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            status, outcome = await _answer(reader)
            answers.append(Answer(status, outcome, time.perf_counter() - begun_s))
        writer.close()

    await asyncio.gather(*(connection() for _ in range(num_connections)))
    return answers


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    length = re.search(r"^content-length: *(\d+)", head, re.IGNORECASE | re.MULTILINE)
    return int(head.split(" ", 2)[1]), await reader.readexactly(int(length[1]) if length else 0)


async def _memory_bytes(url: str) -> int:
    host, port = _place(url)
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(f"GET /metrics HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
    _, page = await _answer(reader)
    writer.close()
    found = re.search(rb"^process_resident_memory_bytes ([\d.e+]+)", page, re.MULTILINE)
    return int(float(found[1])) if found else 0


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or 80


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("url")
    parser.add_argument("--posts", type=int, default=2000)
    parser.add_argument("--connections", type=int, default=50)
    asked = parser.parse_args()
    outcome = asyncio.run(flood(asked.url, asked.posts, asked.connections))
    answers = ", ".join(f"{count} x {status}" for status, count in sorted(outcome.statuses.items()))
    print(f"{asked.posts} posts over {asked.connections} connections in {outcome.seconds:.1f} s: {answers}")
    if outcome.refusals_s:
        print("refusals: " + ", ".join(f"p{n} {1000 * outcome.refusal_s(n / 100):.0f} ms" for n in (50, 90, 99)))
    print(f"memory: {outcome.growth_bytes / 1e6:+.1f} MB")
    for fault in outcome.faults:
        print(f"not as it should be: {fault}", file=sys.stderr)
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
