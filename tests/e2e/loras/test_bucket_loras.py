"""A LoRA uploaded while no worker runs: the first worker, whose LoRA folder is empty, makes pictures with it."""

import asyncio
import hashlib
import secrets
from pathlib import Path

import httpx

from tests.e2e.conftest import NewServer
from tests.fixtures.databases import PostgresServer
from tests.fixtures.s3_server import S3Server
from tests.support.servers.server_process import ROOT

KEY = {"Authorization": "Bearer operator-key-of-the-tests"}
ROLES = ("api", "worker")
BODY = {"prompt": "woman, red dress", "width": 128, "height": 128, "steps": 2, "seed": 7, "format": "png"}


def test_a_lora_uploaded_without_a_worker_is_used_by_the_first(
    new_demo_server: NewServer, postgres_server: PostgresServer, s3_server: S3Server, s3_bucket: str, tmp_path: Path
) -> None:
    name = f"test_{secrets.token_hex(6)}"
    asyncio.run(postgres_server.execute(f"CREATE DATABASE {name}"))
    settings = {
        "STUDIO_DATABASE_URL": postgres_server.url(name),
        "STUDIO_ADMIN_KEY": KEY["Authorization"].removeprefix("Bearer "),
        **s3_server.settings(s3_bucket),
    }
    data = (ROOT / "loras" / "jade-v1.safetensors").read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    empty = {role: {"STUDIO_ROLE": role, "STUDIO_LORA_DIR": str(tmp_path / f"{role}-loras")} for role in ROLES}
    with (
        new_demo_server("api", **settings, **empty["api"]) as api,
        new_demo_server("worker", **settings, **empty["worker"]) as worker,
    ):
        api.start()
        for label in ("jade-v1", "jade-v2"):  # the same bytes: stored once
            answer = api.http.put(f"/api/loras/{label}", content=data, headers=KEY)
            assert answer.status_code in (200, 201), answer.text
        assert api.http.delete("/api/loras/jade-v2", headers=KEY).status_code == 200
        assert api.http.post("/api/loras/reload", headers=KEY).json()["unchanged"] == ["jade-v1"]
        listed = s3_server.client().list_objects_v2(Bucket=s3_bucket, Prefix="private/loras/")
        (stored,) = listed.get("Contents", [])
        key = stored.get("Key", "")
        assert key.startswith(f"private/loras/{sha256}-") and stored.get("Size") == len(data)
        assert httpx.get(f"{s3_server.url}/{s3_bucket}/{key}").status_code == 403
        jobs = [
            api.http.post("/api/generate", json={**BODY, "model_name": model}).json()["job_id"]
            for model in ("jade", "base")
        ]
        assert api.http.get(f"/api/status/{jobs[0]}").json()["status"] == "queued"
        worker.start()
        pictures: list[bytes] = []
        for job in jobs:
            state = api.http.get(f"/api/status/{job}?wait=60").json()
            assert state["status"] == "completed", state
            output = api.http.get(f"/api/result/{job}").json()["outputs"][0]
            pictures.append(httpx.get(output["url"]).content)
        assert pictures[0] != pictures[1]
        assert [lora["label"] for lora in api.http.get("/api/loras").json()["loras"]] == ["jade-v1"]
        (row,) = api.http.get("/api/operator/workers", headers=KEY).json()["workers"]
        assert (row["state"], row["version"] is not None) == ("ready", True)
        assert not (tmp_path / "worker-loras").exists()
        assert f"the LoRA {sha256[:12]} came from the bucket" in worker.log.read_text()
    asyncio.run(postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)"))
