"""The files that put the desk into service say what the program really understands."""

import argparse
import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from desk import running, theft
from kuraban.cli import serve
from kuraban.server.conditions import CONDITIONS
from kuraban.server.outputs.settings import Outputs, Webhook

DEPLOY = Path(__file__).resolve().parent.parent / "deploy"
RULES = (DEPLOY / "kuraban-rules.yml").read_text("utf-8")
UNIT = (DEPLOY / "kuraban.service").read_text("utf-8")
CONTAINER = (DEPLOY / "Containerfile").read_text("utf-8")

# What a family is called in queries, by its type.
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}


def understood(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    serve.add(parser)
    return parser.parse_args(arguments)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """What can be asked for: the labels of each name that a desk measures."""
    receiver = Webhook("core", "https://core.example.jp/kuraban", b"x" * 24)
    with running(tmp_path_factory.mktemp("desk"), Outputs(webhooks=(receiver,))) as desk:
        desk.send([*theft("v"), b"no event"])
        desk.service.condition("clock_back", True)
        text = desk.client.get("/metrics").text
    found = dict[str, set[str]]()
    for family in text_string_to_metric_families(text):
        for suffix in SUFFIXES[family.type]:
            found.setdefault(family.name + suffix, set())
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def expressions(document: str) -> list[str]:
    """The queries of a file of rules."""
    return [
        " ".join(found.split()) for found in re.findall(r"expr: (?:>-\n)?(.+?)\n +(?:for|labels):", document, re.DOTALL)
    ]


def test_dashboard_and_alarms_ask_for_nothing_that_the_desk_does_not_measure(measured: dict[str, set[str]]) -> None:
    dashboard = json.loads((DEPLOY / "grafana-dashboard.json").read_text("utf-8"))
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    rules = expressions(RULES)
    assert (len(asked) > 10, len(rules)) == (True, RULES.count("- alert:"))
    for expression in asked + rules:
        found = re.findall(r"kuraban_\w+", expression)
        assert set(found) <= set(measured), expression
        by = re.findall(r"by \(([\w, ]+)\)", expression) + re.findall(r"[{,](\w+)=", expression)
        wanted = {name for group in by for name in group.split(", ")} - {"job"}
        for name in found:
            assert wanted <= measured[name], expression


def test_every_condition_rings_once_and_those_that_stop_the_desk_loudly() -> None:
    listed = {
        alert: set(codes.split("|"))
        for alert, codes in re.findall(r'alert: (\w+)\n +expr: (?:>-\n +)?kuraban_condition\{code=~"([^"]+)"', RULES)
    }
    passing = {"starting", "recovering", "stopping"}
    stopping = {code for code, each in CONDITIONS.items() if each.stops}
    assert listed["KurabanNotAccepting"] == stopping - passing
    # Owners without a second channel are a matter of months, and on the dashboard.
    assert listed["KurabanCondition"] == set(CONDITIONS) - stopping - {"owners_by_mail_only"}
    assert listed["KurabanStillRecovering"] <= passing


@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool, of Prometheus")
def test_the_alarms_ring_for_what_they_are_for_and_on_a_quiet_day_not_at_all() -> None:
    here = Path(__file__).resolve().parent
    found = subprocess.run(
        ["promtool", "test", "rules", "kuraban-rules.test.yml"], cwd=here, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stdout + found.stderr


def test_the_unit_and_the_container_start_the_desk_with_options_it_has() -> None:
    (line,) = re.findall(r"^ExecStart=(.+)$", UNIT, re.MULTILINE)
    program, command, *arguments = shlex.split(line)
    assert (Path(program).name, command) == ("kuraban", "serve")
    assert understood(arguments).data == Path("/var/lib/kuraban")
    (last,) = re.findall(r"^CMD (\[.+\])$", CONTAINER, re.MULTILINE)
    program, command, *arguments = json.loads(last)
    assert (program, command) == ("kuraban", "serve")
    given = understood(arguments)
    assert (given.data, given.behind_proxy) == (Path("/data"), True)
    (health,) = re.findall(r"^ (\[\"python\".+\])$", CONTAINER, re.MULTILINE)
    assert f"127.0.0.1:{given.listen.rpartition(':')[2]}/readyz" in json.loads(health)[2]
    compile(json.loads(health)[2], "health", "exec")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "kuraban.service"
    unit.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", UNIT, flags=re.MULTILINE), "utf-8")
    found = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)
    assert (found.returncode, [line for line in found.stderr.splitlines() if "kuraban" in line]) == (0, [])
