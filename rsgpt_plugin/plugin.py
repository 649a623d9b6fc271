"""The plugin object: registers algorithms and window parts with QGIS and removes them."""

from __future__ import annotations

from typing import Any, Optional, Protocol

from qgis.core import QgsApplication

from .client.backends import close_backends
from .processing.provider import RsgptProvider
from .services.machine.translator import Translator


class WindowPart(Protocol):
    """A part that the plugin adds to the QGIS window."""

    def register(self) -> None:
        """Add the part."""
        ...

    def unregister(self) -> None:
        """Remove the part and stop its tasks."""
        ...


class RsgptPlugin:
    """The plugin. `iface` is None without a window, as in qgis_process."""

    def __init__(self, iface: Any) -> None:
        self._iface = iface
        self._language: Optional[Translator] = None
        self._provider: Optional[RsgptProvider] = None
        self._parts: list[WindowPart] = []

    def initProcessing(self) -> None:
        """Install the translator and register the algorithms. qgis_process calls only this."""
        self._language = Translator()
        self._language.install()
        self._provider = RsgptProvider()
        QgsApplication.processingRegistry().addProvider(self._provider)

    def initGui(self) -> None:
        """Register the algorithms and the window parts."""
        from .gui.actions.algorithm_menu import AlgorithmMenu, GuideEntry
        from .gui.actions.canvas_actions import CanvasActions
        from .gui.actions.expressions import Expressions
        from .gui.actions.feature_actions import FeatureActions
        from .gui.actions.find_actions import FindActions
        from .gui.actions.layer_menu import LayerMenu
        from .gui.actions.raster_menu import SubmenuPart
        from .gui.actions.result_styling import ResultStyling
        from .gui.dock.dock_part import DockPart
        from .gui.options.options_page import OptionsPart
        from .gui.processing_dialogs import ProcessingDialogs
        from .gui.questions.questions_widget import QuestionsWidget
        from .gui.report_dialog import ReportPart
        from .gui.results_table.results_part import ResultsTable
        from .gui.runs.runs_part import RunsPart
        from .gui.search.search_part import SearchPart
        from .gui.setup_wizard.wizard_part import SetupPart

        self.initProcessing()
        set_up = SetupPart(self._iface)
        canvas = CanvasActions(self._iface, set_up.open)
        table = ResultsTable(self._iface)
        self._parts = [  # menu entries appear in this order
            *(SubmenuPart(self._iface), ProcessingDialogs(), QuestionsWidget(), Expressions()),
            *(canvas, AlgorithmMenu(self._iface), FindActions(self._iface), DockPart(self._iface), table),
            *(SearchPart(self._iface), RunsPart(self._iface, table.open_for)),
            *(set_up, OptionsPart(self._iface, set_up.open), GuideEntry(self._iface), ReportPart(self._iface)),
            *(FeatureActions(self._iface, canvas), LayerMenu(self._iface), ResultStyling(self._iface)),
        ]
        for part in self._parts:
            part.register()

    def unload(self) -> None:
        """Unregister everything in reverse order and stop the model."""
        while self._parts:
            self._parts.pop().unregister()
        if self._provider is not None:
            QgsApplication.processingRegistry().removeProvider(self._provider)
            self._provider = None
        if self._language is not None:
            self._language.remove()
            self._language = None
        close_backends()
