"""The life of a job through the API: accepted, followed, fetched, waited for, cancelled."""

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from PIL import Image

from server.config.settings import Settings
from server.generation.styles import STYLES
from tests.fixtures.studio_app import BROKEN_SEED, PROMPT, QUICK
from tests.support.fake_runner import PaintRunner

Api = TestClient[Litestar]
WAIT = {"Prefer": "wait=30"}


def finish(api: Api, **fields: Any) -> dict[str, Any]:
    """A job that has completed: the answer to `Prefer: wait`."""
    answer = api.post("/api/generate", json={**QUICK, **fields}, headers=WAIT)
    assert answer.status_code == 200, answer.text
    return answer.json()


def read_events(api: Api, job_id: str, last: str | None = None) -> list[dict[str, Any]]:
    headers = {} if last is None else {"Last-Event-ID": last}
    answer = api.get(f"/api/jobs/{job_id}/events", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-cache, no-transform"
    assert answer.headers["x-accel-buffering"] == "no"
    return list(parse_events(answer.text))


def parse_events(text: str) -> Iterator[dict[str, Any]]:
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if line and not line.startswith(":"))
        if lines:
            yield {"id": lines.get("id"), "event": lines["event"], "data": json.loads(lines["data"])}


def test_a_job_is_accepted_with_its_id_and_where_to_look(api: Api) -> None:
    answer = api.post("/api/generate", json=PROMPT)
    assert answer.status_code == 202
    body = answer.json()
    assert set(body) == {"job_id", "status", "estimated_time", "warnings"}
    assert body["status"] == "queued"
    assert type(body["estimated_time"]) is int
    assert body["warnings"] == []
    assert len(body["job_id"]) == 32
    assert answer.headers["location"] == f"http://studio.test:8000/api/status/{body['job_id']}"
    assert "preference-applied" not in answer.headers


def test_the_result_lists_every_picture_with_its_address(api: Api) -> None:
    job_id = finish(api, num_images=3, seed=2**32 - 1)["job_id"]
    result = api.get(f"/api/result/{job_id}").json()
    assert set(result) == {"job_id", "status", "images", "outputs", "metadata", "comparison"}
    assert result["comparison"] is None
    assert result["status"] == "completed"
    assert [output["id"] for output in result["outputs"]] == [f"{job_id}-{n}" for n in (1, 2, 3)]
    assert [output["index"] for output in result["outputs"]] == [0, 1, 2]
    assert [output["seed"] for output in result["outputs"]] == [2**32 - 1, 0, 1]
    assert result["images"] == [output["url"] for output in result["outputs"]]
    assert result["images"][0] == f"http://studio.test:8000/files/generations/{job_id}/{job_id}-1.jpg"
    for output in result["outputs"]:
        picture = api.get(output["url"])
        assert picture.headers["content-type"] == output["content_type"] == "image/jpeg"
        assert len(picture.content) == output["bytes"]
        assert Image.open(BytesIO(picture.content)).size == (output["width"], output["height"]) == (32, 32)
        assert api.get(output["thumbnail_url"]).status_code == 200


def test_the_metadata_tells_what_was_resolved(api: Api) -> None:
    metadata = finish(api, model_name="jade", loras=[{"name": "amber", "weight": 0.5}], seed=7)["metadata"]
    assert metadata["prompt"] == "red dress, beach sunset"
    assert metadata["final_prompt"] == "jade woman, red dress, beach sunset"
    assert metadata["model"] == "jade-v2"
    assert (metadata["seed"], metadata["steps"], metadata["sampler"]) == (7, 2, "euler")
    assert metadata["negative_prompt"] == "low quality, blurry, distorted"
    assert [(lora["name"], lora["weight"]) for lora in metadata["loras"]] == [("jade-v2", 0.9), ("amber", 0.5)]


def test_the_models_lora_takes_the_weight_that_is_asked_for(api: Api) -> None:
    metadata = finish(api, model_name="jade", model_weight=-1.5, loras=[{"name": "amber"}])["metadata"]
    assert [(lora["name"], lora["weight"]) for lora in metadata["loras"]] == [("jade-v2", -1.5), ("amber", 0.9)]


def test_a_style_is_applied_to_the_prompt_and_told_in_the_result(api: Api) -> None:
    metadata = finish(api, model_name="jade", style="photographic")["metadata"]
    style = STYLES["photographic"]
    assert (metadata["style"], metadata["prompt"]) == ("photographic", PROMPT["prompt"])
    assert metadata["final_prompt"] == f"jade woman, {style.apply(PROMPT['prompt'])}"
    assert metadata["negative_prompt"] == f"low quality, blurry, distorted, {style.negative_prompt}"
    assert finish(api)["metadata"]["style"] is None


