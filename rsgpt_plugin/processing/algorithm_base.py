"""What both algorithms share: parameters, outputs and their checks. Reads no pixels and asks no model."""

from __future__ import annotations

import functools
from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from traceback import clear_frames
from typing import Any, TypeVar

from qgis.core import (
    QgsFields,
    QgsGeometry,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
)
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QIcon

from ..client.answer_source import open_memory
from ..client.preferences import load
from ..core.disk_space import missing_space, taken
from ..core.paths import home
from ..core.run_store import RunRequest
from ..errors import ImageryError, OutputError, RsgptError
from ..geo.imagery.capture import CaptureOptions
from ..geo.imagery.layer_snapshot import LayerSnapshot, check_layer, check_source, take_snapshot
from ..geo.results.schema import output_fields
from ..geo.results.style import ResultStyler
from ..icons import plugin_icon
from ..shared.answers.answer_types import types_help
from ..shared.results.columns import columns_help
from ..unexpected import details, explained
from .output.destination import OutputDestination, check_destination, destination
from .output.sink import OutputSink, SinkShape, unwritable
from .output.trial_write import try_rows
from .parameter_kinds import GivenValues
from .parameters import INPUT, Settings, asking, capture_wish, check_settings, numbered, parameters_of, read_settings
from .run import CaptureTarget, DescribeRun, RunCounts, RunQuestions
from .run_registry import RunRecorder, journal
from .run_requests import input_sources, keep

Parameters = dict[str, Any]
Method = TypeVar("Method", bound=Callable[..., Any])

translate = QCoreApplication.translate


# Invalid polygons are fine here. QGIS's own check of them ends in a crash of Python where it is set to stop a run.
UNCHECKED = QgsProcessingFeatureSource.Flag.FlagSkipGeometryValidityChecks


def in_sentences(method: Method) -> Method:
    """Turn every error into a sentence, which Processing shows without a traceback; the last argument is a feedback."""

    @functools.wraps(method)
    def guarded(*args: Any) -> Any:
        try:
            return method(*args)
        except (RsgptError, QgsProcessingException) as error:
            sentence = str(error)
        except Exception as error:  # whatever a library raises ends in a sentence, and a traceback in both logs
            sentence = explained(error)
            args[-1].pushDebugInfo(details(error))
        # QGIS 3.40 never releases the exception it takes over: its frames must not hold this run's layers, which
        # would die after QGIS has closed its drivers, and crash it.
        del args
        raise QgsProcessingException(sentence)

    return guarded  # type: ignore[return-value]  # it takes and gives what the method does


@dataclass(frozen=True)
class PreparedRun:
    """What an algorithm collected on the main thread."""

    snapshot: LayerSnapshot
    settings: Settings
    wish: CaptureOptions
    asking: RunQuestions
    request: RunRequest


