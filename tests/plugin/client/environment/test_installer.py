"""The installer's command lines, messages, and errors, with a child process that answers from a script."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from rsgpt_plugin.client.environment import child_process, installer
from rsgpt_plugin.client.environment.installer import Installer, TorchBuild, has_gpu
from rsgpt_plugin.errors import Cancelled, SetupError

PYTHON = Path("/env/bin/python")


class ScriptedPip:
    """Runs no programs: records command lines and prints scripted lines.

    version: of pip. planned: packages of a dry run. prints: lines of all commands, except those of which an argument
    is a key of `fails`, which print the value and fail.
    """

    def __init__(self) -> None:
        self.version = "24.2"
        self.planned: list[str] = ["torch"]
        self.fails: dict[str, list[str]] = {}
        self.prints: list[str] = []
        self.commands: list[list[str]] = []
        self.folders: set[Path] = set()

    def run(
        self,
        command: Sequence[str],
        folder: Path,
        *,
        environment: Mapping[str, str],
        say: Callable[[str], None],
        is_cancelled: Callable[[], bool],
    ) -> tuple[int, list[str]]:
        if is_cancelled():
            raise Cancelled("stopped")
        words = list(command)
        assert words[:2] == [str(PYTHON), "-m"]
        assert environment == {"A": "1"}
        self.folders.add(folder)
        if "--version" in words:
            return 0, [f"pip {self.version} from /env (python 3.12)"] if self.version else []
        self.commands.append(words[2:])
        if "--report" in words:
            report = {"install": [{"metadata": {"name": name}} for name in self.planned]}
            Path(words[words.index("--report") + 1]).write_text(json.dumps(report), "utf-8")
        failing = [lines for part, lines in self.fails.items() if part in words]
        lines = failing[0] if failing else self.prints
        for line in lines:
            say(line)
        return int(bool(failing)), lines

    def lines(self) -> list[str]:
        """The arguments of each command, without options that are the same in all of them."""
        return [" ".join(words) for words in self.commands]


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> ScriptedPip:
    scripted = ScriptedPip()
    monkeypatch.setattr(child_process, "run", scripted.run)
    return scripted


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.lock"
    path.write_text("# pinned\ntorchvision==9.9\ntorch==2.13.0 \ntransformers==5.0\n")
    return path


class Messages:
    """What an installer reports: `said` to the user, `watched` every line."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.watched: list[str] = []

    def installer(self, folder: Path, is_cancelled: Callable[[], bool] = lambda: False) -> Installer:
        return Installer(PYTHON, folder, {"A": "1"}, self.said.append, is_cancelled, watch=self.watched.append)


@pytest.fixture
def messages() -> Messages:
    return Messages()


def test_install_lock_installs_exactly_the_listed_packages(
    pip: ScriptedPip, messages: Messages, lock: Path, tmp_path: Path
) -> None:
    messages.installer(tmp_path).install_lock(lock)
    (line,) = pip.lines()
    assert line.startswith(f"pip install --no-deps --requirement {lock} ")
    assert "--no-input" in line
    assert messages.said == ["Installing the packages in requirements.lock"]
    assert pip.folders == {tmp_path}