def test_asking_again_for_what_the_result_tells_changes_nothing(api: Api) -> None:
    """What was resolved is not resolved twice: neither trigger words nor a style's."""
    first = finish(api, model_name="jade", style="anime", seed=5)
    same = {name: first["metadata"][name] for name in ("negative_prompt", "style", "seed")}
    again = finish(api, model_name="jade", prompt=first["metadata"]["final_prompt"], **same)
    for name in ("final_prompt", "negative_prompt"):
        assert again["metadata"][name] == first["metadata"][name]
    assert api.get(again["images"][0]).content == api.get(first["images"][0]).content


def test_a_style_that_the_demo_model_does_not_know_is_warned_of(api: Api) -> None:
    assert finish(api, prompt="red astronaut", style="line_art")["warnings"] == [
        "the demo model does not know: astronaut",
        "the demo model does not know the style Line art",
    ]


def test_an_exact_version_can_be_asked_for(api: Api) -> None:
    assert finish(api, model_name="jade-v1")["metadata"]["model"] == "jade-v1"


@pytest.mark.parametrize("name", [None, "base"])
def test_no_lora_is_a_choice(api: Api, name: str | None) -> None:
    metadata = finish(api, model_name=name)["metadata"]
    assert (metadata["model"], metadata["loras"]) == ("base", [])
    assert metadata["final_prompt"] == PROMPT["prompt"]


@pytest.mark.parametrize(
    ("name", "ending", "media_type"),
    [("jpeg", "jpg", "image/jpeg"), ("png", "png", "image/png"), ("webp", "webp", "image/webp")],
)
def test_each_format_is_stored_and_served_as_what_it_is(api: Api, name: str, ending: str, media_type: str) -> None:
    (output,) = finish(api, format=name)["outputs"]
    assert output["url"].endswith(f"-1.{ending}")
    answer = api.get(output["url"])
    assert answer.headers["content-type"] == output["content_type"] == media_type
    assert Image.open(BytesIO(answer.content)).format == name.upper()


