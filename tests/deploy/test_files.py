"""Every file that deploys Keydesk says what is true of it: settings, ports, probes, commands, metric names."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.cli.commands import parser
from bot.db.engine import Database
from bot.health import Health
from bot.policy_file import PolicyFile
from bot.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm" / "keydesk"
FILES = sorted(
    path for path in (*DEPLOY.rglob("*"), ROOT / "Dockerfile", *ROOT.glob("compose*.yaml")) if path.is_file()
)
SETTINGS = {str(field.alias) for field in Settings.model_fields.values()}
# Names in capitals that are not settings of ours.
OTHERS = {
    "POSTGRES_USER",
    "POSTGRES_DB",
    "POSTGRES_PASSWORD",
    "PYTHONUNBUFFERED",
    "PYTHONDONTWRITEBYTECODE",
    "AF_INET",
    "AF_INET6",
    "AF_UNIX",
    "NAME",
}
PATHS = {"/healthz", "/readyz", "/metrics", "/slack/events", "/alerts"}


def yaml_of(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def names_in(text: str) -> set[str]:
    """Settings and the like: words in capitals with an underscore, and PORT."""
    return set(re.findall(r"(?<![\w.$])[A-Z][A-Z0-9]*_[A-Z0-9_]+[A-Z0-9]\b|\bPORT\b", text))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_setting_that_is_named_exists(path: Path) -> None:
    named = {name.removesuffix("_FILE") for name in names_in(path.read_text(encoding="utf-8"))}
    assert named - SETTINGS - OTHERS == set()


@pytest.mark.parametrize("path", [*(ROOT / "docs" / "operating").glob("*.md")], ids=lambda path: path.name)
def test_every_setting_and_file_that_a_page_names_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert {name.removesuffix("_FILE") for name in names_in(text)} - SETTINGS - OTHERS == set()
    assert [name for name in re.findall(r"`(deploy/[\w./-]+)`", text) if not (ROOT / name).exists()] == []


def commands_in(text: str) -> set[str]:
    return set(re.findall(r"(?:bin/|python -m bot |^|`|\s)keydesk ([a-z-]+)(?= |$|`)", text, re.MULTILINE))


def test_every_command_that_is_named_exists() -> None:
    known = set(parser()._subparsers._group_actions[0].choices or ())  # type: ignore[union-attr]
    said = [
        commands_in(path.read_text(encoding="utf-8")) for path in (*FILES, *(ROOT / "docs" / "operating").glob("*.md"))
    ]
    named = set().union(*said) - {"deploy", "keydesk", "keydesk-verify"}
    assert {"serve", "work", "migrate", "backup", "restore", "audit", "adopt-account"} <= named
    assert named - known == set()


def test_the_image_runs_as_nobody_special_and_is_asked_whether_it_lives() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    last = text.rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001$", last, re.MULTILINE)
    assert "/healthz" in last
    assert (
        f"EXPOSE {Settings.model_fields['port'].default} {Settings.model_fields['keydesk_metrics_port'].default}"
        in last
    )
    assert 'ENTRYPOINT ["keydesk"]' in last
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for name in " ".join(copied).split():
        assert (ROOT / name).exists(), name
        assert f"!{name.split('/')[0]}" in ignored, name


@pytest.mark.parametrize("name", ["compose.yaml", "compose.sandbox.yaml"])
def test_services_may_write_nowhere_and_gain_nothing(name: str) -> None:
    services = yaml_of(ROOT / name)["services"]
    for service in (one for one in services.values() if one.get("build")):
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_the_unit_does_not_start_again_what_cannot_start() -> None:
    unit = (DEPLOY / "systemd" / "keydesk.service").read_text(encoding="utf-8")
    assert "RestartPreventExitStatus=2" in unit
    for credential, _ in re.findall(r"^LoadCredential=(\w+):(\S+)$", unit, re.MULTILINE):
        assert f"Environment={credential.upper()}_FILE=%d/{credential}" in unit
        assert credential.upper() in SETTINGS


def test_the_platform_files_ask_for_what_is_there() -> None:
    fly = tomllib.loads((DEPLOY / "fly.toml").read_text(encoding="utf-8"))
    assert (DEPLOY / fly["build"]["dockerfile"]).resolve() == ROOT / "Dockerfile"
    assert fly["http_service"]["internal_port"] == int(fly["env"]["PORT"])
    assert {check["path"] for check in fly["http_service"]["checks"]} | {fly["metrics"][0]["path"]} <= PATHS
    render = yaml_of(DEPLOY / "render.yaml")
    assert [service["dockerCommand"] for service in render["services"]] == ["keydesk serve --no-worker", "keydesk work"]
    assert render["services"][0]["healthCheckPath"] in PATHS
    required = {str(field.alias) for field in Settings.model_fields.values() if field.is_required()}
    assert required <= {one["key"] for one in render["services"][0]["envVars"]}


def test_the_chart_is_of_this_version_and_probes_what_is_there() -> None:
    chart = yaml_of(CHART / "Chart.yaml")
    with (ROOT / "pyproject.toml").open("rb") as file:
        assert chart["appVersion"] == chart["version"] == tomllib.load(file)["project"]["version"]
    templates = "".join(path.read_text(encoding="utf-8") for path in (CHART / "templates").iterdir())
    assert set(re.findall(r'"(/(?:healthz|readyz|metrics|slack/events|alerts)[^"]*)"', templates)) <= PATHS
    used = set(re.findall(r"\.Values\.([\w.]+)", templates))
    values = yaml_of(CHART / "values.yaml")
    for name in used:
        here: Any = values
        for part in name.split("."):
            assert part in here, name
            here = here[part]


HELM = shutil.which("helm")


def test_the_chart_renders_into_objects_that_fit_together() -> None:
    """With `helm` where it is installed; what it makes is kept beside this file, so that it is read in any case."""
    kept = Path(__file__).parent / "rendered.yaml"
    if HELM is not None:
        text = subprocess.run(
            [
                HELM,
                "template",
                "keydesk",
                str(CHART),
                "--kube-version",
                "1.30.0",
                "--set",
                "policy=rules",
                "--set",
                "config.KEYDESK_CHANNEL=C0123ABCD",
                "--set",
                "ingress.enabled=true",
                "--set",
                "serviceMonitor.enabled=true",
            ],
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout
        assert list(yaml.safe_load_all(text)) == list(yaml.safe_load_all(kept.read_text(encoding="utf-8")))
    objects = list(yaml.safe_load_all(kept.read_text(encoding="utf-8")))
    by_kind = {(one["kind"], one["metadata"]["name"]): one for one in objects}
    web, worker = by_kind["Deployment", "keydesk-web"], by_kind["Deployment", "keydesk-worker"]
    for deployment, args in ((web, ["serve", "--no-worker"]), (worker, ["work"])):
        pod = deployment["spec"]["template"]
        [container] = pod["spec"]["containers"]
        assert container["args"] == args
        assert container["securityContext"]["readOnlyRootFilesystem"]
        ports = {port["name"] for port in container["ports"]}
        probes = [container[name]["httpGet"] for name in container if name.endswith("Probe")]
        assert all(probe["port"] in ports and probe["path"] in PATHS for probe in probes)
        assert deployment["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
        maps = {volume["configMap"]["name"] for volume in pod["spec"]["volumes"] if "configMap" in volume}
        maps |= {source["configMapRef"]["name"] for source in container["envFrom"] if "configMapRef" in source}
        assert all(("ConfigMap", name) in by_kind for name in maps)
    service = by_kind["Service", "keydesk"]
    assert service["spec"]["selector"].items() <= web["spec"]["template"]["metadata"]["labels"].items()
    config = by_kind["ConfigMap", "keydesk"]["data"]
    assert set(config) <= SETTINGS
    assert by_kind["ConfigMap", "keydesk-policy"]["data"] == {"policy.toml": "rules"}
    assert by_kind["Job", "keydesk-migrate"]["spec"]["template"]["spec"]["containers"][0]["args"] == ["migrate"]
    verify = by_kind["CronJob", "keydesk-verify"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert verify["containers"][0]["args"] == ["audit", "verify"]
    assert {"PodDisruptionBudget", "NetworkPolicy", "ServiceMonitor", "Ingress"} <= {kind for kind, _ in by_kind}


@pytest.fixture
def metric_names(sqlite_database: Database, tmp_path: Path) -> set[str]:
    policy = tmp_path / "policy.toml"
    policy.write_text((ROOT / "policy.example.toml").read_text(encoding="utf-8"), encoding="utf-8")
    health = Health(database=sqlite_database, policy=PolicyFile(policy, units_per_usd=500_000))
    names: set[str] = set()
    for family in health.registry.collect():
        suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}.get(family.type, [""])
        names |= {family.name + suffix for suffix in suffixes}
    return names


def test_every_metric_that_is_watched_exists(metric_names: set[str]) -> None:
    dashboard = (DEPLOY / "grafana" / "keydesk.json").read_text(encoding="utf-8")
    rules = (DEPLOY / "prometheus" / "rules.yml").read_text(encoding="utf-8")
    watched = set(re.findall(r"\bkeydesk_[a-z_]+", " ".join([rules, *re.findall(r'"expr": "(.+)"', dashboard)])))
    assert watched - metric_names == set()
    # And the other way round: whoever adds a metric shows it.
    shown = {re.sub(r"_(bucket|count|sum|total)$", "", name) for name in watched}
    assert {re.sub(r"_(bucket|count|sum|total)$", "", name) for name in metric_names} - shown == set()


def test_every_panel_has_a_query_and_every_alarm_a_paragraph() -> None:
    dashboard = json.loads((DEPLOY / "grafana" / "keydesk.json").read_text(encoding="utf-8"))
    assert all(panel["targets"] and panel["title"] for panel in dashboard["panels"])
    alarms = [
        rule["alert"] for group in yaml_of(DEPLOY / "prometheus" / "rules.yml")["groups"] for rule in group["rules"]
    ]
    runbook = (ROOT / "docs" / "operating" / "runbook.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (Keydesk\w+)$", runbook, re.MULTILINE) == alarms


PROMTOOL = shutil.which("promtool")


def test_the_rules_are_rules() -> None:
    """By Prometheus' own judge where it is installed; else at least their shape."""
    path = DEPLOY / "prometheus" / "rules.yml"
    if PROMTOOL is not None:
        subprocess.run([PROMTOOL, "check", "rules", str(path)], check=True, capture_output=True, timeout=60)
    for group in yaml_of(path)["groups"]:
        for rule in group["rules"]:
            assert {"alert", "expr", "labels", "annotations"} <= rule.keys()
            assert rule["labels"]["severity"] in {"page", "ticket"}
            assert rule["annotations"]["summary"].endswith(".") or "}}" in rule["annotations"]["summary"]


def test_the_image_keeps_only_the_languages_that_are_spoken(tmp_path: Path) -> None:
    import babel  # noqa: PLC0415  # copied, not used

    shutil.copytree(Path(babel.__file__).parent, tmp_path / "babel")
    run = next(line for line in (ROOT / "Dockerfile").read_text().splitlines() if "locale-data" in line)
    step = json.loads(run.removeprefix("RUN "))[1:]
    speak = "from bot.languages import find, speaking; from bot.languages.formats import one_of\n"
    speak += "for tag in ('ar', 'zh-Hant', 'zh-Hans'):\n with speaking(find(tag)): print(one_of(['a', 'b', 'c']))"
    for words in (step, ["-c", speak]):
        done = subprocess.run(
            [sys.executable, *words],
            env={"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
            capture_output=True,
            text=True,
            check=True,
        )
    assert len(done.stdout.splitlines()) == 3
    kept = (tmp_path / "babel" / "locale-data").glob("*.dat")
    assert sum(one.stat().st_size for one in kept) < 4_000_000
    assert (tmp_path / "babel" / "locale-data" / "zh_Hant.dat").is_file()
