"""A server with few file descriptors and many connections that send nothing; clients that hang up; foreign names."""

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import painting_server
from tests.support.servers.server_process import ServerProcess

NUM_DESCRIPTORS = 256


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with painting_server(tmp_path_factory.mktemp("few"), "server", STUDIO_LOG_FORMAT="json") as made:
        limited = f'ulimit -Sn 64; ulimit -Hn {NUM_DESCRIPTORS}; exec "$@"'
        made.command = ("bash", "-c", limited, "bash", *made.command)
        made.start()
        yield made


def raw(server: ServerProcess, request: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    connection.sendall(request)
    return connection


def records(log: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_more_silent_connections_than_descriptors_harm_nobody(server: ServerProcess) -> None:
    (told,) = [record for record in records(server.log) if "may open" in record["event"]]
    assert told["event"] == f"96 connections at most: the process may open {NUM_DESCRIPTORS} files"
    silent = [raw(server, b"GET /healthz HTTP/1.1\r\n" if n % 2 else b"") for n in range(2 * NUM_DESCRIPTORS)]
    try:
        for _ in range(20):
            with raw(server, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n") as asking:
                assert asking.recv(1000).startswith(b"HTTP/1.1 200")
        status = server.http.post("/api/generate", json={"prompt": "a", "num_images": 1, "steps": 2})
        assert status.status_code == 202
        assert [record for record in records(server.log) if record["level"] in ("warning", "error")] == [told]
    finally:
        for connection in silent:
            connection.close()


def test_a_client_that_hangs_up_is_one_line_at_info_and_no_500(server: ServerProcess) -> None:
    for path in ("/api/generate", "/api/compare"):
        raw(server, f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{{".encode()).close()
    deadline_s = time.monotonic() + 10
    while sum("closed the connection" in record["event"] for record in records(server.log)) < 2:
        assert time.monotonic() < deadline_s
        time.sleep(0.02)
    assert not [record for record in records(server.log) if record["level"] == "error" or "exception" in record]
    assert 'status="500"' not in server.http.get("/metrics").text


def test_a_page_whose_name_leads_to_this_machine_is_refused(server: ServerProcess) -> None:
    body = {"prompt": "a", "num_images": 1, "steps": 2}
    rebound = {"Host": f"evil.example:{server.port}", "Origin": f"http://evil.example:{server.port}"}
    assert server.http.post("/api/generate", json=body, headers=rebound).status_code == 421
    assert server.http.get("/metrics", headers=rebound).status_code == 421
    own = {"Host": f"localhost:{server.port}", "Origin": f"http://localhost:{server.port}"}
    assert server.http.post("/api/generate", json=body, headers=own).status_code == 202
