"""The managed environment with the real venv and the real pip, over small wheels made here: no network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from rsgpt_plugin.client.environment import environment as module
from rsgpt_plugin.client.environment import installer
from rsgpt_plugin.client.environment.environment import EnvironmentState, ManagedEnvironment
from rsgpt_plugin.errors import Cancelled, SetupError

TORCH = "__version__ = '2.0'\nclass version:\n    cuda = None\n"
UV = (
    "import sys, pathlib\n"
    "pathlib.Path(__file__).with_name('asked.txt').write_text(' '.join(sys.argv[1:]))\nsys.exit({})\n"
)


def wheel(folder: Path, name: str, version: str, code: str, requires: str = "") -> None:
    """Write a pure-Python wheel with one package."""
    info = f"{name}-{version}.dist-info"
    needs = f"Requires-Dist: {requires}\n" if requires else ""
    files = {
        f"{name}/__init__.py": code,
        f"{name}/__main__.py": code,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    folder.mkdir()
    wheel(folder, "torch", "2.0", TORCH)
    wheel(folder, "transformers", "5.0", "__version__ = '5.0'\n")
    wheel(folder, "extra", "1.0", "")
    return folder


@pytest.fixture
def made(tmp_path: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch) -> ManagedEnvironment:
    """An environment that is still to be made, from wheels of this machine alone."""
    monkeypatch.setattr(installer, "has_gpu", lambda: False)
    backend = tmp_path / "backend"
    backend.mkdir()
    (backend / "requirements.lock").write_text("# pinned\ntorch==2.0\ntransformers==5.0\n")
    (backend / "requirements-test.lock").write_text("extra==1.0\n")
    variables = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PIP_CONFIG_FILE": os.devnull}
    return ManagedEnvironment(tmp_path / "a home", backend, variables)


def has(environment: ManagedEnvironment, package: str) -> bool:
    command = [str(environment.python), "-c", f"import {package}"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def test_it_is_made_once_and_says_what_it_does(made: ManagedEnvironment) -> None:
    said: list[str] = []
    assert made.state() is EnvironmentState.MISSING
    made.make(say=said.append)
    assert made.state() is EnvironmentState.READY
    assert "Checked: torch 2.0, transformers 5.0, CUDA none" in said
    assert any(line.startswith("Processing torch-2.0") for line in said)
    again: list[str] = []
    made.make(say=again.append)
    assert len(again) == 1
    assert made.state(["test"]) is EnvironmentState.STALE
    made.make(["test"])
    assert has(made, "extra")
    assert made.state(["test"]) is EnvironmentState.READY


def test_another_lock_makes_it_stale_and_is_followed(made: ManagedEnvironment, wheels: Path) -> None:
    made.make()
    wheel(wheels, "transformers", "5.1", "__version__ = '5.1'\n")
    (made._backend / "requirements.lock").write_text("torch==2.0\ntransformers==5.1\n")
    assert made.state() is EnvironmentState.STALE
    said: list[str] = []
    made.make(say=said.append)
    assert "Checked: torch 2.0, transformers 5.1, CUDA none" in said


def test_what_was_half_made_is_made_afresh(made: ManagedEnvironment) -> None:
    (made.folder / "bin").mkdir(parents=True)
    (made.folder / "left over").touch()
    assert made.state() is EnvironmentState.HALF_MADE
    made.make()
    assert made.state() is EnvironmentState.READY
    assert not (made.folder / "left over").exists()


def test_a_failed_step_leaves_it_half_made_with_advice(made: ManagedEnvironment, wheels: Path) -> None:
    (wheels / "transformers-5.0-py3-none-any.whl").unlink()
    with pytest.raises(SetupError, match="no build for this machine"):
        made.make()
    assert made.state() is EnvironmentState.HALF_MADE


def test_packages_that_do_not_import_are_not_ready(made: ManagedEnvironment, wheels: Path) -> None:
    wheel(wheels, "torch", "2.0", "raise ImportError('libc10.so is missing')")
    with pytest.raises(SetupError, match="libc10.so is missing"):
        made.make()
    assert made.state() is EnvironmentState.HALF_MADE


def test_cancel_ends_the_child_within_a_second(made: ManagedEnvironment) -> None:
    cancelled_at: list[float] = []

    def is_cancelled() -> bool:
        if made.python.exists() and not cancelled_at:
            cancelled_at.append(time.monotonic())
        return bool(cancelled_at)

    with pytest.raises(Cancelled):
        made.make(is_cancelled=is_cancelled)
    assert time.monotonic() - cancelled_at[0] < 1.0
    assert made.state() is EnvironmentState.HALF_MADE


def test_a_second_window_is_refused_and_a_dead_one_forgotten(made: ManagedEnvironment) -> None:
    root = Path(__file__).resolve().parents[4]
    program = (
        f"import sys, time; sys.path.insert(0, {str(root)!r})\n"
        "from pathlib import Path\n"
        "from rsgpt_plugin.client.environment.setup_lock import sole_owner\n"
        f"with sole_owner(Path({str(made.home / 'env.lock')!r})):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(60)\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    assert owner.stdout.readline() == "held\n"
    with pytest.raises(SetupError, match=f"process {owner.pid}.*Wait for it"):
        made.make()
    owner.kill()
    owner.communicate()
    made.make()
    assert made.state() is EnvironmentState.READY


@pytest.mark.parametrize(("uv_works", "asked"), [(True, "--torch-backend cpu torch==2.0"), (False, "torch==2.0")])
def test_without_a_gpu_the_cuda_build_is_avoided_where_that_is_possible(
    made: ManagedEnvironment, wheels: Path, uv_works: bool, asked: str
) -> None:
    wheel(wheels, "torch", "2.0", TORCH, requires="nvidia_big")
    wheel(wheels, "nvidia_big", "1.0", "")
    wheel(wheels, "uv", installer._UV.partition("==")[2], UV.format(0 if uv_works else 1))
    made.make()
    (record,) = made.folder.glob("lib/*/site-packages/uv/asked.txt")
    assert asked in record.read_text()
    assert has(made, "nvidia_big") is not uv_works


def test_no_python_and_no_uv_says_what_to_install(made: ManagedEnvironment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_python", lambda: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SetupError, match="There is no Python of version 3.11"):
        made.make()


def test_a_full_disk_is_noticed_before_anything_is_fetched(
    made: ManagedEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=1000))
    with pytest.raises(SetupError, match="The disk is full"):
        made.make()


def test_an_unknown_group_is_a_sentence(made: ManagedEnvironment) -> None:
    with pytest.raises(SetupError, match="no group of packages named nonsense"):
        made.make(["nonsense"])


def test_the_backend_runs_offline_and_apart_from_qgis(
    made: ManagedEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PYTHONHOME", "PROJ_LIB", "GDAL_DATA", "QT_PLUGIN_PATH", "LD_LIBRARY_PATH"):
        monkeypatch.setenv(name, "/qgis")
    variables = made.backend_variables()
    assert "/qgis" not in variables.values()
    assert variables["PYTHONPATH"] == str(made._backend)
    assert variables["HF_HUB_OFFLINE"] == variables["TRANSFORMERS_OFFLINE"] == "1"


def test_the_command_line_makes_it_and_runs_the_backend_in_it(
    made: ManagedEnvironment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(module, "ManagedEnvironment", lambda home: made)
    monkeypatch.setattr(os, "execve", lambda path, command, variables: started.append(command))
    assert module.main(["run", "ask", "a.png", "--question", "Q", "--", "--help"]) == 0
    assert made.state() is EnvironmentState.READY
    (command,) = started
    assert command[0] == str(made.python)
    assert command[-6:] == ["ask", "a.png", "--question", "Q", "--", "--help"]
    assert module.main(["python"]) == 0
    assert capsys.readouterr().out == f"{made.python}\n"


@pytest.mark.parametrize(
    ("command", "groups"),
    [
        (["ask", "a.png", "--question", "ray"], []),
        (["evaluate", "captions"], ["evaluate"]),
        (["train", "rsgpt-small", "--data", "batch"], ["evaluate", "train"]),
        (["batch", "a.tif", "--out", "a.gpkg"], ["batch"]),
        (["batch", "a.tif", "--engine", "ray"], ["batch", "ray"]),
        (["batch", "a.tif", "--engine=ray"], ["batch", "ray"]),
    ],
)
def test_a_command_brings_its_own_packages(command: list[str], groups: list[str]) -> None:
    assert module._groups_of(command) == groups


def test_the_command_line_fails_with_a_sentence(
    made: ManagedEnvironment, wheels: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "ManagedEnvironment", lambda home: made)
    (wheels / "torch-2.0-py3-none-any.whl").unlink()
    assert module.main(["make"]) == 1
    assert "no build for this machine" in capsys.readouterr().err


def test_what_was_fetched_survives_a_failure_and_goes_with_success(made: ManagedEnvironment, wheels: Path) -> None:
    kept = (wheels / "transformers-5.0-py3-none-any.whl").read_bytes()
    (wheels / "transformers-5.0-py3-none-any.whl").unlink()
    with pytest.raises(SetupError) as caught:
        made.make()
    assert "No matching distribution" in caught.value.details
    assert made.downloads.exists()
    (wheels / "transformers-5.0-py3-none-any.whl").write_bytes(kept)
    watched: list[str] = []
    made.make(watch=watched.append)
    assert any("torch" in line for line in watched)
    assert not made.downloads.exists()


def test_removing_it_leaves_answers_and_pictures(made: ManagedEnvironment) -> None:
    made.make()
    for name in ("language", "cache"):
        (made.home / name).mkdir()
    made.remove()
    assert made.state() is EnvironmentState.MISSING
    assert not (made.home / "language").exists()
    assert (made.home / "cache").exists()


def test_packages_whose_libraries_do_not_load_say_what_to_install(made: ManagedEnvironment, wheels: Path) -> None:
    wheel(wheels, "torch", "2.0", "raise OSError('[WinError 126] Error loading c10.dll')")
    with pytest.raises(SetupError, match=r"Visual C\+\+"):
        made.make()
