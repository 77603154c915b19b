"""Prompts are tokenized off the event loop, and the watchdog of the test servers would see it if they were not."""

from pathlib import Path
from typing import Any

from tests.e2e.conftest import NewServer
from tests.support.servers.server_process import ROOT, ServerProcess


def comparison(num_prompts: int, character: str = "雪") -> dict[str, Any]:
    prompts = [character * (2000 - n) for n in range(num_prompts)]
    return {"prompts": prompts, "seeds": [1], "variants": [{}], "steps": 1}


def test_long_prompts_do_not_hold_the_event_loop(new_demo_server: NewServer) -> None:
    with new_demo_server("server") as server:
        server.start()
        assert server.http.post("/api/compare", json=comparison(8)).status_code == 202
        answer = server.http.post("/api/compare", json=comparison(9))
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "prompts")
        assert server.stalls() == []


def test_a_tokenizer_on_the_event_loop_is_seen(tmp_path: Path) -> None:
    module = "tests.support.servers.tokenizing_server"
    settings = {"STUDIO_LORA_DIR": str(ROOT / "loras"), "WATCHED_LIMIT_S": "0.025"}
    server = ServerProcess(tmp_path, settings, module, is_watched=True)
    try:
        server.start()
        for character in "雪月花風":  # on a busy machine the thread that takes the stack may come too late
            num_seen = len(server.stalls())
            assert server.http.post("/api/compare", json=comparison(8, character)).status_code == 202
            assert len(server.stalls()) > num_seen
        assert any("prompt_warnings" in stall for stall in server.stalls())
    finally:
        server.stop()
        server.http.close()
