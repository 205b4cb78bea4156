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

DEPLOY = Path(__file__).resolve().parent.parent / "deploy"
UNIT = (DEPLOY / "kuraban.service").read_text("utf-8")
CONTAINER = (DEPLOY / "Containerfile").read_text("utf-8")

# What a family is called in queries, by its type.
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}


def understood(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    serve.add(parser)
    return parser.parse_args(arguments)


def test_the_dashboard_asks_for_nothing_that_the_desk_does_not_measure(tmp_path: Path) -> None:
    with running(tmp_path) as desk:
        desk.send(theft("v"))
        desk.service.condition("clock_back", True)
        text = desk.client.get("/metrics").text
    names, labels = set[str](), dict[str, set[str]]()
    for family in text_string_to_metric_families(text):
        for suffix in SUFFIXES[family.type]:
            names.add(family.name + suffix)
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels)
    dashboard = json.loads((DEPLOY / "grafana-dashboard.json").read_text("utf-8"))
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(asked) > 10
    for expression in asked:
        found = re.findall(r"kuraban_\w+", expression)
        assert set(found) <= names, expression
        by = re.findall(r"by \(([\w, ]+)\)", expression) + re.findall(r"\{(\w+)=", expression)
        wanted = {name for group in by for name in group.split(", ")}
        for name in found:
            assert name not in labels or wanted <= labels[name], expression


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
