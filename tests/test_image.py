"""The Dockerfile is one that can be carried out, and what is set beside it are settings that there are."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from punnet.environment import read
from punnet.settings import FIELDS, Settings
from tools.image.building import places, python_version
from tools.image.dockerfile import KNOWN, Unknown, ignored, instructions, stages

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = {field.name.upper() for field in FIELDS}
OF_THE_SYSTEM = {"HOME", "PATH"}


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def image():
    return stages(text("Dockerfile"))[-1]


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load(text("compose.yaml"))


@pytest.fixture(scope="module")
def kubernetes():
    return {each["kind"]: each for each in yaml.safe_load_all(text("deploy/kubernetes.yaml"))}


def container_of(kubernetes):
    return kubernetes["Deployment"]["spec"]["template"]["spec"]["containers"][0]


# ------------------------------------------------------------------------------------------- a Dockerfile


def test_a_line_that_ends_in_a_backslash_goes_on_past_comments():
    [found] = instructions("# one\nRUN a \\\n  # two\n  && b\n")
    assert (found.word, found.written, found.line) == ("RUN", "RUN a && b", 2)


def test_what_an_image_tells_its_containers_is_what_came_last():
    [stage] = stages(
        'FROM python:3.13-slim\nENV A=1 B="2 3"\nENV A=$A$B\nWORKDIR /a\nWORKDIR b\nCMD ["c", "d"]\n'
    )
    assert stage.environment["A"] == "12 3"
    assert (stage.folder, stage.arguments) == ("/a/b", ["c", "d"])


def test_a_command_that_is_no_list_has_a_shell_around_it():
    [stage] = stages("FROM python:3.13-slim\nENTRYPOINT a b\n")
    assert stage.entrypoint == ["/bin/sh", "-c", "a b"]


def test_a_step_holds_what_held_when_it_came():
    [stage] = stages("FROM python:3.13-slim\nRUN a\nENV X=1\nWORKDIR /w\nUSER 7:7\nRUN b\n")
    first, second = stage.steps
    assert (first.folder, first.user, "X" in first.environment) == ("/", "0:0", False)
    assert (second.folder, second.user, second.environment["X"]) == ("/w", "7:7", "1")


@pytest.mark.parametrize(
    "line",
    [
        "ADD a b",
        "VOLUME /a",
        "run a",
        "COPY --link a b",
        "COPY --chown a b",
        "HEALTHCHECK NONE",
        "RUN <<END",
        "USER a",
    ],
)
def test_what_nobody_knows_how_to_carry_out_is_refused_with_its_line(line):
    with pytest.raises(Unknown, match="line 2"):
        stages(f"FROM python:3.13-slim\n{line}\n")


def test_a_file_that_breaks_off_or_begins_with_no_stage_is_refused():
    with pytest.raises(Unknown, match="goes on"):
        stages("FROM python:3.13-slim\nRUN a \\\n")
    with pytest.raises(Unknown, match="before the first FROM"):
        stages("RUN a\n")


@pytest.mark.parametrize(
    ("path", "out"),
    [("a", True), ("src/b.py", False), ("src/c/d.pyc", True), ("src/c/__pycache__", True), ("x/src", True)],
)
def test_the_last_line_that_fits_leaves_out_or_lets_in(path, out):
    assert ignored(path, ["# no", "*", "!src", "**/*.pyc", "**/__pycache__"]) is out


def test_beside_an_index_on_disk_lie_its_files(tmp_path):
    (tmp_path / "index" / "simple").mkdir(parents=True)
    known = {"PIP_EXTRA_INDEX_URL": f"{(tmp_path / 'index' / 'simple').as_uri()} https://elsewhere.example"}
    assert places(known) == [str(tmp_path / "index")]


# ---------------------------------------------------------------------------------------------- this one


def test_every_instruction_of_ours_is_known_and_all_stages_have_a_python_of_ours():
    assert {each.word for each in instructions(text("Dockerfile"))} <= set(KNOWN)
    versions = {python_version(stage) for stage in stages(text("Dockerfile"))}
    assert len(versions) == 1
    assert f'"Programming Language :: Python :: {versions.pop()}"' in text("pyproject.toml")


def test_all_that_is_copied_is_there_and_not_left_out():
    lines = text(".dockerignore").splitlines()
    copied = [
        source
        for stage in stages(text("Dockerfile"))
        for step in stage.steps
        if step.instruction.word == "COPY" and not step.instruction.options
        for source in step.instruction.words[:-1]
    ]
    assert [each for each in copied if not (ROOT / each).exists() or ignored(each, lines)] == []


@pytest.mark.parametrize("name", ["punnet.db", ".env", ".venv", ".git", "src/punnet/core/__pycache__/x.pyc"])
def test_what_is_private_or_made_does_not_get_into_the_image(name):
    assert ignored(name, text(".dockerignore").splitlines())


def test_the_links_of_the_client_lead_to_what_is_copied():
    for link in (ROOT / "src/punnet/web/static/client").iterdir():
        assert link.resolve().is_relative_to(ROOT / "clients/js/src")


def test_it_runs_as_nobody_in_particular_and_is_told_to_stop(image):
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", image.user)
    assert (image.entrypoint, image.arguments, image.signal) == (["punnet"], ["serve"], "SIGTERM")
    assert image.environment["HOME"] == image.folder


def test_the_image_sets_only_what_is_a_setting(image):
    told = {name: value for name, value in image.environment.items() if name not in OF_THE_SYSTEM}
    assert told.keys() <= SETTINGS
    settings, _ = read(told, {})
    assert settings.host == "0.0.0.0"
    assert image.exposed == [str(settings.port)]


def test_the_health_check_fails_where_nobody_listens(image):
    command = [sys.executable, *image.health.command[1:]]
    asked = subprocess.run(command, env={"PORT": "1"}, capture_output=True, text=True, check=False)
    assert asked.returncode == 1
    assert "refused" in asked.stderr


# ---------------------------------------------------------------------------------------------- compose


def test_compose_sets_only_settings_and_those_can_be_read(compose):
    told = {
        name: re.sub(r"\$\{\w+:[?-]([^}]*)\}", r"\1", each) for name, each in environment(compose).items()
    }
    assert told.keys() <= SETTINGS
    told["DATABASE_URL"] = told["DATABASE_URL"].replace("write it into .env", "secret")
    read({name: value for name, value in told.items() if value}, {})


def test_compose_hands_on_what_stands_in_env_but_where_it_listens_and_where_all_is_kept(compose):
    assert compose["services"]["app"]["env_file"] == [{"path": ".env", "required": False}]
    assert environment(compose).keys() == {"HOST", "PORT", "DATABASE_URL", "REDIS_URL", "TRUSTED_PROXIES"}
    assert "${TRUSTED_PROXIES:-" in environment(compose)["TRUSTED_PROXIES"]
    for name in ("HOST", "PORT"):
        assert "$" not in environment(compose)[name]


def environment(compose):
    return compose["services"]["app"]["environment"]


def test_compose_starts_nothing_without_a_password(compose):
    for name in ("app", "postgres"):
        told = json.dumps(compose["services"][name]["environment"])
        assert re.findall(r"\$\{POSTGRES_PASSWORD\S*", told) == ["${POSTGRES_PASSWORD:?write"]


def test_compose_shows_the_server_to_its_own_machine_alone(compose):
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert ports == [f"127.0.0.1:{Settings().port}:{Settings().port}"]


def test_every_volume_of_compose_is_used_and_every_service_comes_back(compose):
    used = {volume.split(":")[0] for each in compose["services"].values() for volume in each["volumes"]}
    assert used == set(compose["volumes"])
    assert {each["restart"] for each in compose["services"].values()} == {"unless-stopped"}
    assert {"app", "postgres", "redis"} == set(compose["services"])


def test_the_folder_of_the_image_is_the_one_that_is_kept(compose, kubernetes, image):
    assert f"app_data:{image.folder}" in compose["services"]["app"]["volumes"]
    assert [each["mountPath"] for each in container_of(kubernetes)["volumeMounts"]] == [image.folder]


# ------------------------------------------------------------------------------------------- Kubernetes


def test_kubernetes_sets_only_settings(kubernetes):
    told = {each["name"] for each in container_of(kubernetes)["env"]}
    assert told <= SETTINGS
    plain = {each["name"]: each["value"] for each in container_of(kubernetes)["env"] if "value" in each}
    read(plain | {"DATABASE_URL": "postgresql://punnet:secret@postgres/punnet"}, {})


def test_kubernetes_holds_no_secret_itself(kubernetes):
    assert "Secret" not in kubernetes
    told = {
        each["name"]: each.get("valueFrom", {}).get("secretKeyRef")
        for each in container_of(kubernetes)["env"]
    }
    from_the_secret = {name: where for name, where in told.items() if where}
    assert from_the_secret == {"DATABASE_URL": {"name": "punnet", "key": "DATABASE_URL"}}


def test_kubernetes_takes_every_setting_that_stands_in_the_secret(kubernetes):
    assert container_of(kubernetes)["envFrom"] == [{"secretRef": {"name": "punnet"}}]


def test_kubernetes_runs_it_as_the_image_does(kubernetes, image):
    pod = kubernetes["Deployment"]["spec"]["template"]["spec"]
    who = pod["securityContext"]
    assert f"{who['runAsUser']}:{who['runAsGroup']}" == image.user
    assert who["fsGroup"] == who["runAsGroup"]
    assert container_of(kubernetes)["securityContext"]["readOnlyRootFilesystem"]


def test_kubernetes_asks_what_there_is_at_the_port_there_is(kubernetes, image):
    container = container_of(kubernetes)
    paths = {probe: container[probe]["httpGet"]["path"] for probe in container if probe.endswith("Probe")}
    assert paths == {
        "startupProbe": "/health/ready",
        "readinessProbe": "/health/ready",
        "livenessProbe": "/health/live",
    }
    assert [str(port["containerPort"]) for port in container["ports"]] == image.exposed


def test_kubernetes_waits_longer_than_the_server_takes_to_stop(kubernetes):
    pod = kubernetes["Deployment"]["spec"]["template"]["spec"]
    command, seconds = container_of(kubernetes)["lifecycle"]["preStop"]["exec"]["command"]
    assert command == "sleep"
    assert pod["terminationGracePeriodSeconds"] >= int(seconds) + 15
    assert kubernetes["Deployment"]["spec"]["replicas"] >= 2
    assert kubernetes["Deployment"]["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_every_part_of_kubernetes_means_the_same_pods(kubernetes):
    labels = kubernetes["Deployment"]["spec"]["template"]["metadata"]["labels"]
    chosen = [kubernetes["Service"]["spec"]["selector"]]
    chosen += [
        kubernetes[kind]["spec"]["selector"]["matchLabels"] for kind in ("Deployment", "PodDisruptionBudget")
    ]
    assert all(labels.items() >= each.items() for each in chosen)


def test_every_link_of_the_notes_leads_somewhere():
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text("deploy/kubernetes.md"))
    assert links
    assert [link for link in links if not (ROOT / "deploy" / link).exists()] == []