def test_torch_of_the_wanted_build_is_installed_from_the_default_index(
    pip: ScriptedPip, messages: Messages, lock: Path, tmp_path: Path
) -> None:
    messages.installer(tmp_path).install_torch(lock, TorchBuild.CPU)
    trial, install = pip.lines()
    assert trial.startswith("pip install --dry-run --report ")
    assert install.startswith(f"pip install torch==2.13.0 --constraint {lock} ")
    assert messages.said == ["torch==2.13.0: looking for the CPU build"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [lock.name]  # the report of the dry run is deleted


@pytest.mark.parametrize(
    ("build", "planned", "backend"),
    [
        (TorchBuild.CPU, ["torch", "nvidia-cublas-cu12"], "cpu"),
        (TorchBuild.CPU, ["torch", "Triton"], "cpu"),
        (TorchBuild.CUDA, ["torch", "sympy"], "auto"),
    ],
)
def test_another_build_than_that_of_the_index_is_installed_by_uv(
    pip: ScriptedPip,
    messages: Messages,
    lock: Path,
    tmp_path: Path,
    build: TorchBuild,
    planned: list[str],
    backend: str,
) -> None:
    pip.planned = planned
    messages.installer(tmp_path).install_torch(lock, build)
    _, tool, install = pip.lines()
    assert tool.startswith("pip install uv==")
    asked = f"uv pip install --python {PYTHON} --torch-backend {backend} torch==2.13.0 --constraint {lock}"
    assert install == asked


def test_a_build_that_uv_cannot_install_is_replaced_by_the_default_build(
    pip: ScriptedPip, messages: Messages, lock: Path, tmp_path: Path
) -> None:
    pip.planned = ["torch", "nvidia-cublas-cu12"]
    pip.fails = {"--torch-backend": ["no solution found"]}
    messages.installer(tmp_path).install_torch(lock, TorchBuild.CPU)
    assert pip.lines()[-1].startswith("pip install torch==2.13.0 ")
    assert messages.said[-1].startswith("That build is not available here, using the default build.")
    assert "Install Python 3.12" in messages.said[-1]


@pytest.mark.parametrize("gpu", [True, False])
def test_the_automatic_build_follows_the_gpu(
    pip: ScriptedPip, messages: Messages, lock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gpu: bool
) -> None:
    monkeypatch.setattr(installer, "has_gpu", lambda: gpu)
    assert TorchBuild.AUTO.wants_cuda is gpu
    assert (TorchBuild.CPU.wants_cuda, TorchBuild.CUDA.wants_cuda) == (False, True)
    messages.installer(tmp_path).install_torch(lock)
    assert messages.said[0] == f"torch==2.13.0: looking for the {'CUDA' if gpu else 'CPU'} build"
    assert len(pip.commands) == (3 if gpu else 2)


def test_a_failed_installation_raises_advice_with_the_output_as_details(
    pip: ScriptedPip, messages: Messages, lock: Path, tmp_path: Path
) -> None:
    pip.fails = {"--requirement": ["Collecting torch", "OSError: [Errno 28] No space left on device"]}
    with pytest.raises(SetupError, match="The disk is full") as caught:
        messages.installer(tmp_path).install_lock(lock)
    assert caught.value.details == "Collecting torch\nOSError: [Errno 28] No space left on device"


def test_a_lock_without_torch_is_refused_before_a_command_runs(
    pip: ScriptedPip, messages: Messages, lock: Path, tmp_path: Path
) -> None:
    lock.write_text("# torch==1.0\ntorchvision==9.9\n")
    with pytest.raises(SetupError, match=r"requirements\.lock does not list torch\. Install the plugin again"):
        messages.installer(tmp_path).install_torch(lock, TorchBuild.CPU)
    assert pip.commands == []


def test_cancel_ends_the_installation(pip: ScriptedPip, messages: Messages, lock: Path, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        messages.installer(tmp_path, lambda: True).install_lock(lock)
    assert pip.commands == []


@pytest.mark.parametrize(
    ("version", "bar"),
    [("23.3.2", "off"), ("24.0", "off"), ("24.1", "raw"), ("24.1b1", "off"), ("25.0", "raw"), ("", "off")],
)
def test_progress_is_printed_as_numbers_where_pip_can(
    pip: ScriptedPip, messages: Messages, lock: Path, tmp_path: Path, version: str, bar: str
) -> None:
    pip.version = version
    messages.installer(tmp_path).install_lock(lock)
    (command,) = pip.commands
    assert command[command.index("--progress-bar") + 1] == bar


def test_only_steps_are_reported_to_the_user_and_every_line_to_the_watcher(
    pip: ScriptedPip, messages: Messages, lock: Path, tmp_path: Path
) -> None:
    pip.prints = [
        "Collecting torch",
        "  Downloading https://index.example/packages/torch-2.13.0.whl (100 MB)",
        "Using cached transformers-5.0.whl",
        "Progress 12 of 100",
        "Installing collected packages: torch, transformers, numpy",
    ]
    messages.installer(tmp_path).install_lock(lock)
    assert messages.said[1:] == [
        "Downloading torch-2.13.0.whl (100 MB)",
        "Using cached transformers-5.0.whl",
        "Unpacking 3 packages",
    ]
    assert messages.watched == pip.prints


@pytest.mark.parametrize(
    ("tool", "output", "expected"),
    [
        (None, "GPU 0: NVIDIA H200", False),
        ("/usr/bin/nvidia-smi", "GPU 0: NVIDIA H200 (UUID: GPU-1)\n", True),
        ("/usr/bin/nvidia-smi", "No devices were found\n", False),
        ("/usr/bin/nvidia-smi", None, False),
    ],
)
def test_has_gpu_asks_the_driver(
    monkeypatch: pytest.MonkeyPatch, tool: str | None, output: str | None, expected: bool
) -> None:
    def run_quick(command: Sequence[str], timeout_s: float) -> Any:
        assert list(command) == [tool, "-L"]
        return output

    monkeypatch.setattr(shutil, "which", lambda name: tool if name == "nvidia-smi" else None)
    monkeypatch.setattr(child_process, "run_quick", run_quick)
    assert has_gpu() is expected