def test_pictures_may_be_kept_by_readers_for_ever(api: Api) -> None:
    (url,) = finish(api)["images"]
    answer = api.get(url)
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    again = api.get(url, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = api.head(url)
    assert (head.content, head.headers["content-length"]) == (b"", str(len(answer.content)))


@pytest.mark.parametrize(
    "path", ["../server.lock", "%2e%2e/server.lock", "..%2fserver.lock", "generations", ".hidden.jpg"]
)
def test_nothing_but_pictures_is_served(api: Api, path: str) -> None:
    assert api.get(f"/files/{path}").status_code == 404


def test_the_same_seed_gives_the_same_bytes(api: Api) -> None:
    first, second = (finish(api, seed=5)["images"][0] for _ in range(2))
    assert first != second
    assert api.get(first).content == api.get(second).content


def test_the_status_tells_that_all_is_done(api: Api) -> None:
    job_id = finish(api, num_images=2)["job_id"]
    assert api.get(f"/api/status/{job_id}").json() == {
        "job_id": job_id,
        "status": "completed",
        "progress": 1.0,
        "images_completed": 2,
        "images_total": 2,
        "queue_position": 0,
        "estimated_time": 0,
        "detail": None,
        "error": None,
    }


def test_waiting_for_the_status_ends_with_the_job(api: Api) -> None:
    job_id = api.post("/api/generate", json=QUICK).json()["job_id"]
    assert api.get(f"/api/status/{job_id}?wait=30").json()["status"] == "completed"


def test_a_wait_that_is_too_short_is_answered_as_if_there_was_none(api: Api, runner: PaintRunner) -> None:
    runner.open_gate.clear()
    answer = api.post("/api/generate", json=PROMPT, headers={"Prefer": "wait=1"})
    assert answer.status_code == 202
    assert answer.headers["preference-applied"] == "wait=1"
    assert set(answer.json()) == {"job_id", "status", "estimated_time", "warnings"}
    runner.open_gate.set()


def test_a_wait_that_was_long_enough_is_answered_with_the_result(api: Api) -> None:
    answer = api.post("/api/generate", json=QUICK, headers={"Prefer": "wait=3600"})
    assert answer.status_code == 200
    assert answer.headers["preference-applied"] == "wait=60"
    body = answer.json()
    assert (body["status"], body["estimated_time"], len(body["images"])) == ("completed", 0, 1)
    result = api.get(f"/api/result/{body['job_id']}").json()
    assert {key: body[key] for key in result} == result


def test_a_cancelled_job_takes_at_most_the_step_in_flight_and_stays_cancelled(api: Api, runner: PaintRunner) -> None:
    runner.open_gate.clear()
    job_id = api.post("/api/generate", json={**PROMPT, "num_images": 8, "steps": 150}).json()["job_id"]
    answer = api.delete(f"/api/jobs/{job_id}")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert api.delete(f"/api/jobs/{job_id}").json()["status"] == "cancelled"
    runner.open_gate.set()
    finish(api)
    assert sum(count for image_id, count in runner.steps.items() if image_id.startswith(job_id)) <= 8
    assert api.get(f"/api/status/{job_id}?wait=1").json()["status"] == "cancelled"
    assert read_events(api, job_id)[-1]["event"] == "cancelled"


def test_a_job_whose_picture_fails_tells_why(api: Api) -> None:
    answer = api.post("/api/generate", json={**QUICK, "seed": BROKEN_SEED}, headers=WAIT)
    assert (answer.status_code, answer.json()["status"]) == (200, "failed")
    status = api.get(f"/api/status/{answer.json()['job_id']}").json()
    assert status["error"] == answer.json()["error"]
    assert status["error"]["code"] == "nan"
    assert "not-a-number" in status["error"]["detail"]
    assert read_events(api, status["job_id"])[-1]["event"] == "failed"


def test_a_job_that_has_ended_cannot_be_cancelled_any_more(api: Api) -> None:
    job_id = finish(api)["job_id"]
    assert api.delete(f"/api/jobs/{job_id}").json()["status"] == "completed"


def test_the_event_stream_tells_each_picture_once_and_ends(api: Api) -> None:
    job_id = api.post("/api/generate", json={**QUICK, "num_images": 3}).json()["job_id"]
    events = read_events(api, job_id)
    assert events[0]["event"] == "progress"
    assert set(events[0]["data"]) == set(api.get(f"/api/status/{job_id}").json())
    durable = [event for event in events if event["id"]]
    assert [event["event"] for event in durable] == ["image"] * 3 + ["completed"]
    assert [int(event["id"]) for event in durable] == sorted({int(event["id"]) for event in durable})
    assert events[-1]["event"] == "completed"
    assert events[-1]["data"]["images_completed"] == 3
    assert {event["data"]["url"] for event in durable[:3]} == set(api.get(f"/api/result/{job_id}").json()["images"])


def test_a_reader_that_comes_back_gets_the_rest_and_nothing_twice(api: Api) -> None:
    job_id = finish(api, num_images=3)["job_id"]
    durable = [event for event in read_events(api, job_id) if event["id"]]
    for n, event in enumerate(durable[:-1]):
        assert [each for each in read_events(api, job_id, event["id"]) if each["id"]] == durable[n + 1 :]


def test_unknown_words_and_a_prompt_too_long_are_warned_of(api: Api) -> None:
    answer = api.post("/api/generate", json={**QUICK, "prompt": "jade astronaut" + " in" * 610, "model_name": "base"})
    words, tail = answer.json()["warnings"]
    assert words == "the demo model does not know: astronaut, in"
    assert tail.startswith("prompt: up to 8 windows of 75 tokens are read")
    assert tail.endswith("in in in")


def test_warnings_are_told_in_the_answer_to_a_wait_too(api: Api) -> None:
    assert finish(api, prompt="astronaut")["warnings"] == ["the demo model does not know: astronaut"]


def test_a_full_queue_is_a_503_that_says_when_to_come_back(api: Api, runner: PaintRunner, settings: Settings) -> None:
    runner.open_gate.clear()
    answers = [api.post("/api/generate", json=PROMPT) for _ in range(settings.max_queue + 1)]
    assert [answer.status_code for answer in answers[:-1]] == [202] * settings.max_queue
    refused = answers[-1]
    assert refused.status_code == 503
    assert refused.json()["type"] == "urn:lora-studio:problem:queue-full"
    assert int(refused.headers["retry-after"]) >= 1
    api.delete(f"/api/jobs/{answers[0].json()['job_id']}")
    assert api.post("/api/generate", json=QUICK).status_code == 202
    runner.open_gate.set()


def test_the_estimate_grows_with_the_work_and_the_queue(api: Api, runner: PaintRunner) -> None:
    runner.step_s = 0.05  # whole seconds apart, also on a busy machine
    finish(api, steps=20)
    runner.open_gate.clear()
    small, large, behind = (
        api.post("/api/generate", json={**PROMPT, **fields}).json()["estimated_time"]
        for fields in ({"steps": 10}, {"steps": 150, "num_images": 8}, {"steps": 150, "num_images": 8})
    )
    assert 0 < small < large < behind
    runner.open_gate.set()


def test_a_reader_that_has_read_all_is_told_not_to_come_back(api: Api) -> None:
    """Browsers reconnect whenever a stream ends; 204 is what stops them."""
    job_id = finish(api)["job_id"]
    last = read_events(api, job_id)[-1]["id"]
    answer = api.get(f"/api/jobs/{job_id}/events", headers={"Last-Event-ID": last})
    assert (answer.status_code, answer.content) == (204, b"")
    assert [event["event"] for event in read_events(api, job_id, last="1")] == ["completed"]
