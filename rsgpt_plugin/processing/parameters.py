"""The parameters of the algorithms that run over a raster, and the settings of a run that follow from their values.

To add a parameter, see CONTRIBUTING.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, cast

from ..client.backends import chosen_model
from ..client.installed_models import DEFAULT_MODEL, model_identity
from ..client.preferences import Preferences, load
from ..errors import ImageryError, ModelError, QuestionError, RsgptError, ServerError
from ..geo.imagery.capture import CaptureMode, CaptureOptions
from ..shared.answers.questions import CAPTION_PROMPT, DETAIL_PROMPT, parse_questions
from ..shared.i18n import mark, translate
from .parameter_kinds import (
    BandsParameter,
    BooleanParameter,
    ChoiceParameter,
    ExtentParameter,
    FeaturesParameter,
    GivenValues,
    NamesParameter,
    NumberParameter,
    Parameter,
    RasterParameter,
    Setting,
    SinkParameter,
    TextParameter,
    Value,
)
from .run import RunQuestions

TILES, FEATURES, OBJECTS = "describeraster", "describefeatures", "findobjects"
_DESCRIBING = (TILES, FEATURES)


def findable_objects() -> tuple[str, ...]:
    """Return the objects that the model in the options finds, or those of the built-in model if that is not known."""
    with suppress(ModelError, ServerError):
        chosen = chosen_model()
        finder = (model_identity(DEFAULT_MODEL) if chosen.server else chosen).finder
        return finder.labels if finder is not None else ()
    return ()


INPUT = RasterParameter("INPUT", mark("Raster layer"), is_repeated=False)
EXTENT = ExtentParameter("EXTENT", mark("Extent (entire layer if not set)"), (TILES, OBJECTS))
MASK = FeaturesParameter(
    "MASK",
    mark("Mask (only tiles that overlap these polygons)"),
    (TILES,),
    is_repeated=False,
    has_polygons=True,
    is_optional=True,
)
OBJECT_MASK = FeaturesParameter(
    "MASK",
    mark("Mask (only objects inside these polygons)"),
    (OBJECTS,),
    is_repeated=False,
    has_polygons=True,
    is_optional=True,
)
PLACES = FeaturesParameter("FEATURES", mark("Features to describe"), (FEATURES,), is_repeated=False)
WANTED = NamesParameter(
    "OBJECTS",
    mark("Objects (all that the model finds if not set)"),
    (OBJECTS,),
    names=findable_objects,
)
BOXES = BooleanParameter("BOXES", mark("Write boxes instead of points"), (OBJECTS,))
TILE_SIZE = NumberParameter(
    "TILE_SIZE",
    mark("Tile size (pixels)"),
    (TILES,),
    default=256,
    minimum=16,
    maximum=1024,
    is_whole=True,
    widget="rsgpt_tile_size",
)
OVERLAP = NumberParameter(
    "OVERLAP", mark("Overlap (percent)"), (TILES,), default=0, minimum=0, maximum=90, is_whole=True
)
CAPTION = BooleanParameter("CAPTION", mark("Write a caption"), _DESCRIBING, is_repeated=False, default=True)
DETAILED = BooleanParameter("DETAILED", mark("Write a detailed caption"), _DESCRIBING, is_repeated=False)
QUESTIONS = TextParameter(
    "QUESTIONS",
    mark("Questions"),
    _DESCRIBING,
    is_repeated=False,
    has_lines=True,
    widget="rsgpt_questions",
)
MODEL = TextParameter(
    "MODEL", mark("Model name or folder (model selected in the options if not set)"), is_repeated=False
)
PROMPT = TextParameter(
    "PROMPT",
    mark("Caption prompt (replaces the default prompt)"),
    _DESCRIBING,
    is_advanced=True,
    is_repeated=False,
    preference="prompt",
)
LEAST_CONFIDENCE = NumberParameter(
    "LEAST_CONFIDENCE",
    mark("Minimum confidence, 0 to 1 (less certain answers are left empty)"),
    _DESCRIBING,
    is_advanced=True,
    preference="least_confidence",
    default=0.0,
    maximum=1.0,
)
LEAST_SURE = NumberParameter(
    "LEAST_CONFIDENCE",
    mark("Minimum confidence (less certain objects are left out)"),
    (OBJECTS,),
    default=0.0,
    maximum=1.0,
)
BANDS = BandsParameter(
    "BANDS",
    mark("Bands for red, green and blue, or one band for gray (an alpha band listed here does not hide pixels)"),
    is_advanced=True,
)
CAPTURE = ChoiceParameter(
    "CAPTURE",
    mark("Capture mode"),
    is_advanced=True,
    choices={
        CaptureMode.AUTO.value: mark("Automatic"),
        CaptureMode.NATIVE.value: mark("Native (pixels of the raster)"),
        CaptureMode.RENDERED.value: mark("Rendered (as drawn by QGIS)"),
    },
)
GROUND_RESOLUTION = NumberParameter(
    "GROUND_RESOLUTION",
    mark("Ground resolution of rendered capture (meters per pixel)"),
    is_advanced=True,
    minimum=0.001,
)

# In the order of the dialog.
PARAMETERS: tuple[Parameter, ...] = (
    INPUT,
    PLACES,
    EXTENT,
    MASK,
    WANTED,
    LEAST_SURE,
    BOXES,
    OBJECT_MASK,
    TILE_SIZE,
    OVERLAP,
    CAPTION,
    DETAILED,
    QUESTIONS,
    MODEL,
    PROMPT,
    LEAST_CONFIDENCE,
    BANDS,
    CAPTURE,
    GROUND_RESOLUTION,
    SinkParameter("OUTPUT", mark("Described tiles"), (TILES,), is_repeated=False),
    SinkParameter("OUTPUT", mark("Described features"), (FEATURES,), is_repeated=False),
    SinkParameter("OUTPUT", mark("Found objects"), (OBJECTS,), is_repeated=False),
)


class Settings:
    """The values of all settings of a run, for example settings[TILE_SIZE]."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __getitem__(self, setting: Setting[Value]) -> Value:
        return cast("Value", self._values[setting.name])


