"""Base class of the Processing algorithms: parameters, outputs and their checks."""

from __future__ import annotations

import functools
from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from traceback import clear_frames
from typing import Any, TypeVar, cast

from qgis.core import (
    QgsFields,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputNumber,
)
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QIcon

from ..client.answer_source import AnswerMemory, open_memory
from ..client.preferences import load
from ..core.disk_space import missing_space, run_bytes
from ..core.paths import home, plugin_version
from ..core.run_store import RunRequest
from ..errors import ImageryError, OutputError, RsgptError
from ..geo.imagery.capture import CaptureOptions
from ..geo.imagery.layer_snapshot import LayerSnapshot, check_layer, check_source, take_snapshot
from ..geo.results.schema import output_fields
from ..icons import plugin_icon
from ..shared.answers.answer_types import types_help
from ..shared.results.columns import columns_help
from ..shared.results.descriptions import answers_name, describe_run
from ..unexpected import details, log_unexpected
from .output.destination import OutputDestination, SinkShape, check_destination, parse_destination
from .output.result_styler import ResultStyler
from .output.sink import OutputSink, write_error
from .output.trial_write import try_rows
from .parameter_kinds import GivenValues
from .parameters import (
    INPUT,
    Settings,
    capture_options,
    check_settings,
    parameters_of,
    read_settings,
    run_questions,
    with_choice_numbers,
)
from .run import CaptureTarget, DescribeRun, ModelPrompts, PictureRun, RunCounts, RunQuestions
from .run_registry import RunRecorder, active_runs
from .run_requests import input_sources, run_request

Parameters = dict[str, Any]
Method = TypeVar("Method", bound=Callable[..., Any])
Item = TypeVar("Item")

translate = QCoreApplication.translate


def report_errors(method: Method) -> Method:
    """Raise every error as QgsProcessingException, so that Processing shows its message without a traceback.

    The last argument of `method` is the feedback.
    """

    @functools.wraps(method)
    def guarded(*args: Any) -> Any:
        try:
            return method(*args)
        except (RsgptError, QgsProcessingException) as error:
            message = str(error)
        except Exception as error:  # the user gets a message, and both logs get the traceback
            message = log_unexpected(error)
            args[-1].pushDebugInfo(details(error))
        # QGIS 3.40 never releases the exception. If its frames held this run's layers, the layers would be deleted
        # after QGIS has closed its drivers, and QGIS would crash.
        del args
        raise QgsProcessingException(message)

    return guarded  # type: ignore[return-value]  # same signature as `method`


@dataclass(frozen=True)
class PreparedRun:
    """Input of a run, collected on the main thread."""

    snapshot: LayerSnapshot
    settings: Settings
    capture: CaptureOptions
    prompts: ModelPrompts
    request: RunRequest


