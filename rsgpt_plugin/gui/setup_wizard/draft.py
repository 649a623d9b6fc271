"""The state that the pages of the setup wizard share."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from ...client.environment.installer import TorchBuild
from ...client.preferences import Preferences, load


class WizardPage(IntEnum):
    """The IDs of the pages, in order."""

    BACKEND = 0
    PLAN = 1
    PROGRESS = 2
    PYTHON = 3
    SERVER = 4
    ANSWER = 5


@dataclass
class SetupDraft:
    """preferences: saved on the last page. build: of PyTorch. from_scratch: reinstall the environment from scratch."""

    preferences: Preferences = field(default_factory=load)
    build: TorchBuild = TorchBuild.AUTO
    from_scratch: bool = False
