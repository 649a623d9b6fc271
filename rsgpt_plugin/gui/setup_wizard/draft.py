"""What the pages of the set-up share: the choices so far. Acts on nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from ...client.environment.installer import TorchBuild
from ...client.preferences import Preferences, load


class WizardPage(IntEnum):
    """The pages, in order."""

    DOOR = 0
    PLAN = 1
    PROGRESS = 2
    PYTHON = 3
    SERVER = 4
    ANSWER = 5


@dataclass
class SetupDraft:
    """preferences: as they will be kept. build: of torch. afresh: make the environment again from scratch."""

    preferences: Preferences = field(default_factory=load)
    build: TorchBuild = TorchBuild.AUTO
    afresh: bool = False
