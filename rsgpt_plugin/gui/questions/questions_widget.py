"""The widget of the parameter QUESTIONS in the dialogs of Processing: algorithm, batch mode and modeler."""

from __future__ import annotations

from typing import Any, Optional

from qgis.core import QgsProcessingContext, QgsProcessingParameterDefinition, QgsProject
from qgis.gui import (
    QgsAbstractProcessingParameterWidgetWrapper,
    QgsGui,
    QgsProcessingGui,
    QgsProcessingParameterWidgetFactoryInterface,
)
from qgis.PyQt import sip
from qgis.PyQt.QtWidgets import QMessageBox, QVBoxLayout, QWidget

from ...errors import RsgptError
from ...geo.results.layer_rows import null_to_none
from ...processing.parameter_kinds import parameter_widgets
from ...processing.parameters import MODEL, QUESTIONS, TILE_SIZE
from ...services.runs.run_estimate import RunEstimate, run_estimate
from ...services.runs.trial_run import trial_run
from .parameter_wrapper import ParameterWrapper, project_context
from .question_builder import QuestionBuilder
from .question_line import QuestionLine
from .run_preview import RunPreview
from .tile_size import TileSizeDialogWrapper
from .trial_dialog import TrialDialog


class QuestionsWrapper(ParameterWrapper):
    """Passes the text form between Processing and a QuestionBuilder, or a QuestionLine in batch mode."""

    preview: Optional[RunPreview] = None

    def createWidget(self) -> QWidget:  # noqa: N802 - QGIS's name
        """Return a plain widget around the editor: QGIS passes it on as a new Python object without its methods."""
        is_batch = self.type() == QgsProcessingGui.WidgetType.Batch
        self.editor = QuestionLine() if is_batch else QuestionBuilder()
        self.editor.changed.connect(self._emit_change)
        frame = QWidget()
        layout = QVBoxLayout(frame)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.editor)
        if self.type() == QgsProcessingGui.WidgetType.Standard:
            self.preview = RunPreview(self._estimate, self.widgetContext().mapCanvas())
            self.preview.tried.connect(self._try_out)
            layout.addWidget(self.preview)
        return frame

    def postInitialize(self, wrappers: list[Any]) -> None:  # noqa: N802 - QGIS's name
        """Follow the values of all parameters of the dialog, or of the row in batch mode."""
        super().postInitialize(wrappers)
        if self.type() != QgsProcessingGui.WidgetType.Modeler:
            self._wrappers = list(wrappers)
            for wrapper in wrappers:
                wrapper.widgetValueHasChanged.connect(self._refresh)
                self._refresh(wrapper)

    def _refresh(self, wrapper: Any) -> None:
        if wrapper.parameterDefinition().name() == MODEL.name:
            self.editor.set_model(str(wrapper.parameterValue() or ""))
        if self.preview is not None:
            self.preview.refresh()

    def _try_out(self) -> None:
        try:
            task = trial_run(self.parameterDefinition().algorithm().id(), self.followed_values(), QgsProject.instance())
        except RsgptError as error:
            QMessageBox.warning(self.preview, "RSGPT", str(error))
            return
        TrialDialog(task, self.preview).show()

    def _estimate(self) -> Optional[RunEstimate]:
        return run_estimate(self.parameterDefinition().algorithm(), self.followed_values(), project_context())

    def setWidgetValue(self, value: Any, context: QgsProcessingContext) -> None:  # noqa: N802 - QGIS's name
        """Show a value; None and NULL stand for an empty text."""
        self.editor.show_text(str(null_to_none(value) or ""))
        self._emit_change()

    def widgetValue(self) -> str:  # noqa: N802 - QGIS's name
        """Return the text form."""
        return str(self.editor.text())

    def stretch(self) -> int:
        """Return 0: the builder is as high as its rows."""
        return 0

    def _emit_change(self) -> None:
        self.widgetValueHasChanged.emit(self)


class DialogWrapper:
    """Creates the wrapper for a dialog of Processing. A class, because Processing calls nothing else in metadata.

    QGIS's registry cannot be used for this: it returns a new Python object for the wrapper, which has lost the methods
    that are written in Python.
    """

    def __new__(cls, parameter: QgsProcessingParameterDefinition, dialog: Any, *others: Any, **options: Any) -> Any:
        name = type(dialog).__name__
        if name == "ModelerParametersDialog":
            registry = QgsGui.processingGuiRegistry()
            return registry.createModelerParameterWidget(dialog.model, dialog.childId, parameter, dialog.context)
        kinds = QgsProcessingGui.WidgetType
        return QuestionsWrapper(parameter, kinds.Batch if name == "BatchAlgorithmDialog" else kinds.Standard)


class QuestionsWidgetFactory(QgsProcessingParameterWidgetFactoryInterface):
    """Creates the wrapper inside the modeler's widget for the value of a parameter."""

    def __init__(self) -> None:
        super().__init__()
        # QGIS deletes the wrappers, but does not keep their Python parts alive.
        self._wrappers: dict[int, QuestionsWrapper] = {}

    def parameterType(self) -> str:  # noqa: N802 - QGIS's name
        return QUESTIONS.widget

    def createWidgetWrapper(  # noqa: N802 - QGIS's name
        self,
        parameter: QgsProcessingParameterDefinition,
        type: QgsProcessingGui.WidgetType,
    ) -> QgsAbstractProcessingParameterWidgetWrapper:
        wrapper = QuestionsWrapper(parameter, type)
        key = id(wrapper)
        self._wrappers[key] = wrapper
        wrapper.destroyed.connect(lambda: self._wrappers.pop(key, None))
        sip.transferto(wrapper, None)
        return wrapper

    def compatibleParameterTypes(self) -> list[str]:  # noqa: N802 - QGIS's name
        return ["string"]

    def compatibleOutputTypes(self) -> list[str]:  # noqa: N802 - QGIS's name
        return ["outputString"]

    def compatibleDataTypes(self, parameter: QgsProcessingParameterDefinition) -> list[int]:  # noqa: N802 - QGIS's name
        return []


class QuestionsWidget:
    """Registers the widgets for the parameters of the algorithms."""

    def __init__(self) -> None:
        self._factory = QuestionsWidgetFactory()

    def register(self) -> None:
        """Add the factory, which the registry owns from then on, and the widgets of the dialogs."""
        QgsGui.processingGuiRegistry().addParameterWidgetFactory(self._factory)
        parameter_widgets[QUESTIONS.widget] = DialogWrapper
        parameter_widgets[TILE_SIZE.widget] = TileSizeDialogWrapper

    def unregister(self) -> None:
        """Remove the factory, which deletes it."""
        del parameter_widgets[QUESTIONS.widget], parameter_widgets[TILE_SIZE.widget]
        QgsGui.processingGuiRegistry().removeParameterWidgetFactory(self._factory)
