"""Access to the server and data that leaves the machine: tests of the test suite, and a namespace without a network."""

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
SUMMARY = re.compile(r"(\d+) (passed|failed|errors?|skipped)")


def cases(file: str, *names: str) -> Measured:
    """Run the named tests of a file, and return whether all cases passed."""
    command = [sys.executable, "-m", "pytest", "-q", "--rootdir", str(ROOT), "-p", "no:cacheprovider"]
    process = subprocess.run(
        [*command, *(f"{file}::{name}" for name in names)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    counts = {outcome: int(number) for number, outcome in SUMMARY.findall(process.stdout)}
    text = ", ".join(f"{number} cases {outcome}" for outcome, number in counts.items()) or process.stdout[-300:]
    return Measured(process.returncode == 0 and counts.get("passed", 0) > 0, text)


def suite(file: str, *names: str) -> Callable[[TrialFolder], Measured]:
    return lambda trial: cases(file, *names)


def no_network(trial: TrialFolder) -> Measured:
    """A7: describe the demo raster with the real model, and run other rows in the nightly tier, without a network."""
    output = trial.folder / "answers.gpkg"
    area = [] if trial.nightly else ["EXTENT=500000,500153.6,3699846.4,3700000"]
    batch = [str(ROOT / "scripts" / "qgis_process"), "--json", "run", "rsgpt:describeraster", "--"]
    batch += [f"INPUT={ROOT / 'resources' / 'demo' / 'scenes.tif'}", *area, f"OUTPUT={output}"]
    table = ["-m", "tests.reliability.table"]
    rows = [
        [sys.executable, *table, "model", "S1", "S3", "S6", "A1", "A2", "A3", "W2"],
        [str(ROOT / "build" / "qgis-tests" / "bin" / "python"), *table, "qgis", "D1", "D3", "D5", "D6", "Q8"],
    ]
    return isolated(trial, [batch, *(rows if trial.nightly else [])])


def isolated(trial: TrialFolder, commands: list[list[str]]) -> Measured:
    """Run commands in a network namespace with loopback only, and count the attempts to connect to the outside."""
    control = "import socket; socket.socket().connect_ex(('192.0.2.1', 9))"
    runs = [f"{quoted(command)} >'{trial.folder}/{n}.log' 2>&1; echo ended $?" for n, command in enumerate(commands)]
    script = "\n".join(
        [
            "set -u; ip link set lo up",
            "unrouted() { sed -n 's/^Ip: *//p' /proc/net/snmp | awk 'NR == 1 { for (i = 1; i <= NF; i++) "
            'if ($i == "OutNoRoutes") n = i } NR == 2 { print $n }\'; }',
            "before=$(unrouted)",
            *runs,
            "after=$(unrouted)",
            f"{quoted([sys.executable, '-c', control])}",
            "echo tried $((after - before)) control $(($(unrouted) - after))",
        ]
    )
    as_root = [] if os.getuid() == 0 else ["--map-root-user", "--user"]
    environment = {**os.environ, "RSGPT_HOME": str(forgetful_home(trial.folder / "home", HOME))}
    command = ["unshare", *as_root, "--net", "bash", "-c", script]
    process = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    exit_codes = [int(code) for code in re.findall(r"ended (\d+)", process.stdout)]
    counted = re.search(r"tried (\d+) control (\d+)", process.stdout)
    tried, control_count = (int(counted[1]), int(counted[2])) if counted else (-1, 0)
    rows = re.findall(r'"ANSWERED": *(\d+)', (trial.folder / "0.log").read_text("utf-8"))
    log = "".join((trial.folder / f"{number}.log").read_text("utf-8") for number in range(1, len(commands)))
    passed, missed = (re.findall(rf"^(\w+) +{word} ", log, re.MULTILINE) for word in ("pass", "MISS"))
    others = f"other rows passed: {', '.join(passed)}, missed: {', '.join(missed) or 'none'}; "
    text = (
        f"{rows[-1] if rows else 0} tiles answered by the real model; {others if passed or missed else ''}attempts to "
        f"leave this machine: {tried} (one made on purpose was counted: {control_count == 1}) {process.stderr[-200:]}"
    )
    is_answered = bool(rows) and int(rows[-1]) > 0
    held = exit_codes == [0] * len(commands) and tried == 0 and control_count == 1 and is_answered
    return Measured(held, text.strip())


def quoted(command: list[str]) -> str:
    return " ".join("'" + part.replace("'", "'\\''") + "'" for part in command)


ROWS = (
    ReliabilityRow(
        "A1",
        "every route without the key, 12 variants: 401 with the same body, before the request body is read",
        suite(ACCESS, "test_no_route_answers_without_the_key", "test_a_key_that_is_sent_twice_is_refused",
              "test_a_missing_key_is_refused_before_the_body_is_sent"),
    ),
    ReliabilityRow(
        "A2",
        "every route with another Host and the right key: 403; with two Hosts or none: 400 or 403",
        suite(ACCESS, "test_only_the_exact_host_is_served", "test_ambiguous_requests_are_refused",
              "test_both_names_of_this_machine_are_served", "test_the_server_listens_on_one_address_only"),
    ),
    ReliabilityRow(
        "A3",
        "requests of browsers, preflights and forms: 403, 404, 405 or 415, never an Access-Control header",
        suite(ACCESS, "test_web_pages_are_refused", "test_a_preflight_gets_no_permission",
              "test_content_types_other_than_json_are_refused"),
    ),
    ReliabilityRow("A7", "without a network: the real model describes a raster, 0 attempts to leave", no_network),
)  # fmt: skip
