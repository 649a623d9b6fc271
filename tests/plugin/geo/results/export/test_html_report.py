"""A report is one page without anything from outside, and text of a layer is never markup."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from qgis.core import QgsField, QgsVectorLayer

from rsgpt_plugin.errors import Cancelled, OutputError
from rsgpt_plugin.geo.results.export.export_rows import PAGE_POLICY
from rsgpt_plugin.geo.results.export.html_report import write_report
from tests.plugin.corrections import check, correct
from tests.plugin.geo.results.export.exports import add_column, rows_to_export, stop_after
from tests.plugin.results import fids, png, results_layer, sha256_of

HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">'

pytestmark = pytest.mark.usefixtures("qgis_new_project")


def page(layer: QgsVectorLayer, folder: Path, *pictured: int) -> str:
    pictures = {sha256_of(number): png() for number in pictured}
    write_report(rows_to_export(layer, pictures=pictures), folder / "a.html")
    return (folder / "a.html").read_text("utf-8")


def lines(text: str) -> list[str]:
    """Return the rows of the table's body."""
    return re.findall(r"<tr data-.*?</tr>", text, re.DOTALL)


def set_all(layer: QgsVectorLayer, name: str, value: object) -> None:
    index = layer.fields().indexOf(name)
    assert layer.dataProvider().changeAttributeValues({fid: {index: value} for fid in fids(layer)})


