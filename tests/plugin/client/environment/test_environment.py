"""The managed environment with the real venv and pip and small local wheels, without network access."""

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
from tests.conftest import ROOT

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
def environment(tmp_path: Path, wheels: Path, monkeypatch: pytest.MonkeyPatch) -> ManagedEnvironment:
    """An environment that does not exist yet and installs only local wheels."""
    monkeypatch.setattr(installer, "has_gpu", lambda: False)
    backend = tmp_path / "backend"
    backend.mkdir()
    (backend / "requirements.lock").write_text("# pinned\ntorch==2.0\ntransformers==5.0\n")
    for group in ("test", "sentences"):
        (backend / f"requirements-{group}.lock").write_text("extra==1.0\n")
    variables = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PIP_CONFIG_FILE": os.devnull}
    return ManagedEnvironment(tmp_path / "a home", backend, variables)


def has(environment: ManagedEnvironment, package: str) -> bool:
    command = [str(environment.python), "-c", f"import {package}"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def test_a_python_without_packages_can_make_the_environment() -> None:
    command = [sys.executable, "-S", "-m", module.__name__, "--help"]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr


def test_make_creates_the_environment_once_and_reports_progress(environment: ManagedEnvironment) -> None:
    lines: list[str] = []
    assert environment.state() is EnvironmentState.MISSING
    environment.make(say=lines.append)
    assert environment.state() is EnvironmentState.READY
    assert "Checked: torch 2.0, transformers 5.0, CUDA none" in lines
    assert any(line.startswith("Processing torch-2.0") for line in lines)
    again: list[str] = []
    environment.make(say=again.append)
    assert len(again) == 1
    assert environment.state(["test"]) is EnvironmentState.STALE
    environment.make(["test"])
    assert has(environment, "extra")
    assert environment.state(["test"]) is EnvironmentState.READY
    environment.make(["sentences"], lines.append)
    assert "The sentence model is downloaded once (84 MB)." in lines


def test_a_changed_lock_makes_the_environment_stale_and_is_installed(
    environment: ManagedEnvironment, wheels: Path
) -> None:
    environment.make()
    wheel(wheels, "transformers", "5.1", "__version__ = '5.1'\n")
    (environment._backend / "requirements.lock").write_text("torch==2.0\ntransformers==5.1\n")
    assert environment.state() is EnvironmentState.STALE
    lines: list[str] = []
    environment.make(say=lines.append)
    assert "Checked: torch 2.0, transformers 5.1, CUDA none" in lines


def test_a_partly_made_environment_is_created_again(environment: ManagedEnvironment) -> None:
    (environment.folder / "bin").mkdir(parents=True)
    (environment.folder / "left over").touch()
    assert environment.state() is EnvironmentState.HALF_MADE
    environment.make()
    assert environment.state() is EnvironmentState.READY
    assert not (environment.folder / "left over").exists()


def test_a_failed_step_leaves_the_environment_half_made_and_gives_advice(
    environment: ManagedEnvironment, wheels: Path
) -> None:
    (wheels / "transformers-5.0-py3-none-any.whl").unlink()
    with pytest.raises(SetupError, match="no build for this system"):
        environment.make()
    assert environment.state() is EnvironmentState.HALF_MADE


def test_packages_that_do_not_import_are_not_ready(environment: ManagedEnvironment, wheels: Path) -> None:
    wheel(wheels, "torch", "2.0", "raise ImportError('libc10.so is missing')")
    with pytest.raises(SetupError, match="libc10.so is missing"):
        environment.make()
    assert environment.state() is EnvironmentState.HALF_MADE


def test_cancel_ends_the_child_within_a_second(environment: ManagedEnvironment) -> None:
    cancelled_at: list[float] = []

    def is_cancelled() -> bool:
        if environment.python.exists() and not cancelled_at:
            cancelled_at.append(time.monotonic())
        return bool(cancelled_at)

    with pytest.raises(Cancelled):
        environment.make(is_cancelled=is_cancelled)
    assert time.monotonic() - cancelled_at[0] < 1.0
    assert environment.state() is EnvironmentState.HALF_MADE


def test_a_second_owner_of_the_lock_is_refused_until_the_first_one_dies(environment: ManagedEnvironment) -> None:
    root = Path(__file__).resolve().parents[4]
    program = (
        f"import sys, time; sys.path.insert(0, {str(root)!r})\n"
        "from pathlib import Path\n"
        "from rsgpt_plugin.client.environment.setup_lock import exclusive_lock\n"
        f"with exclusive_lock(Path({str(environment.home / 'env.lock')!r})):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(60)\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    assert owner.stdout.readline() == "held\n"
    with pytest.raises(SetupError, match=f"process {owner.pid}.*Wait until it is done"):
        environment.make()
    owner.kill()
    owner.communicate()
    environment.make()
    assert environment.state() is EnvironmentState.READY


@pytest.mark.parametrize(("uv_works", "asked"), [(True, "--torch-backend cpu torch==2.0"), (False, "torch==2.0")])
def test_without_a_gpu_the_cpu_build_is_installed_if_uv_works(
    environment: ManagedEnvironment, wheels: Path, uv_works: bool, asked: str
) -> None:
    wheel(wheels, "torch", "2.0", TORCH, requires="nvidia_big")
    wheel(wheels, "nvidia_big", "1.0", "")
    wheel(wheels, "uv", installer._UV.partition("==")[2], UV.format(0 if uv_works else 1))
    environment.make()
    (record,) = environment.folder.glob("lib/*/site-packages/uv/asked.txt")
    assert asked in record.read_text()
    assert has(environment, "nvidia_big") is not uv_works


def test_without_python_and_uv_the_advice_is_to_install_python(
    environment: ManagedEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "find_python", lambda: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SetupError, match="This machine has no Python 3.11"):
        environment.make()


def test_a_full_disk_is_noticed_before_anything_is_fetched(
    environment: ManagedEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=1000))
    with pytest.raises(SetupError, match="The disk is full"):
        environment.make()


def test_an_unknown_package_group_is_refused(environment: ManagedEnvironment) -> None:
    with pytest.raises(SetupError, match="no package group named nonsense"):
        environment.make(["nonsense"])


def test_backend_variables_turn_off_the_network_and_drop_variables_of_qgis(
    environment: ManagedEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PYTHONHOME", "PROJ_LIB", "GDAL_DATA", "QT_PLUGIN_PATH", "LD_LIBRARY_PATH"):
        monkeypatch.setenv(name, "/qgis")
    variables = environment.backend_variables()
    assert "/qgis" not in variables.values()
    assert variables["PYTHONPATH"] == str(environment._backend)
    assert variables["HF_HUB_OFFLINE"] == variables["TRANSFORMERS_OFFLINE"] == "1"


def test_the_run_command_creates_the_environment_and_runs_the_backend(
    environment: ManagedEnvironment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(module, "ManagedEnvironment", lambda home: environment)
    monkeypatch.setattr(os, "execve", lambda path, command, variables: started.append(command))
    assert module.main(["run", "ask", "a.png", "--question", "Q", "--", "--help"]) == 0
    assert environment.state() is EnvironmentState.READY
    (command,) = started
    assert command[0] == str(environment.python)
    assert command[-6:] == ["ask", "a.png", "--question", "Q", "--", "--help"]
    assert module.main(["python"]) == 0
    assert capsys.readouterr().out == f"{environment.python}\n"


@pytest.mark.parametrize(
    ("command", "groups"),
    [
        (["ask", "a.png", "--question", "ray"], []),
        (["evaluate", "captions"], ["evaluate"]),
        (["train", "rsgpt-small", "--data", "ray"], ["batch", "evaluate", "train"]),
        (["batch", "a.tif", "--out", "a.gpkg"], ["batch"]),
        (["batch", "a.tif", "--engine", "ray"], ["batch", "ray"]),
        (["batch", "a.tif", "--engine=ray"], ["batch", "ray"]),
        (["search", "a.tif", "--query", "a"], []),
        (["search", "a.tif", "--query", "a", "--tile", "256"], ["batch"]),
        (["search", "a.tif", "--results=a.gpkg", "--tile", "256"], ["batch", "sentences"]),
    ],
)
def test_a_backend_command_requires_its_package_groups(command: list[str], groups: list[str]) -> None:
    assert module._groups_of(command) == groups


def test_the_make_command_reports_a_failure_on_stderr(
    environment: ManagedEnvironment, wheels: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "ManagedEnvironment", lambda home: environment)
    (wheels / "torch-2.0-py3-none-any.whl").unlink()
    assert module.main(["make"]) == 1
    assert "no build for this system" in capsys.readouterr().err


def test_downloads_survive_a_failure_and_are_deleted_after_success(
    environment: ManagedEnvironment, wheels: Path
) -> None:
    wheel_bytes = (wheels / "transformers-5.0-py3-none-any.whl").read_bytes()
    (wheels / "transformers-5.0-py3-none-any.whl").unlink()
    with pytest.raises(SetupError) as caught:
        environment.make()
    assert "No matching distribution" in caught.value.details
    assert environment.downloads.exists()
    (wheels / "transformers-5.0-py3-none-any.whl").write_bytes(wheel_bytes)
    printed: list[str] = []
    environment.make(watch=printed.append)
    assert any("torch" in line for line in printed)
    assert not environment.downloads.exists()


def test_remove_keeps_the_cache_folder(environment: ManagedEnvironment) -> None:
    environment.make()
    for name in ("language", "cache"):
        (environment.home / name).mkdir()
    environment.remove()
    assert environment.state() is EnvironmentState.MISSING
    assert not (environment.home / "language").exists()
    assert (environment.home / "cache").exists()


def test_packages_whose_libraries_do_not_load_say_what_to_install(
    environment: ManagedEnvironment, wheels: Path
) -> None:
    wheel(wheels, "torch", "2.0", "raise OSError('[WinError 126] Error loading c10.dll')")
    with pytest.raises(SetupError, match=r"Visual C\+\+"):
        environment.make()
