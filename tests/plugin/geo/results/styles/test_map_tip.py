"""Map tips and labels show what a row says; hostile text and hostile column names stay text."""

from __future__ import annotations

import pytest
from qgis.core import QgsProject, QgsVectorLayer

from rsgpt_plugin.geo.results.column_roles import result_columns
from rsgpt_plugin.geo.results.styles.map_tip import answers_label, caption_label, map_tip, picture_tag
from rsgpt_plugin.services.results.results_layer import ResultsLayer
from tests.plugin.geo.results.layers import add_columns, add_row, asked_layer, evaluated, filled

HOSTILE = "<script>alert(1)</script> & [% 1 %] ' \" \\ "
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt; &amp; [% 1 %] ' \" \\ "
# Names that a column of somebody else's file may have.
NAMES = ["it's", 'say "yes"', "<b>bold</b>", "a & b", "[% 1 + 1 %]", "x %]<i>y</i>", "back\\slash", "a]b[c", "城市"]

pytestmark = pytest.mark.usefixtures("qgis_app")


def tip_of(layer: QgsVectorLayer) -> str:
    return filled(map_tip(result_columns(layer), layer.fields()), layer)


def caption_of(layer: QgsVectorLayer) -> object:
    return evaluated(caption_label(result_columns(layer)), layer)


def answers_of(layer: QgsVectorLayer) -> object:
    return evaluated(answers_label(result_columns(layer), layer.fields()), layer)


def questioned(*names: str, **values: object) -> QgsVectorLayer:
    """Return a results layer of one row with further text questions of these names."""
    layer = asked_layer()
    for name in names:
        add_columns(layer, "which_kind_of_place", name)
        add_columns(layer, "confidence", f"{name}_confidence")
    add_row(layer, **values)
    return layer


def test_a_tip_shows_the_caption_and_each_answer_with_its_confidence() -> None:
    shown = tip_of(asked_layer(caption="a pool", confidence=0.555, cars=7, cars_confidence=1.0, swimming_pool=True))
    assert "<b>a pool</b> (56 %)" in shown
    assert "cars: 7 (100 %)<br>" in shown
    assert "swimming_pool: yes<br>" in shown
    assert "which_kind_of_place: no answer<br>" in shown


def test_an_empty_row_has_a_tip_without_values() -> None:
    shown = tip_of(asked_layer(caption=None))
    assert "<b></b>" in shown
    assert shown.count("no answer<br>") == 3
    assert "NULL" not in shown
    assert "%" not in shown


def test_a_no_is_an_answer_and_so_is_0() -> None:
    shown = tip_of(asked_layer(cars=0, swimming_pool=False))
    assert "cars: 0<br>" in shown
    assert "swimming_pool: no<br>" in shown


def test_a_tip_gives_the_reason_of_a_failure() -> None:
    assert "<p>cars: 'many' is not a number</p>" in tip_of(asked_layer(reason="cars: 'many' is not a number"))


@pytest.mark.parametrize("name", ["caption", "which_kind_of_place", "reason"])
def test_hostile_text_stays_text_in_a_tip(name: str) -> None:
    shown = tip_of(asked_layer(**{name: HOSTILE}))
    assert ESCAPED in shown
    assert "<script" not in shown


def test_a_tip_holds_no_other_columns() -> None:
    shown = tip_of(asked_layer(caption="a", model="secret", prompt="secret", stretch="secret", bands="secret"))
    assert "secret" not in shown


@pytest.mark.parametrize("value", ["') || 1/0 || ('", "'", '"', "ab" * 32, "<img src=x>", None])
def test_a_hostile_hash_shows_no_picture(value: str | None) -> None:
    shown = tip_of(asked_layer(caption="a", image_sha256=value))
    assert "<img" not in shown
    assert "<b>a</b>" in shown


def test_text_that_looks_like_an_entity_is_shown_as_it_is() -> None:
    assert "<b>&amp;lt;b&amp;gt; &amp;amp;</b>" in tip_of(asked_layer(caption="&lt;b&gt; &amp;"))


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_of_a_question_stays_text_in_a_tip(name: str) -> None:
    escaped = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    shown = tip_of(questioned(name, **{name: "here", f"{name}_confidence": 0.5}))
    assert f"{escaped}: here (50 %)<br>" in shown


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_of_a_question_stays_text_in_a_label(name: str) -> None:
    assert answers_of(questioned(name, **{name: "here"})) == f"{name}: here"


def test_a_click_shows_its_question_and_answer(qgis_new_project: None) -> None:
    layer = ResultsLayer(QgsProject.instance())._create(QgsProject.instance().crs())
    add_row(layer, question="Is it <wet>?", answer="yes", confidence=0.25)
    shown = tip_of(layer)
    assert "<p><i>Is it &lt;wet&gt;?</i></p>" in shown
    assert "<b>yes</b> (25 %)" in shown


def test_the_picture_is_asked_for_by_its_column() -> None:
    layer = asked_layer()
    assert "image_sha256" in picture_tag(result_columns(layer))
    layer.dataProvider().deleteAttributes([layer.fields().indexOf("image_sha256")])
    layer.updateFields()
    assert picture_tag(result_columns(layer)) == ""


@pytest.mark.parametrize("caption", ["a pool", "x" * 80, "", "two\nlines", HOSTILE])
def test_a_short_caption_is_its_label(caption: str) -> None:
    assert caption_of(asked_layer(caption=caption)) == caption


@pytest.mark.parametrize(
    ("caption", "label"),
    [
        ("word " * 30, "word " * 15 + "…"),
        (f"{'x' * 40}, {'y' * 60}", f"{'x' * 40}, …"),
        (f"{'word ' * 10}\n{'word ' * 10}", "word " * 15 + "…"),
    ],
)
def test_a_long_caption_is_cut_after_a_word(caption: str, label: str) -> None:
    shown = str(caption_of(asked_layer(caption=caption)))
    assert shown.split() == label.split()
    assert len(shown) <= 80


def test_a_long_word_is_not_cut() -> None:
    assert caption_of(asked_layer(caption="x" * 100)) == "x" * 100


def test_a_row_without_a_caption_has_no_caption_label() -> None:
    assert caption_of(asked_layer(caption=None)) is None


def test_the_label_of_answers_leaves_out_missing_ones() -> None:
    assert answers_of(asked_layer(cars=0, which_kind_of_place="a port")) == "cars: 0\nwhich_kind_of_place: a port"
    assert answers_of(asked_layer(caption="a")) is None


def test_the_label_holds_the_first_four_questions() -> None:
    layer = questioned("d", "e", cars=1, swimming_pool=True, which_kind_of_place="c", d="4", e="5")
    assert answers_of(layer) == "cars: 1\nswimming_pool: yes\nwhich_kind_of_place: c\nd: 4"


def test_without_questions_there_is_no_label_of_answers() -> None:
    layer = asked_layer()
    names = layer.fields().names()
    answers = [index for index, name in enumerate(names) if name.startswith(("cars", "swimming", "which"))]
    layer.dataProvider().deleteAttributes(answers)
    layer.updateFields()
    add_row(layer, caption="a")
    assert answers_of(layer) == ""
    assert "<br>" not in tip_of(layer)
