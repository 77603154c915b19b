"""deploy/kubernetes against Kubernetes' own schemas, KEDA's documented fields and our settings. No cluster is here:
what a cluster does with it is not shown."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, ValidationError
from kubernetes_validate.utils import validate

from server.config.environment import read_settings
from server.db.session import CONNECT_TIMEOUT_S

ROOT = Path(__file__).parents[3]
KUBERNETES = ROOT / "deploy" / "kubernetes"
NEWEST, OLDEST = "1.37", "1.30"  # the sleep of preStop is in force from 1.30 on
COMPONENT = "app.kubernetes.io/component"

# Of KEDA 2.21's documentation: "ScaledObject specification", "PostgreSQL", "Authentication".
STRING_MAP = {"type": "object", "additionalProperties": {"type": "string"}}
KEDA: dict[str, dict[str, Any]] = {
    "ScaledObject": {
        "type": "object",
        "additionalProperties": False,
        "required": ["scaleTargetRef", "triggers"],
        "properties": {
            "scaleTargetRef": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
            "pollingInterval": {"type": "integer"},
            "cooldownPeriod": {"type": "integer"},
            "minReplicaCount": {"type": "integer"},
            "maxReplicaCount": {"type": "integer"},
            "advanced": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "horizontalPodAutoscalerConfig": {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {"behavior": {"type": "object"}, "name": {"type": "string"}},
                    }
                },
            },
            "triggers": {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["type", "metadata"],
                    "properties": {
                        "type": {"const": "postgresql"},
                        "metricType": {"enum": ["AverageValue", "Value"]},
                        "metadata": {
                            **STRING_MAP,
                            "required": ["query", "targetQueryValue"],
                            "propertyNames": {"enum": ["query", "targetQueryValue", "activationTargetQueryValue"]},
                        },
                        "authenticationRef": {
                            "type": "object",
                            "required": ["name"],
                            "properties": {"name": {"type": "string"}},
                        },
                    },
                },
            },
        },
    },
    "TriggerAuthentication": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "secretTargetRef": {
                "type": "array",
                "items": {**STRING_MAP, "required": ["parameter", "name", "key"], "maxProperties": 3},
            }
        },
    },
}


def documents(folder: str) -> list[dict[str, Any]]:
    """What the kustomization of a folder names."""
    kustomization = yaml.safe_load((KUBERNETES / folder / "kustomization.yaml").read_text())
    files = [KUBERNETES / folder / name for name in kustomization["resources"]]
    return [document for file in files if file.is_file() for document in yaml.safe_load_all(file.read_text())]


BASE = {(each["kind"], each["metadata"]["name"]): each for each in documents("base")}
KEDA_OBJECTS = {each["kind"]: each for each in documents("keda")}


def pod(kind: str, name: str) -> dict[str, Any]:
    return BASE[kind, name]["spec"]["template"]["spec"]


PODS = {name: pod(kind, name) for kind, name in BASE if kind in ("Deployment", "Job")}
SERVERS = {name: pod("Deployment", f"lora-studio-{name}") for name in ("api", "worker")}


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize(("kind", "name"), BASE)
def test_it_is_what_kubernetes_accepts(kind: str, name: str, version: str) -> None:
    validate(BASE[kind, name], version, strict=True)


@pytest.mark.parametrize("kind", KEDA)
def test_it_is_what_keda_documents(kind: str) -> None:
    document = KEDA_OBJECTS[kind]
    assert document["apiVersion"] == "keda.sh/v1alpha1"
    Draft202012Validator(KEDA[kind]).validate(document["spec"])


def test_keda_reads_the_view_and_scales_the_workers() -> None:
    spec = KEDA_OBJECTS["ScaledObject"]["spec"]
    (trigger,) = spec["triggers"]
    assert ("Deployment", spec["scaleTargetRef"]["name"]) in BASE
    assert trigger["metadata"]["query"] == "SELECT wanted FROM studio_workers_wanted"
    assert trigger["authenticationRef"]["name"] == KEDA_OBJECTS["TriggerAuthentication"]["metadata"]["name"]
    behavior = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    scaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "keda-hpa"},
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "x"}, "maxReplicas": 5, "behavior": behavior},
    }
    validate(scaler, NEWEST, strict=True)


def test_a_mistake_is_noticed() -> None:
    wrong = {**BASE["Service", "lora-studio"], "spec": {"ports": [{"port": "http"}]}}
    with pytest.raises(ValidationError):
        validate(wrong, NEWEST, strict=True)


@pytest.mark.parametrize("folder", ["base", "keda", "example"])
def test_files_that_a_kustomization_names_exist(folder: str) -> None:
    kustomization = yaml.safe_load((KUBERNETES / folder / "kustomization.yaml").read_text())
    named = [*kustomization.get("resources", []), *kustomization.get("components", [])]
    named += [patch["path"] for patch in kustomization.get("patches", []) if "path" in patch]
    named += [file for each in kustomization.get("configMapGenerator", []) for file in each.get("envs", [])]
    assert [name for name in named if not (KUBERNETES / folder / name).exists()] == []
    used = {(KUBERNETES / folder / name).resolve() for name in (*named, "kustomization.yaml")}
    assert {file.resolve() for file in (KUBERNETES / folder).iterdir()} <= used


def settings_of(name: str, more: str = "") -> dict[str, str]:
    """The variables of a pod's container; what a Secret or the node knows has a value that fits."""
    lines = [*(KUBERNETES / "base" / "settings.env").read_text().split(), *more.split()]
    values = dict(line.split("=", 1) for line in lines) if "envFrom" in SERVERS[name]["containers"][0] else {}
    known = {"STUDIO_DATABASE_URL": "postgresql+asyncpg://studio:x@db/studio", "STUDIO_ADMIN_KEY": "a" * 16}
    for each in SERVERS[name]["containers"][0]["env"]:
        values[each["name"]] = each.get("value", known.get(each["name"], "x")).replace("$(POD_IP)", "10.0.0.7")
    return values


