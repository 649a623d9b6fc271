"""Who may use the server, and what leaves the machine: cases of the test suite, and a namespace without a network."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable

from benchmarks.home import forgetful_home
from tests.conftest import HOME, ROOT
from tests.reliability.table import Measured, ReliabilityRow, TrialFolder

ACCESS = "tests/backend/server/test_app.py"
SAID = re.compile(r"(\d+) (passed|failed|errors?|skipped)")


def cases(file: str, *names: str) -> Measured:
    """The named tests of a file, each a family of cases."""
    command = [sys.executable, "-m", "pytest", "-q", "--rootdir", str(ROOT), "-p", "no:cacheprovider"]
    told = subprocess.run(
        [*command, *(f"{file}::{name}" for name in names)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    counts = {what: int(number) for number, what in SAID.findall(told.stdout)}
    said = ", ".join(f"{number} cases {what}" for what, number in counts.items()) or told.stdout[-300:]
    return Measured(told.returncode == 0 and counts.get("passed", 0) > 0, said)


def suite(file: str, *names: str) -> Callable[[TrialFolder], Measured]:
    """A row whose cases the test suite has."""
    return lambda trial: cases(file, *names)


def no_network(trial: TrialFolder) -> Measured:
    """A7: the real model over the demo raster, and in the nightly tier the other rows, with nothing but loopback."""
    output = trial.folder / "answers.gpkg"
    area = [] if trial.nightly else ["EXTENT=500000,500153.6,3699846.4,3700000"]
    batch = [str(ROOT / "scripts" / "qgis_process"), "--json", "run", "rsgpt:describeraster", "--"]
    batch += [f"INPUT={ROOT / 'resources' / 'demo' / 'scenes.tif'}", *area, f"OUTPUT={output}"]
    table = ["-m", "tests.reliability.table"]
    rows = [
        [sys.executable, *table, "model", "S1", "S3", "S6", "A1", "A2", "A3", "W2"],
        [str(ROOT / "build" / "qgis-tests" / "bin" / "python"), *table, "qgis", "D1", "D3", "D5", "D6", "Q8"],
    ]
    return alone(trial, [batch, *(rows if trial.nightly else [])])


def alone(trial: TrialFolder, commands: list[list[str]]) -> Measured:
    """Run commands in a network namespace of their own; how they ended, and what tried to get out."""
    control = "import socket; socket.socket().connect_ex(('192.0.2.1', 9))"
    runs = [f"{words(command)} >'{trial.folder}/{n}.log' 2>&1; echo ended $?" for n, command in enumerate(commands)]
    script = "\n".join(
        [
            "set -u; ip link set lo up",
            "unrouted() { sed -n 's/^Ip: *//p' /proc/net/snmp | awk 'NR == 1 { for (i = 1; i <= NF; i++) "
            'if ($i == "OutNoRoutes") n = i } NR == 2 { print $n }\'; }',
            "before=$(unrouted)",
            *runs,
            "after=$(unrouted)",
            f"{words([sys.executable, '-c', control])}",
            "echo tried $((after - before)) control $(($(unrouted) - after))",
        ]
    )
    as_root = [] if os.getuid() == 0 else ["--map-root-user", "--user"]
    environment = {**os.environ, "RSGPT_HOME": str(forgetful_home(trial.folder / "home", HOME))}
    command = ["unshare", *as_root, "--net", "bash", "-c", script]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    ended = [int(code) for code in re.findall(r"ended (\d+)", told.stdout)]
    counted = re.search(r"tried (\d+) control (\d+)", told.stdout)
    tried, control_seen = (int(counted[1]), int(counted[2])) if counted else (-1, 0)
    rows = re.findall(r'"ANSWERED": *(\d+)', (trial.folder / "0.log").read_text("utf-8"))
    log = "".join((trial.folder / f"{number}.log").read_text("utf-8") for number in range(1, len(commands)))
    held, missed = (re.findall(rf"^(\w+) +{word} ", log, re.MULTILINE) for word in ("pass", "MISS"))
    others = f"other rows held: {', '.join(held)}, missed: {', '.join(missed) or 'none'}; " if held or missed else ""
    said = (
        f"{rows[-1] if rows else 0} tiles answered by the real model; {others}attempts beyond "
        f"this machine: {tried} (one made on purpose was counted: {control_seen == 1}) {told.stderr[-200:]}"
    )
    fine = ended == [0] * len(commands) and tried == 0 and control_seen == 1 and bool(rows) and int(rows[-1]) > 0
    return Measured(fine, said.strip())


def words(command: list[str]) -> str:
    """A command for a shell."""
    return " ".join("'" + word.replace("'", "'\\''") + "'" for word in command)


ROWS = (
    ReliabilityRow(
        "A1",
        "every route without the key, in 12 ways: 401, one same body, before the body is read",
        suite(ACCESS, "test_no_route_answers_without_the_key", "test_the_key_may_not_be_sent_twice",
              "test_the_key_is_refused_before_the_body_is_sent"),
    ),
    ReliabilityRow(
        "A2",
        "every other Host, on every route, with the right key: 403, two or none: 400 or 403",
        suite(ACCESS, "test_only_the_exact_host_is_served", "test_ambiguous_requests_are_refused",
              "test_both_names_of_this_machine_are_served", "test_it_listens_on_one_address_alone"),
    ),
    ReliabilityRow(
        "A3",
        "browsers, preflights and forms: 403, 404, 405 or 415, never an Access-Control header",
        suite(ACCESS, "test_no_web_page_is_served", "test_a_preflight_gets_no_permission", "test_only_json_is_read"),
    ),
    ReliabilityRow("A7", "without a network: a batch with the real model is answered, 0 attempts to leave", no_network),
)  # fmt: skip