class DescribeAlgorithm(QgsProcessingAlgorithm):
    """Base of the algorithms that turn pictures of a raster into captions and answers."""

    def __init__(self) -> None:
        super().__init__()
        self.plan: PreparedRun | None = None
        self.inputs: tuple[Sequence[str], Sequence[str]] = ((), ())

    def group(self) -> str:
        return self.tr("Describe imagery")

    def groupId(self) -> str:
        return "describe"

    def icon(self) -> QIcon:
        return plugin_icon()

    def tags(self) -> list[str]:
        return self.tr("caption,question,answer,vqa,model,ai,imagery,raster,describe,tiles,count").split(",")

    def questions_and_columns(self) -> str:
        """How to write questions, and which columns a result has."""
        questions = self.tr(
            "Questions: one per line, optionally with the column's name and type before it: "
            "cars[integer]: How many cars are there?  Types: {types}."
        )
        columns = self.tr("Columns of a result, besides those of the questions:")
        return f"\n\n{questions.format(types=types_help())}\n\n{columns}\n{columns_help()}"

    def privacy_and_cost(self) -> str:
        """The end of every help: what leaves this machine, and what a run takes."""
        return "\n\n" + self.tr(
            "Privacy: a model on this machine sends nothing anywhere. A server elsewhere gets each picture with the "
            "question, once you have allowed its host; it gets no coordinates and no names.\n\n"
            "Cost: for every picture, one answer for the caption and one for each question. The log tells the rate and "
            "the time left. A server elsewhere may charge for each answer."
        )

    def createInstance(self) -> DescribeAlgorithm:
        return type(self)()

    def tr(self, text: str, disambiguation: str = "", n: int = -1) -> str:
        """`text` in the user's language; n: the number for its `%n`."""
        return translate("Rsgpt", text, disambiguation, n)

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        """Declare parameters and outputs."""
        for parameter in parameters_of(self.name()):
            self.addParameter(parameter.declared())
        for name, label in (
            ("TILES", self.tr("Places looked at")),
            ("ANSWERED", self.tr("Places answered")),
            ("SKIPPED", self.tr("Places skipped")),
            ("FAILED", self.tr("Places failed")),
            ("ASKED", self.tr("Prompts sent to the model")),
            ("CACHED", self.tr("Answers known from before")),
        ):
            self.addOutput(QgsProcessingOutputNumber(name, label))

    def checkParameterValues(self, parameters: Parameters, context: QgsProcessingContext) -> tuple[bool, str]:
        """Refuse in words what cannot work, before anything is read."""
        given = GivenValues(self, parameters, context)
        try:
            check_settings(given)
            layer = INPUT.layer(given)
            if layer is None:
                check_source(parameters.get(INPUT.name))
            fine, sentence = super().checkParameterValues(numbered(parameters), context)
            if not fine:
                return fine, sentence
            settings = read_settings(given)
            asking(settings)
            capture_wish(settings)
            if layer is not None:
                check_layer(layer)
        except RsgptError as error:
            return False, str(error)
        except Exception as error:  # QGIS calls this from C++, which knows no exception of Python's
            return False, explained(error)
        return True, ""

    @in_sentences
    def prepareAlgorithm(
        self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        """Collect layers and settings; the only part that touches the project."""
        given = GivenValues(self, parameters, context)
        layer = INPUT.layer(given)
        if layer is None:
            raise QgsProcessingException(self.invalidRasterError(parameters, INPUT.name))
        snapshot = take_snapshot(layer, context.transformContext())
        settings, request = read_settings(given), keep(self, parameters, context)
        self.plan = PreparedRun(snapshot, settings, capture_wish(settings), asking(settings), request)
        self.inputs = [layer.source()], input_sources(self, parameters, context)
        return True

    @in_sentences
    def processAlgorithm(
        self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Run it; the layer's clones are given back however it ends, a refusal before the first place included."""
        plan = self.prepared()
        try:
            return self.processed(plan, parameters, context, feedback)
        finally:
            plan.snapshot.leave_thread()

    @abstractmethod
    def processed(
        self, plan: PreparedRun, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """What the algorithm itself does; returns the outputs."""

    def prepared(self) -> PreparedRun:
        """The plan; raises ImageryError where Processing left out the preparation."""
        if self.plan is None:
            raise ImageryError(self.tr("The run was not prepared. Start it through Processing."))
        return self.plan

    def destination(self, parameters: Parameters, context: QgsProcessingContext) -> OutputDestination:
        """What OUTPUT names; raises OutputError where the rows would replace an input, or what is no result."""
        # Not parameterAsOutputLayer, which has Processing load the destination beside the layer that lies there.
        found = destination(parameters.get("OUTPUT"), self.parameterAsFileOutput(parameters, "OUTPUT", context))
        check_destination(found, *self.inputs)
        return found

    def output(
        self, parameters: Parameters, context: QgsProcessingContext, shape: SinkShape, to: OutputDestination
    ) -> OutputSink:
        """The sink OUTPUT, tried but not yet opened; raises OutputError where its format does not take the rows."""
        trial = try_rows(to, shape)
        placed = {**parameters, "OUTPUT": to.value}
        return OutputSink(lambda: self._open_sink(placed, context, shape), trial)

    def _open_sink(self, parameters: Parameters, context: QgsProcessingContext, shape: SinkShape) -> tuple[Any, str]:
        """The sink and its id, with the style to come; raises OutputError where it cannot be written."""
        try:
            sink, identifier = self.parameterAsSink(
                parameters, "OUTPUT", context, shape.fields, shape.wkb_type, shape.crs
            )
        except QgsProcessingException as error:
            raise unwritable(str(error)) from error
        if sink is None:
            raise unwritable("")
        if context.willLoadLayerOnCompletion(identifier):
            context.layerToLoadOnCompletionDetails(identifier).setPostProcessor(ResultStyler(self._made_by()))
        return sink, identifier

    def _made_by(self) -> RunRequest:
        """What to keep with layer and run: the model by name, as the choice in the options may be another one later."""
        plan = self.prepared()
        model = plan.asking.model
        return replace(plan.request, parameters={**plan.request.parameters, "MODEL": model.folder or model.name})

    def fields(self) -> QgsFields:
        """The columns that the run adds."""
        return output_fields(self.prepared().asking.questions)

    def describe(
        self, output: OutputSink, places: Iterable[CaptureTarget], total: int, feedback: QgsProcessingFeedback
    ) -> RunCounts:
        """Describe all `total` places, and record that."""
        for note in output.notes:
            feedback.pushWarning(note)
        try:
            with journal.recorded(self._made_by(), feedback, total) as scribe:
                return self._described(output, places, total, feedback, scribe)
        except RsgptError as error:
            clear_frames(error.__traceback__)  # nothing else may hold the sink, which writes the rest as it goes
            with suppress(OutputError):
                output.settle()
            if isinstance(error, OutputError):
                raise OutputError(f"{error} {_advice(output, total)}") from error
            raise

    def _described(
        self,
        output: OutputSink,
        places: Iterable[CaptureTarget],
        total: int,
        feedback: QgsProcessingFeedback,
        scribe: RunRecorder,
    ) -> RunCounts:
        try:
            with open_memory() as memory:
                asked = self.prepared().asking
                run = DescribeRun(asked, memory, output.open, feedback, scribe.told, where=lambda: output.identifier)
                counts = run.describe(places, total)
                del run  # and with it the sink, which writes the rest
                output.check(counts.done)
                scribe.wrote(output.identifier, counts)
                return counts
        except RsgptError:
            raise
        except Exception as error:  # what no border inside the run has caught
            feedback.pushDebugInfo(details(error))
            sentence = f"{explained(error)} {self.tr('Answers so far are kept; run again to go on.')}"
        # Raised here, so that the frames of the error, which hold the sink and layers, are gone.
        raise RsgptError(sentence)

    def results(self, identifier: str, counts: RunCounts, feedback: QgsProcessingFeedback) -> dict[str, Any]:
        """The outputs, and the counts in the log."""
        feedback.pushInfo(
            self.tr(
                "%n place(s): {answered} answered, {skipped} skipped, {failed} failed. "
                "Prompts: {asked} asked, {cached} known from before.",
                "",
                counts.tiles,
            ).format(**counts.as_dict())
        )
        return {"OUTPUT": identifier, **{name.upper(): value for name, value in counts.as_dict().items()}}


def _advice(output: OutputSink, rows: int) -> str:
    """What to do after a failed run: room is spoken of only where the disk of memory or output lacks it."""
    written = Path(output.identifier.partition("|")[0])
    places = [home(), written] if written.is_file() else [home()]
    lacks = missing_space(places, taken(rows, load().picture_bytes))
    return f"{lacks} {translate('Rsgpt', 'Run again: the answers so far are kept.')}".strip()


def is_bounded(geometry: QgsGeometry) -> bool:
    """Whether there is a geometry, and all of it lies somewhere: a reprojection may end in infinity."""
    return not geometry.isEmpty() and geometry.boundingBox().isFinite()