@pytest.mark.parametrize("name", SERVERS)
def test_the_server_takes_its_settings_and_ends_in_its_time(name: str) -> None:
    example = yaml.safe_load((KUBERNETES / "example" / "kustomization.yaml").read_text())
    (merged,) = example["configMapGenerator"]
    more = "\n".join(each for each in merged["literals"] if "BASE_MODEL" not in each)  # a file that is not here
    settings = read_settings(settings_of(name, more))
    assert (settings.role, settings.storage) == (name, "s3")
    assert settings.workers_max == KEDA_OBJECTS["ScaledObject"]["spec"]["maxReplicaCount"]
    hooks = SERVERS[name]["containers"][0].get("lifecycle", {})
    pause_s = hooks.get("preStop", {}).get("sleep", {}).get("seconds", 0)
    needed_s = pause_s + settings.stop_timeout_s + CONNECT_TIMEOUT_S
    assert SERVERS[name]["terminationGracePeriodSeconds"] >= needed_s


def test_a_worker_has_one_gpu_and_an_api_pod_none() -> None:
    limits = {name: spec["containers"][0]["resources"]["limits"] for name, spec in SERVERS.items()}
    assert [limits[name].get("nvidia.com/gpu") for name in ("api", "worker")] == [None, "1"]


@pytest.mark.parametrize("name", PODS)
def test_secrets_are_references_and_a_pod_may_little(name: str) -> None:
    container = PODS[name]["containers"][0]
    secret = [each for each in container["env"] if each["name"].endswith(("URL", "KEY", "KEY_ID"))]
    assert all("secretKeyRef" in each["valueFrom"] for each in secret if each["name"] != "STUDIO_WORKER_URL")
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert PODS[name]["securityContext"]["runAsNonRoot"] and not PODS[name]["automountServiceAccountToken"]
    assert "10001:10001" in (ROOT / "Dockerfile.cuda").read_text()


def test_services_budgets_and_policies_select_pods_that_exist() -> None:
    labels = [each["spec"]["template"]["metadata"]["labels"] for each in BASE.values() if "template" in each["spec"]]
    selectors = [
        each["spec"].get("podSelector") or each["spec"]["selector"]
        for (kind, _), each in BASE.items()
        if kind in ("Service", "PodDisruptionBudget", "NetworkPolicy", "Deployment")
    ]
    for selector in (each.get("matchLabels", each) for each in selectors):
        assert any(selector.items() <= pod_labels.items() for pod_labels in labels), selector
