"""deploy/skypilot/studio-worker.yaml has fields that SkyPilot documents, with values of their types, and settings that
exist: https://docs.skypilot.co/en/latest/reference/yaml-spec.html"""

from pathlib import Path
from typing import Any

import yaml

from server.config.environment import read_settings, unknown_variables
from tests.support.servers.server_process import ROOT

FILE = ROOT / "deploy" / "skypilot" / "studio-worker.yaml"
TASK = {"name", "workdir", "num_nodes", "resources", "envs", "secrets", "file_mounts", "setup", "run", "config"}
HARDWARE = {"infra", "accelerators", "accelerator_args", "cpus", "memory", "instance_type", "use_spot", "disk_size"}
CONFIG = {"disk_tier", "network_tier", "image_id", "ports", "labels", "autostop", "any_of", "ordered", "job_recovery"}


def task() -> dict[str, Any]:
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))


def test_its_fields_are_those_of_skypilot() -> None:
    found = task()
    resources = found["resources"]
    assert found.keys() <= TASK and resources.keys() <= HARDWARE | CONFIG
    assert all(isinstance(count, int) for count in resources["accelerators"].values())
    assert isinstance(resources["disk_size"], int) and isinstance(resources["use_spot"], bool)
    assert resources["autostop"].keys() <= {"idle_minutes", "down", "wait_for", "hook", "hook_timeout"}
    assert isinstance(resources["autostop"]["idle_minutes"], int) and resources["autostop"]["down"] is True
    for mount in found["file_mounts"].values():
        assert mount["mode"] in ("MOUNT", "COPY", "MOUNT_CACHED") and mount["source"].startswith("s3://")
    assert isinstance(found["run"], str)


def test_its_variables_are_settings_and_no_secret_is_written_down() -> None:
    found = task()
    assert all(isinstance(value, str) for value in found["envs"].values())
    assert set(found["secrets"].values()) == {None}
    environment = {name: value for name, value in found["envs"].items() if name != "IMAGE"} | {
        "STUDIO_DATABASE_URL": "postgresql+asyncpg://studio@db/studio"
    }
    assert unknown_variables(environment) == []
    settings = read_settings(environment)
    assert (settings.role, settings.storage, settings.base_model) == ("worker", "s3", Path("/models/film.safetensors"))
    assert settings.idle_exit_min < found["resources"]["autostop"]["idle_minutes"]
