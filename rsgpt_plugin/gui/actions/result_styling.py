"""“Style as results”: an entry in the layer tree, and an offer when a results layer without a style is added."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from qgis.core import QgsMapLayer, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QObject, QTimer
from qgis.PyQt.QtWidgets import QMenu

from ...errors import RsgptError
from ...geo.results.layer_metadata import has_style
from ...geo.results.styles.stored_style import StylePlace, StyleUpdate
from ...geo.results.styles.style import apply_style
from ...icons import plugin_icon
from ...services.background_task import BackgroundTask
from ..message_bar import MessageBar

_OFFERED = "rsgpt/style_offered"
_DEFAULT_RENDERER = "singleSymbol"


class ResultStyling(QObject):
    """The part of the plugin that styles results of `rsgpt batch` and of other computers."""

    def __init__(self, iface: Any) -> None:
        super().__init__()
        self._tree = iface.layerTreeView()
        self._project = QgsProject.instance()
        self._offers, self._problems = MessageBar(iface.messageBar()), MessageBar(iface.messageBar())
        self._icon = plugin_icon()
        self._added: list[str] = []
        self._offered: list[str] = []  # without an answer of the user
        self._tasks: list[BackgroundTask] = []
        self._is_reading = False  # a project, whose layers have the style of the project
        # An algorithm styles a layer after it has added it.
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)

    def register(self) -> None:
        """Connect to the layer tree's context menu and to the project."""
        self._tree.contextMenuAboutToShow.connect(self._fill)
        self._timer.timeout.connect(self._find)
        self._project.layersAdded.connect(self._remember)
        self._project.layerLoaded.connect(self._note_reading)

    def unregister(self) -> None:
        """Disconnect, and drop what runs in the background."""
        self._project.layerLoaded.disconnect(self._note_reading)
        self._project.layersAdded.disconnect(self._remember)
        self._timer.timeout.disconnect(self._find)
        self._tree.contextMenuAboutToShow.disconnect(self._fill)
        self._timer.stop()
        for task in self._tasks:
            task.drop()
        self._offers.clear_note()

    def style(self, layers: Sequence[str]) -> None:
        """Style layers, given by id, and store the style in their files in the background."""
        for layer in self._existing(layers):
            apply_style(layer)
            update = StyleUpdate.ours(layer)
            if update is not None:
                task = BackgroundTask(self.tr("RSGPT: storing the style"), partial(_store, update))
                task.failed.connect(lambda message, details: self._problems.problem(message))
                self._start(task)
        self._answer(layers)

    def _start(self, task: BackgroundTask) -> None:
        self._tasks = [task, *(other for other in self._tasks if other.is_running)]
        task.start()

    def _fill(self, menu: QMenu) -> None:
        layer = self._tree.currentLayer()
        if has_style(layer):
            action = menu.addAction(self._icon, self.tr("Style as results"))
            action.triggered.connect(lambda checked: self.style([layer.id()]))

    def _remember(self, layers: Sequence[QgsMapLayer]) -> None:
        added = [layer.id() for layer in layers if _is_unstyled(layer)]
        if added and not self._is_reading:
            self._added += added
            self._timer.start()

    def _note_reading(self, layer: int, layers: int) -> None:
        self._is_reading = layer < layers

    def _find(self) -> None:
        places = {layer.id(): StylePlace.of(layer) for layer in self._existing(self._added) if _is_unstyled(layer)}
        self._added.clear()
        if places:
            task = BackgroundTask(self.tr("RSGPT: looking for styles"), partial(_without_style, places))
            task.done.connect(self._offer)
            self._start(task)

    def _offer(self, found: Sequence[str]) -> None:
        """Offer to style these layers and those of earlier offers that the user has not answered."""
        self._offered += [layer for layer in found if layer not in self._offered]
        layers = [layer for layer in self._existing(self._offered) if _is_unstyled(layer)]
        self._offered = chosen = [layer.id() for layer in layers]
        self._offers.clear_note()
        if layers:
            names = ", ".join(layer.name() for layer in layers)
            message = self.tr("“{layer}” holds results of RSGPT, without a style.").format(layer=names)
            style, decline = partial(self.style, chosen), partial(self._answer, chosen)
            self._offers.offer(message, self.tr("Style as results"), style, decline)

    def _answer(self, layers: Sequence[str]) -> None:
        """Offer these layers no more."""
        for layer in self._existing(layers):
            layer.setCustomProperty(_OFFERED, True)
        self._offer(())

    def _existing(self, layers: Sequence[str]) -> list[QgsVectorLayer]:
        found = (self._project.mapLayer(layer) for layer in layers)
        return [layer for layer in found if isinstance(layer, QgsVectorLayer)]


def _is_unstyled(layer: QgsMapLayer) -> bool:
    """Whether a results layer of a file has the default style of QGIS, and the user was not asked about it."""
    if not has_style(layer) or layer.providerType() != "ogr" or layer.customProperty(_OFFERED):
        return False
    renderer = layer.renderer()
    has_symbols = renderer is not None and renderer.type() != _DEFAULT_RENDERER
    return not (has_symbols or layer.labelsEnabled() or layer.mapTipTemplate())


def _without_style(places: dict[str, StylePlace], task: BackgroundTask) -> list[str]:
    found = []
    for layer, place in places.items():
        with suppress(RsgptError, OSError):  # a locked or damaged file
            if not place.has_style():
                found.append(layer)
    return found


def _store(update: StyleUpdate, task: BackgroundTask) -> None:
    update.store()