def test_a_report_escapes_markup_and_has_no_external_links(tmp_path: Path) -> None:
    layer = results_layer([HOSTILE, "fine"])
    layer.setName("<b>name</b>")
    correct(layer, fids(layer)[0], "caption", "</td><h1>my own</h1>")
    text = page(layer, tmp_path, 1)
    assert len(re.findall(r"<script", text)) == 1
    assert "<b>name" not in text
    assert "&lt;/td&gt;&lt;h1&gt;my own" in text
    assert "&lt;img src=x onerror=&quot;" in text
    assert text.count('src="data:image/jpeg;base64,') == 1
    assert re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?(?!data:)\w+:""", text) == []
    assert 'data-sure="0.1000" data-status="answered"' in text


@pytest.mark.parametrize("name", ["status", "reason", "model"])
def test_hostile_text_of_other_columns_is_escaped(tmp_path: Path, name: str) -> None:
    layer = results_layer(["a"])
    set_all(layer, name, f'"{HOSTILE}')
    text = page(layer, tmp_path)
    assert len(re.findall(r"<script", text)) == 1
    assert "<img" not in text
    assert "&quot;&lt;script&gt;" in text


def test_the_name_of_a_column_is_escaped(tmp_path: Path) -> None:
    layer = results_layer(["a"])
    add_column(layer, "<i>owner</i>", values=["somebody"])
    assert "<th>&lt;i&gt;owner&lt;/i&gt;</th>" in page(layer, tmp_path)


def test_a_page_tells_the_browser_to_load_nothing(tmp_path: Path) -> None:
    text = page(results_layer(["a"]), tmp_path)
    assert f'<meta http-equiv="Content-Security-Policy" content="{PAGE_POLICY}">' in text
    assert text.index("Content-Security-Policy") < text.index("<style>") < text.index("<script>")
    assert "default-src 'none'" in PAGE_POLICY


def test_a_row_has_its_values_in_the_order_of_the_columns(tmp_path: Path) -> None:
    (line,) = lines(page(results_layer(["a harbour"]), tmp_path))
    cells = [unescape(re.sub(r"<[^>]*>", "", cell)) for cell in re.findall(r"<td.*?</td>", line)]
    assert cells == ["picture not stored", "a harbour", "0", "yes", "0 %", "answered"]
    assert '<td class="n">0' in line


def test_a_confidence_has_a_bar_of_its_level(tmp_path: Path) -> None:
    """Row 7 has a confidence of 0.7 in its caption, 0.5 in its cars, and 0.3 in its trees."""
    line = lines(page(results_layer(["a"] * 8), tmp_path))[7]
    bars = re.findall(r'<span class="bar (\w+)"><i style="width:(\d+)%', line)
    assert bars == [("sure", "70"), ("fair", "50"), ("unsure", "30"), ("sure", "70")]


@pytest.mark.parametrize(("confidence", "width"), [(1.5, "100%"), (-0.5, "0%")])
def test_a_confidence_outside_0_to_1_does_not_leave_its_cell(tmp_path: Path, confidence: float, width: str) -> None:
    layer = results_layer(["a"])
    set_all(layer, "confidence", confidence)
    (line,) = lines(page(layer, tmp_path))
    assert f"width:{width}" in line


def test_a_row_without_confidence_is_not_above_any_minimum(tmp_path: Path) -> None:
    layer = results_layer(["a"])
    set_all(layer, "confidence", None)
    (line,) = lines(page(layer, tmp_path))
    assert 'data-sure=""' in line


def test_a_reason_stands_below_the_status(tmp_path: Path) -> None:
    layer = results_layer(["a"])
    set_all(layer, "status", "partial")
    set_all(layer, "reason", "cars: 'many' is not one whole number")
    (line,) = lines(page(layer, tmp_path))
    assert 'partly answered<div class="p">cars: &#x27;many&#x27; is not one whole number</div>' in line


def test_a_corrected_answer_keeps_the_model_s_below_it(tmp_path: Path) -> None:
    layer = results_layer(["a"])
    correct(layer, fids(layer)[0], "cars", 7)
    (line,) = lines(page(layer, tmp_path))
    assert "<em>7</em>" in line
    assert re.search(r"Corrected\. Model&#x27;s answer: 0</div>", line)


def test_a_right_answer_is_marked_and_a_corrected_one_has_no_confidence(tmp_path: Path) -> None:
    layer = results_layer(["a"])
    before = page(layer, tmp_path).count('class="bar')
    check(layer, fids(layer)[0], "trees")
    correct(layer, fids(layer)[0], "cars", 7)
    (line,) = lines(page(layer, tmp_path))
    assert 'yes<div class="p">Marked as right</div>' in line
    assert line.count('class="bar') == before - 2  # of the answer and of the row


def test_the_filter_offers_each_status_once(tmp_path: Path) -> None:
    layer = results_layer(["a", "b", "c"])
    index = layer.fields().indexOf("status")
    layer.dataProvider().changeAttributeValues({fids(layer)[1]: {index: "failed"}})
    options = re.findall(r'<option value="(\w*)">([^<]*)<', page(layer, tmp_path))
    assert options == [("", "Any status"), ("answered", "answered"), ("failed", "failed")]


def test_a_picture_that_is_stored_is_inline(tmp_path: Path) -> None:
    with_picture, without = lines(page(results_layer(["a", "b"]), tmp_path, 0))
    assert with_picture.count("<img") == 1
    assert "<img" not in without
    assert "picture not stored" in without


def test_a_picture_that_is_damaged_counts_as_not_stored(tmp_path: Path) -> None:
    write_report(rows_to_export(results_layer(["a"]), pictures={sha256_of(0): b"damaged"}), tmp_path / "a.html")
    assert "picture not stored" in (tmp_path / "a.html").read_text("utf-8")


def test_a_report_names_all_models(tmp_path: Path) -> None:
    layer = results_layer(["a", "b", "c"])
    index = layer.fields().indexOf("model")
    layer.dataProvider().changeAttributeValues({fids(layer)[1]: {index: "llava"}})
    assert "generated by a model (llava, rsgpt-small)" in page(layer, tmp_path)


def test_a_report_names_the_run_s_model_despite_a_user_column_named_model(tmp_path: Path) -> None:
    layer = results_layer(["a"])
    provider = layer.dataProvider()
    (model,) = {feature["model"] for feature in layer.getFeatures()}
    user_field = QgsField(layer.fields().field("model"))
    provider.renameAttributes({layer.fields().indexOf("model"): "model_2"})
    provider.addAttributes([user_field])
    layer.updateFields()
    set_all(layer, "model", "Boeing 737")
    assert f"generated by a model ({model})" in page(layer, tmp_path)


def test_a_report_of_no_rows_is_a_whole_page(tmp_path: Path) -> None:
    text = page(results_layer([]), tmp_path)
    assert lines(text) == []
    assert "Rows: 0." in text
    assert text.endswith("</body></html>\n")


def test_a_stopped_report_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        write_report(rows_to_export(results_layer(["a", "b"]), progress=stop_after(50)), tmp_path / "a.html")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == []


def test_a_report_that_cannot_be_written_names_its_file(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"a\.html cannot be written"):
        write_report(rows_to_export(results_layer(["a"])), tmp_path / "missing" / "a.html")