class RunAlgorithm(QgsProcessingAlgorithm):
    """Base of the algorithms that ask a model about pictures of a raster, and write what it answers."""

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

    @abstractmethod
    def prompts(self, settings: Settings) -> ModelPrompts:
        """Return what the model is asked about each picture. Raises RsgptError if that is not possible."""

    @abstractmethod
    def new_run(
        self, memory: AnswerMemory, output: OutputSink, feedback: QgsProcessingFeedback, recorder: RunRecorder
    ) -> PictureRun:
        """Return the run, which writes to `output`."""

    @abstractmethod
    def fields(self) -> QgsFields:
        """Return the columns that the run adds."""

    def layer_name(self) -> str:
        """Return the name of the output layer. Called when the output is opened."""
        return answers_name(self.prepared().request.title)

    def createInstance(self) -> RunAlgorithm:
        return type(self)()

    def tr(self, text: str, disambiguation: str = "", n: int = -1) -> str:
        """Return `text` in the user's language, with `n` as its `%n`."""
        return translate("Rsgpt", text, disambiguation, n)

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        for parameter in parameters_of(self.name()):
            self.addParameter(parameter.declared())
        for name, label in (
            ("TILES", self.tr("Places processed")),
            ("ANSWERED", self.tr("Places answered")),
            ("SKIPPED", self.tr("Places skipped")),
            ("FAILED", self.tr("Places failed")),
            ("ASKED", self.tr("Prompts sent to the model")),
            ("CACHED", self.tr("Answers from the cache")),
        ):
            self.addOutput(QgsProcessingOutputNumber(name, label))

    def checkParameterValues(self, parameters: Parameters, context: QgsProcessingContext) -> tuple[bool, str]:
        """Return whether the values can be used, and otherwise a message; no pixels are read."""
        values = GivenValues(self, parameters, context)
        try:
            check_settings(values)
            layer = INPUT.layer(values)
            if layer is None:
                check_source(parameters.get(INPUT.name))
            is_valid, message = super().checkParameterValues(with_choice_numbers(parameters), context)
            if not is_valid:
                return is_valid, message
            settings = read_settings(values)
            self.prompts(settings)
            capture_options(settings)
            if layer is not None:
                check_layer(layer)
        except RsgptError as error:
            return False, str(error)
        except Exception as error:  # QGIS calls this from C++, which cannot handle Python exceptions
            return False, log_unexpected(error)
        return True, ""

    @report_errors
    def prepareAlgorithm(
        self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> bool:
        """Collect layers and settings. Only this step uses the project."""
        values = GivenValues(self, parameters, context)
        layer = INPUT.layer(values)
        if layer is None:
            raise QgsProcessingException(self.invalidRasterError(parameters, INPUT.name))
        snapshot = take_snapshot(layer, context.transformContext())
        settings, request = read_settings(values), run_request(self, parameters, context)
        self.plan = PreparedRun(snapshot, settings, capture_options(settings), self.prompts(settings), request)
        self.inputs = [layer.source()], input_sources(self, parameters, context)
        return True

    @report_errors
    def processAlgorithm(
        self, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Run the algorithm, and always release the layer clones from this thread at the end."""
        plan = self.prepared()
        try:
            return self.processed(plan, parameters, context, feedback)
        finally:
            plan.snapshot.leave_thread()

    @abstractmethod
    def processed(
        self, plan: PreparedRun, parameters: Parameters, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Run the algorithm and return its outputs."""

    def prepared(self) -> PreparedRun:
        """Return the input of the run. Raises ImageryError if Processing skipped the preparation."""
        if self.plan is None:
            raise ImageryError(self.tr("The run was not prepared. Start it through Processing."))
        return self.plan

    def destination(self, parameters: Parameters, context: QgsProcessingContext) -> OutputDestination:
        """Return the destination in OUTPUT.

        Raises OutputError if the rows would replace an input, or a layer that is not a results layer.
        """
        # Not parameterAsOutputLayer: Processing would load the destination in addition to the sink's layer.
        target = parse_destination(parameters.get("OUTPUT"), self.parameterAsFileOutput(parameters, "OUTPUT", context))
        check_destination(target, *self.inputs)
        return target

    def output(
        self, parameters: Parameters, context: QgsProcessingContext, shape: SinkShape, to: OutputDestination
    ) -> OutputSink:
        """Return the sink for OUTPUT, not yet opened. Raises OutputError if its format cannot store the rows."""
        trial = try_rows(to, shape)
        resolved = {**parameters, "OUTPUT": to.value}
        return OutputSink(lambda: self._open_sink(resolved, context, shape), trial)

    def _open_sink(self, parameters: Parameters, context: QgsProcessingContext, shape: SinkShape) -> tuple[Any, str]:
        """Return the sink and its layer id, and schedule the style. Raises OutputError if it cannot be written."""
        try:
            sink, identifier = self.parameterAsSink(
                parameters, "OUTPUT", context, shape.fields, shape.wkb_type, shape.crs
            )
        except QgsProcessingException as error:
            raise write_error(str(error)) from error
        if sink is None:
            raise write_error("")
        if context.willLoadLayerOnCompletion(identifier):
            details = context.layerToLoadOnCompletionDetails(identifier)
            if details.name == self.parameterDefinition("OUTPUT").description():  # a model or script may set another
                details.name = self.layer_name()
                details.forceName = True  # otherwise QGIS names the layers of files after the file
            details.setPostProcessor(ResultStyler(self._provenance(), self._description()))
        return sink, identifier

    def _provenance(self) -> RunRequest:
        """Return the request with the model's name, because the model in the options may change later."""
        plan = self.prepared()
        model = plan.prompts.model
        return replace(plan.request, parameters={**plan.request.parameters, "MODEL": model.folder or model.name})

    def _description(self) -> str:
        plan, prompts = self.prepared(), self.prepared().prompts
        return describe_run(plugin_version(), plan.request.title, prompts.model.name, prompts.describe())

    def ask(
        self, output: OutputSink, places: Iterable[CaptureTarget], total: int, feedback: QgsProcessingFeedback
    ) -> RunCounts:
        """Ask about all `total` places, and record the run in the list of runs."""
        for note in output.notes:
            feedback.pushWarning(note)
        try:
            with active_runs.recorded(self._provenance(), feedback, total) as recorder:
                return self._asked(output, places, total, feedback, recorder)
        except RsgptError as error:
            clear_frames(error.__traceback__)  # release the sink: it writes its last rows when it is deleted
            with suppress(OutputError, OSError):
                output.settle()
                output.store_style(self._description())
            if isinstance(error, OutputError):
                raise OutputError(f"{error} {_advice(output, total)}") from error
            raise

    def _asked(
        self,
        output: OutputSink,
        places: Iterable[CaptureTarget],
        total: int,
        feedback: QgsProcessingFeedback,
        recorder: RunRecorder,
    ) -> RunCounts:
        try:
            with open_memory() as memory:
                run = self.new_run(memory, output, feedback, recorder)
                counts = run.run(places, total)
                del run  # this deletes the sink, which then writes its last rows
                output.check(counts.rows)
                self._store_style(output, feedback)
                recorder.set_output(output.identifier, counts)
                return counts
        except RsgptError:
            raise
        except Exception as error:  # an unexpected error that the run did not handle
            feedback.pushDebugInfo(details(error))
            message = f"{log_unexpected(error)} {self.tr('The answers so far are saved. Run again to continue.')}"
        # Raised outside of the handler, so that the frames that hold the sink and the layers are released.
        raise RsgptError(message)

    def _store_style(self, output: OutputSink, feedback: QgsProcessingFeedback) -> None:
        try:
            output.store_style(self._description())
        except (OutputError, OSError) as error:  # the rows are complete, and a style can be stored later
            feedback.pushWarning(str(error))

    def results(self, identifier: str, counts: RunCounts, feedback: QgsProcessingFeedback) -> dict[str, Any]:
        """Return the outputs, and write the counts to the log."""
        feedback.pushInfo(self.counts_text(counts).format(**counts.as_dict()))
        return {"OUTPUT": identifier, **{name.upper(): value for name, value in counts.as_dict().items()}}

    def counts_text(self, counts: RunCounts) -> str:
        """Return the line of the log with the counts, which are inserted by their names."""
        return self.tr(
            "%n place(s): {answered} answered, {skipped} skipped, {failed} failed. "
            "Prompts: {asked} sent to the model, {cached} answered from the cache.",
            "",
            counts.tiles,
        )


class DescribeAlgorithm(RunAlgorithm):
    """Base of the algorithms that turn pictures of a raster into captions and answers."""

    def tags(self) -> list[str]:
        return self.tr("caption,question,answer,vqa,model,ai,imagery,raster,describe,tiles,count").split(",")

    def questions_and_columns(self) -> str:
        """Return the help on the question syntax and the output columns."""
        questions = self.tr(
            "Questions: write one question per line, or a semicolon before each further name[type]: on one line. You "
            "can put a column name and a type first: water[yesno]: Is there any water?  Types: {types}."
        )
        columns = self.tr("Columns of the output layer, in addition to those of the questions:")
        return f"\n\n{questions.format(types=types_help())}\n\n{columns}\n{columns_help()}"

    def privacy_and_cost(self) -> str:
        """Return the end of the help: data that leaves this computer, and the cost of a run."""
        return "\n\n" + self.tr(
            "Privacy: a model on this computer does not send data anywhere. A remote server receives each picture with "
            "its question, after you have allowed its host. It does not receive coordinates or names.\n\n"
            "Cost: each picture requires one answer for the caption and one answer per question. The log shows the "
            "rate and the remaining time. A remote server may charge for each answer."
        )

    @abstractmethod
    def sampled(self, most: int, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> list[CaptureTarget]:
        """Return up to `most` places of the prepared run, spread over all of them, as `processed` captures them.

        Call it in the thread that captures them, which must call `plan.snapshot.leave_thread()` afterwards.
        """

    def prompts(self, settings: Settings) -> RunQuestions:
        return run_questions(settings)

    def questions(self) -> RunQuestions:
        """Return the prompts of the prepared run."""
        return cast("RunQuestions", self.prepared().prompts)

    def fields(self) -> QgsFields:
        return output_fields(self.prepared().prompts.questions)

    def new_run(
        self, memory: AnswerMemory, output: OutputSink, feedback: QgsProcessingFeedback, recorder: RunRecorder
    ) -> DescribeRun:
        return DescribeRun(
            self.questions(), memory, output.open, feedback, recorder.update, sink_name=lambda: output.identifier
        )


def _advice(output: OutputSink, rows: int) -> str:
    """Return what to do after a failed run; disk space is mentioned only if it is missing."""
    file = Path(output.identifier.partition("|")[0])
    folders = [home(), file] if file.is_file() else [home()]
    space = missing_space(folders, run_bytes(rows, load().picture_bytes))
    return f"{space} {translate('Rsgpt', 'Run again: the answers so far are saved.')}".strip()


def spread(items: Sequence[Item], most: int) -> list[Item]:
    """Return up to `most` items at equal distances."""
    count = min(most, len(items))
    return [items[(2 * number + 1) * len(items) // (2 * count)] for number in range(count)]
