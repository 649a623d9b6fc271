"""The parameters of both algorithms, and what their values mean for a run. Reads no pixels and asks no model.

To add a parameter, see CONTRIBUTING.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ..client.backends import chosen_model
from ..client.preferences import Preferences, load
from ..errors import ImageryError, QuestionError, RsgptError
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
    NumberParameter,
    Parameter,
    RasterParameter,
    Setting,
    SinkParameter,
    TextParameter,
    Value,
)
from .run import RunQuestions

TILES, FEATURES = "describeraster", "describefeatures"

INPUT = RasterParameter("INPUT", mark("Raster layer"), is_repeated=False)
EXTENT = ExtentParameter("EXTENT", mark("Extent (all of the layer if left out)"), TILES)
MASK = FeaturesParameter(
    "MASK",
    mark("Mask: only tiles that overlap these polygons"),
    TILES,
    is_repeated=False,
    has_polygons=True,
    is_optional=True,
)
PLACES = FeaturesParameter("FEATURES", mark("Features to describe"), FEATURES, is_repeated=False)
TILE_SIZE = NumberParameter(
    "TILE_SIZE", mark("Tile size (pixels)"), TILES, default=256, least=16, most=1024, is_whole=True
)
OVERLAP = NumberParameter("OVERLAP", mark("Overlap (percent)"), TILES, default=0, least=0, most=90, is_whole=True)
CAPTION = BooleanParameter("CAPTION", mark("Write a caption"), is_repeated=False, default=True)
DETAILED = BooleanParameter("DETAILED", mark("Make the caption a longer one"), is_repeated=False)
QUESTIONS = TextParameter(
    "QUESTIONS",
    mark("Questions, one a line, for example  cars[integer]: How many cars are there?"),
    is_repeated=False,
    has_lines=True,
)
MODEL = TextParameter(
    "MODEL", mark("Model: a name, or a folder (the one chosen in the options if left out)"), is_repeated=False
)
PROMPT = TextParameter(
    "PROMPT",
    mark("Prompt for the caption, in place of the usual one"),
    is_advanced=True,
    is_repeated=False,
    preference="prompt",
)
LEAST_CONFIDENCE = NumberParameter(
    "LEAST_CONFIDENCE",
    mark("Least confidence of an answer; below it there is none"),
    is_advanced=True,
    preference="least_confidence",
    default=0.0,
    most=1.0,
)
BANDS = BandsParameter(
    "BANDS",
    mark("Bands shown as red, green, blue, or one as grey (an alpha band among them hides nothing)"),
    is_advanced=True,
)
CAPTURE = ChoiceParameter(
    "CAPTURE",
    mark("Capture"),
    is_advanced=True,
    choices={
        CaptureMode.AUTO.value: mark("Automatic"),
        CaptureMode.NATIVE.value: mark("The raster's own pixels"),
        CaptureMode.RENDERED.value: mark("As QGIS draws it"),
    },
)
GROUND_RESOLUTION = NumberParameter(
    "GROUND_RESOLUTION", mark("Ground resolution of rendered capture (metres a pixel)"), is_advanced=True, least=0.001
)

# In the order of the dialog.
PARAMETERS: tuple[Parameter, ...] = (
    INPUT,
    PLACES,
    EXTENT,
    MASK,
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
    SinkParameter("OUTPUT", mark("Described tiles"), TILES, is_repeated=False),
    SinkParameter("OUTPUT", mark("Described features"), FEATURES, is_repeated=False),
)


class Settings:
    """The values of all settings of a run: settings[TILE_SIZE]."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __getitem__(self, setting: Setting[Value]) -> Value:
        return cast("Value", self._values[setting.name])


def parameters_of(algorithm: str) -> list[Parameter]:
    """Return the parameters of the algorithm of that name."""
    return [parameter for parameter in PARAMETERS if parameter.only in ("", algorithm)]


def read_settings(given: GivenValues) -> Settings:
    """Return the value of each setting."""
    return Settings({setting.name: setting.value(given) for setting in _settings(given.algorithm.name())})


def check_settings(given: GivenValues) -> None:
    """Raise RsgptError with the first problem that QGIS's own check does not put into words."""
    for setting in _settings(given.algorithm.name()):
        problem = setting.problem(given)
        if problem:
            raise RsgptError(problem)


def numbered(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters with numbers for the words of all choices."""
    changed = dict(parameters)
    for parameter in PARAMETERS:
        if isinstance(parameter, ChoiceParameter):
            changed = parameter.numbered(changed)
    return changed


def repeated(algorithm: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return those parameters of an earlier run that asking its rows again takes along."""
    names = [parameter.name for parameter in parameters_of(algorithm) if parameter.is_repeated]
    return {name: parameters[name] for name in names if parameters.get(name) is not None}


def preferred(preferences: Preferences) -> dict[str, Any]:
    """Return the parameters that the user has set a value of in the options, for questions asked on the map."""
    settings = [parameter for parameter in PARAMETERS if isinstance(parameter, Setting) and parameter.preference]
    return {setting.name: getattr(preferences, setting.preference) for setting in settings}


def asking(settings: Settings) -> RunQuestions:
    """What is asked of every picture. Raises QuestionError, ModelError."""
    questions = parse_questions(settings[QUESTIONS])
    if not settings[CAPTION] and not questions:
        raise QuestionError(translate("Rsgpt", "There is nothing to ask. Switch the caption on, or write a question."))
    usual = DETAIL_PROMPT if settings[DETAILED] else CAPTION_PROMPT
    prompt = (settings[PROMPT] or usual) if settings[CAPTION] else ""
    model = chosen_model(settings[MODEL])
    return RunQuestions(model, tuple(questions), prompt, settings[LEAST_CONFIDENCE], load().wished_language)


def capture_wish(settings: Settings) -> CaptureOptions:
    """How pictures are taken. Raises ImageryError where the settings contradict each other."""
    mode, bands, resolution = CaptureMode(settings[CAPTURE]), settings[BANDS], settings[GROUND_RESOLUTION]
    if resolution and (bands or mode is CaptureMode.NATIVE):
        raise ImageryError(
            translate(
                "Rsgpt",
                "A ground resolution belongs to rendered capture, bands to native capture. Leave one of them out.",
            )
        )
    if bands and mode is CaptureMode.RENDERED:
        raise ImageryError(
            translate("Rsgpt", "Rendered capture shows the bands of the layer's style. Leave the bands out.")
        )
    return CaptureOptions(mode, bands, resolution)


def _settings(algorithm: str) -> list[Setting[Any]]:
    return [parameter for parameter in parameters_of(algorithm) if isinstance(parameter, Setting)]
