"""The plugin's shell: registers what it offers and takes it back. Knows no model, no layer and no pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

from qgis.core import QgsApplication

from .client.local_server import stop_shared_servers
from .processing.provider import RsgptProvider

if TYPE_CHECKING:
    from .gui.canvas_actions import CanvasActions


class RsgptPlugin:
    """What QGIS holds. `iface` is None where there is no window, as in qgis_process."""

    def __init__(self, iface: Any) -> None:
        self._iface = iface
        self._provider: Optional[RsgptProvider] = None
        self._actions: Optional[CanvasActions] = None

    def initProcessing(self) -> None:
        """Register the algorithms; all that qgis_process needs."""
        self._provider = RsgptProvider()
        QgsApplication.processingRegistry().addProvider(self._provider)

    def initGui(self) -> None:
        """Register the algorithms and the actions."""
        from .gui.canvas_actions import CanvasActions

        self.initProcessing()
        self._actions = CanvasActions(self._iface)
        self._actions.register()

    def unload(self) -> None:
        """Take back what was registered, in the other order, and end the model server."""
        if self._actions is not None:
            self._actions.unregister()
            self._actions = None
        if self._provider is not None:
            QgsApplication.processingRegistry().removeProvider(self._provider)
            self._provider = None
        stop_shared_servers()
