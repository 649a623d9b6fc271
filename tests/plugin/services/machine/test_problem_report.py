"""The problem report: what it contains, and what it leaves out for privacy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rsgpt_plugin.client.backends import chosen_model
from rsgpt_plugin.client.preferences import Preferences, load, save
from rsgpt_plugin.core import paths
from rsgpt_plugin.services.machine.problem_report import package_versions, problem_report, tracker_url


def test_report_contains_versions_state_and_weights(qgis_app: object) -> None:
    report = problem_report()
    for piece in (
        "RSGPT 0.",
        "QGIS 3.",
        "Qt ",
        "GDAL ",
        "Python 3.",
        "is not set up",
        "device: auto",
        "(no log file)",
    ):
        assert piece in report
    assert f"weights {chosen_model('rsgpt-small').weights_sha256}" in report


def test_report_leaves_out_private_data(qgis_app: object, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "ada")
    monkeypatch.setattr("platform.node", lambda: "adas-laptop.lan")
    monkeypatch.setattr(Path, "home", lambda: Path("/srv/homes/ada"))
    (own_home / "log").mkdir(parents=True)
    log = (
        f"opened {own_home}/env and /srv/homes/ada/maps\nAuthorization: Bearer abcdefgh\nhttp://ada:pw@gpu.lan/v1\n"
        "ada at adas-laptop\n"
    )
    (own_home / "log" / "server.log").write_text("old line\n" * 10_000 + log, encoding="utf-8")
    previous = load()
    hosts = ("https://gpu.lan:443",)
    save(
        replace(Preferences(), server_url="https://gpu.lan/v1", server_auth="a1b2c3d", prompt="my", allowed_hosts=hosts)
    )
    report = problem_report()
    save(previous)
    for secret in ("ada", "gpu.lan", "abcdefgh", "a1b2c3d", str(own_home), ":pw", "laptop"):
        assert secret not in report
    for piece in ("opened <data>/env and ~/maps", "server_auth: set  (changed)", "prompt: set", "1 hosts"):
        assert piece in report
    assert report.count("old line") < 60


def test_package_versions_are_read_from_folder_names(tmp_path: Path) -> None:
    packages = tmp_path / "lib" / "python3.11" / "site-packages"
    for name in ("torch-2.13.0+cpu", "torchvision-1.0", "transformers-5.1"):
        (packages / f"{name}.dist-info").mkdir(parents=True)
    assert package_versions(tmp_path) == {"torch": "2.13.0+cpu", "transformers": "5.1"}
    assert package_versions(tmp_path / "nowhere") == {}


def test_tracker_is_read_from_metadata() -> None:
    assert tracker_url() == paths.metadata("tracker")
    assert tracker_url().startswith("https://")
