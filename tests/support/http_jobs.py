"""Calls that end-to-end tests make."""

from typing import Any

from tests.support.servers.server_process import ServerProcess


def submit(server: ServerProcess, **fields: Any) -> str:
    """The id of an accepted job."""
    answer = server.http.post("/api/generate", json={"prompt": "woman, red dress, beach, sunset", **fields})
    assert answer.status_code == 202, answer.text
    return answer.json()["job_id"]


def ended(server: ServerProcess, job_id: str) -> dict[str, Any]:
    """The status of the job once it has ended."""
    for _ in range(10):
        status = server.http.get(f"/api/status/{job_id}", params={"wait": 50}).json()
        if status["status"] not in ("queued", "processing"):
            return status
    raise TimeoutError(status)


def pictures(server: ServerProcess, job_id: str) -> list[bytes]:
    """The bytes of the job's pictures, in order."""
    answers = [server.http.get(url) for url in server.http.get(f"/api/result/{job_id}").json()["images"]]
    assert all(answer.status_code == 200 for answer in answers)
    return [answer.content for answer in answers]
