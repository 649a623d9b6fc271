"""Objects of a picture survive the way through their text, and other texts are refused."""

from __future__ import annotations

import json

import pytest

from rsgpt_plugin.shared.objects.found_points import FoundPoint
from rsgpt_plugin.shared.objects.found_text import FoundInPicture, found_text, read_found


def test_objects_are_read_as_written() -> None:
    point = FoundPoint(1.5, 2.0, 0.75, (1.0, 1.0, 1.0, 2.0))
    text = found_text(FoundInPicture(640, 480, {"car": [point], "tree": []}))
    assert json.loads(text) == {"width": 640, "height": 480, "objects": {"car": [[1.5, 2.0, 0.75, 1.0, 1.0, 1.0, 2.0]]}}
    assert read_found(text) == FoundInPicture(640, 480, {"car": (point,)})


@pytest.mark.parametrize(
    "text",
    [
        "two airplanes",
        "[]",
        "{}",
        '{"width": 1, "height": 1, "objects": []}',
        '{"width": 1, "height": 1, "objects": {"car": [[1, 2, 3]]}}',
        '{"width": null, "height": 1, "objects": {}}',
        '{"width": 1, "height": 1, "objects": {"car": [[1, 2, NaN, 1, 1, 1, 1]]}}',
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="objects of a picture|values|Expecting|finite"):
        read_found(text)