def parameters_of(algorithm: str) -> list[Parameter]:
    """Return the parameters of an algorithm, in the order of its dialog."""
    return [parameter for parameter in PARAMETERS if not parameter.only or algorithm in parameter.only]


def read_settings(values: GivenValues) -> Settings:
    """Return the value of each setting."""
    return Settings({setting.name: setting.value(values) for setting in _settings(values.algorithm.name())})


def check_settings(values: GivenValues) -> None:
    """Raise RsgptError for the first value that is out of range."""
    for setting in _settings(values.algorithm.name()):
        problem = setting.problem(values)
        if problem:
            raise RsgptError(problem)


def with_choice_numbers(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters with the keywords of all choices replaced by their indexes, as QGIS checks them."""
    numbered = dict(parameters)
    for parameter in PARAMETERS:
        if isinstance(parameter, (ChoiceParameter, NamesParameter)):
            numbered = parameter.with_number(numbered)
    return numbered


def reused_parameters(algorithm: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of an earlier run that "Ask again" reuses."""
    names = [parameter.name for parameter in parameters_of(algorithm) if parameter.is_repeated]
    return {name: parameters[name] for name in names if parameters.get(name) is not None}


def preferred_parameters(preferences: Preferences) -> dict[str, Any]:
    """Return the parameters with a value in the options, for questions asked on the map."""
    settings = [parameter for parameter in PARAMETERS if isinstance(parameter, Setting) and parameter.preference]
    return {setting.name: getattr(preferences, setting.preference) for setting in settings}


def run_questions(settings: Settings) -> RunQuestions:
    """Return the caption prompt and questions for each picture, and the model. Raises QuestionError or ModelError."""
    questions = parse_questions(settings[QUESTIONS])
    if not settings[CAPTION] and not questions:
        raise QuestionError(translate("Rsgpt", "There is nothing to ask. Turn on the caption or enter a question."))
    default = DETAIL_PROMPT if settings[DETAILED] else CAPTION_PROMPT
    prompt = (settings[PROMPT] or default) if settings[CAPTION] else ""
    model = chosen_model(settings[MODEL])
    return RunQuestions(model, tuple(questions), prompt, settings[LEAST_CONFIDENCE], load().prompt_language)


def capture_options(settings: Settings) -> CaptureOptions:
    """Return how pictures are captured. Raises ImageryError if the settings contradict each other."""
    mode, bands, resolution = CaptureMode(settings[CAPTURE]), settings[BANDS], settings[GROUND_RESOLUTION]
    if resolution and (bands or mode is CaptureMode.NATIVE):
        raise ImageryError(
            translate(
                "Rsgpt",
                "Ground resolution applies only to rendered capture, and bands only to native capture. Leave one of "
                "them out.",
            )
        )
    if bands and mode is CaptureMode.RENDERED:
        raise ImageryError(
            translate("Rsgpt", "Rendered capture uses the bands of the layer style. Leave the bands out.")
        )
    return CaptureOptions(mode, bands, resolution)


def _settings(algorithm: str) -> list[Setting[Any]]:
    return [parameter for parameter in parameters_of(algorithm) if isinstance(parameter, Setting)]
