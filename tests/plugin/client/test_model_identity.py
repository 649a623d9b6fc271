"""Fingerprints of local models: when they are remembered, and when the model must be loaded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from qgis.core import QgsSettings

from rsgpt_plugin.client.backends import identified_model
from rsgpt_plugin.client.installed_models import ModelInfo
from rsgpt_plugin.client.model_identity import check_fingerprint, remember_fingerprint, remembered_fingerprint
from rsgpt_plugin.client.preferences import BackendKind, Preferences
from rsgpt_plugin.client.server import local_server
from rsgpt_plugin.client.server.local_server import LocalServer, ServerSpec
from rsgpt_plugin.client.server.protocol import Reply
from rsgpt_plugin.client.server.transport import Limits
from rsgpt_plugin.errors import ServerError, SetupError

PREFERENCES = Preferences()
REPORTED = ModelInfo("mine", "a" * 64, fingerprint="b" * 16, precision="fp32")


@pytest.fixture(autouse=True)
def nothing_remembered(qgis_app: Any) -> Iterator[None]:
    QgsSettings().remove("rsgpt")
    yield
    QgsSettings().remove("rsgpt")


@pytest.fixture
def model(tmp_path: Path) -> ModelInfo:
    """A model in a folder, with a model.json and no weights."""
    folder = tmp_path / "mine"
    folder.mkdir()
    calibrate(folder, 1.0)
    return ModelInfo("mine", "a" * 64, str(folder))


def calibrate(folder: Path, slope: float) -> None:
    (folder / "model.json").write_text(json.dumps({"name": "mine", "calibration": {"yes_no": [slope, 0.0]}}))


def test_a_reported_fingerprint_is_remembered(model: ModelInfo) -> None:
    assert remembered_fingerprint(model, PREFERENCES) == ""
    remember_fingerprint(model, PREFERENCES, REPORTED)
    assert remembered_fingerprint(model, PREFERENCES) == "b" * 16


@pytest.mark.parametrize("precision", ["int8", "int4", ""])
def test_a_precision_that_depends_on_free_memory_is_not_remembered(model: ModelInfo, precision: str) -> None:
    remember_fingerprint(model, PREFERENCES, replace(REPORTED, precision=precision))
    assert remembered_fingerprint(model, PREFERENCES) == ""


def test_calibration_invalidates_the_remembered_fingerprint(model: ModelInfo) -> None:
    remember_fingerprint(model, PREFERENCES, REPORTED)
    calibrate(Path(model.folder), 1.5)
    assert remembered_fingerprint(model, PREFERENCES) == ""


@pytest.mark.parametrize(
    "other", [{"device": "cuda"}, {"door": BackendKind.IN_PROCESS}, {"python": "/usr/bin/python3"}]
)
def test_another_device_or_backend_invalidates_the_remembered_fingerprint(
    model: ModelInfo, other: dict[str, Any]
) -> None:
    remember_fingerprint(model, PREFERENCES, REPORTED)
    assert remembered_fingerprint(model, replace(PREFERENCES, **other)) == ""


def test_a_model_without_a_description_is_not_remembered(model: ModelInfo) -> None:
    missing = replace(model, folder=f"{model.folder}/gone")
    remember_fingerprint(missing, PREFERENCES, REPORTED)
    assert remembered_fingerprint(missing, PREFERENCES) == ""


def test_the_local_server_starts_only_while_the_fingerprint_is_not_remembered(
    model: ModelInfo, fake_server: Callable[..., LocalServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    specs: list[ServerSpec] = []

    def managed(spec: ServerSpec) -> LocalServer:
        specs.append(spec)
        return fake_server("--model", "mine")

    monkeypatch.setattr(local_server, "_managed_server", managed)
    assert identified_model(model) == replace(model, fingerprint="f" * 16)
    assert [spec.model for spec in specs] == [model.folder]
    local_server.stop_local_server()

    def not_set_up(spec: ServerSpec) -> LocalServer:
        raise SetupError("The model is not set up.")

    monkeypatch.setattr(local_server, "_managed_server", not_set_up)
    assert identified_model(model).fingerprint == "f" * 16
    calibrate(Path(model.folder), 1.5)
    with pytest.raises(SetupError):
        identified_model(model)


@pytest.mark.slow
def test_a_load_longer_than_the_connection_timeout_is_waited_for(
    model: ModelInfo, fake_server: Callable[..., LocalServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = ("--model", "mine", "--load-delay", str(2 * Limits().connect_s + 2))
    monkeypatch.setattr(local_server, "_managed_server", lambda spec: fake_server(*slow))
    assert identified_model(model).fingerprint == "f" * 16


def test_a_calibrated_model_is_loaded_again(
    model: ModelInfo, fake_server: Callable[..., LocalServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    servers: list[LocalServer] = []

    def managed(spec: ServerSpec) -> LocalServer:
        servers.append(fake_server("--model", "mine"))
        return servers[-1]

    monkeypatch.setattr(local_server, "_managed_server", managed)
    identified_model(model)
    QgsSettings().remove("rsgpt")
    identified_model(model)
    assert len(servers) == 1
    calibrate(Path(model.folder), 1.5)
    identified_model(model)
    assert len(servers) == 2


def test_another_fingerprint_is_refused_and_the_remembered_one_dropped(model: ModelInfo) -> None:
    remember_fingerprint(model, PREFERENCES, REPORTED)
    model = replace(model, fingerprint="b" * 16)
    reply = Reply("yes", 0.9, (), "stop", False, "mine")
    check_fingerprint(model, reply)  # this server reports no fingerprint
    check_fingerprint(model, replace(reply, fingerprint="b" * 16))
    check_fingerprint(replace(model, fingerprint=""), replace(reply, fingerprint="c" * 16))
    assert remembered_fingerprint(model, PREFERENCES) == "b" * 16
    with pytest.raises(ServerError, match="Run again"):
        check_fingerprint(model, replace(reply, fingerprint="c" * 16))
    assert remembered_fingerprint(model, PREFERENCES) == ""
