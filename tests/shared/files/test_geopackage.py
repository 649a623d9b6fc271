"""Writing a layer into a GeoPackage without changing its other layers."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyogrio
import pytest
import shapely

from rsgpt_plugin.shared.errors import OutputError
from rsgpt_plugin.shared.files.geopackage import (
    check_replaceable,
    crs_of,
    has_style,
    holds_results,
    put_layer,
    put_style,
    remove_companions,
    set_crs,
    set_description,
    user_tables,
)

RESULT = ("caption", "image_sha256", "plugin_version")
KM = (
    'PROJCS["km",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],'
    'UNIT["degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],'
    'PARAMETER["central_meridian",-117],PARAMETER["scale_factor",0.9996],PARAMETER["false_easting",500],'
    'PARAMETER["false_northing",0],UNIT["kilometre",1000]]'
)
Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a function that adds a layer of squares to a GeoPackage."""

    def write(name: str, layer: str, columns: tuple[str, ...] = RESULT, rows: int = 3, crs: str = "EPSG:32611") -> Path:
        shapes = pa.array(shapely.to_wkb(shapely.box(range(rows), 0, range(1, rows + 1), 1)), pa.binary())
        texts = [pa.array([f"{column} {row}" for row in range(rows)], pa.string()) for column in columns]
        table = pa.table([shapes, *texts], ["geom", *columns])
        path = tmp_path / name
        pyogrio.write_arrow(
            table, path, layer, "GPKG", geometry_name="geom", geometry_type="Polygon", crs=crs, append=path.exists()
        )
        return path

    return write


def rows(path: Path, layer: str) -> list[dict[str, Any]]:
    return list(pyogrio.read_arrow(path, layer=layer)[1].to_pylist())


def check(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_put_layer_keeps_other_layers(make: Make) -> None:
    target, draft = make("a.gpkg", "parcels", ("owner",)), make("draft.gpkg", "tiles")
    parcels = rows(target, "parcels")
    put_layer(draft, "tiles", target)
    assert (rows(target, "parcels"), rows(target, "tiles")) == (parcels, rows(draft, "tiles"))
    assert [name for name, _ in pyogrio.list_layers(target)] == ["parcels", "tiles"]
    check(target)


def test_put_layer_replaces_a_layer_and_its_index(make: Make) -> None:
    target = make("a.gpkg", "tiles", rows=5)
    put_layer(make("draft.gpkg", "tiles", rows=2), "tiles", target)
    assert [row["caption"] for row in rows(target, "tiles")] == ["caption 0", "caption 1"]
    assert len(pyogrio.read_arrow(target, layer="tiles", bbox=(1.5, 0, 4, 1))[1]) == 1
    assert pyogrio.read_info(target, layer="tiles", force_feature_count=True)["features"] == 2
    check(target)


def test_a_custom_crs_is_kept_next_to_others(make: Make) -> None:
    target, draft = make("a.gpkg", "parcels", ("owner",), crs="EPSG:2056"), make("draft.gpkg", "tiles")
    set_crs(draft, "tiles", KM)
    assert crs_of(draft, "tiles") == KM
    for _ in range(2):
        put_layer(draft, "tiles", target)
    assert (crs_of(target, "tiles"), crs_of(target, "parcels")) == (KM, "EPSG:2056")
    with closing(sqlite3.connect(target)) as database:
        numbers = database.execute("SELECT srs_id FROM gpkg_spatial_ref_sys WHERE organization = 'NONE'").fetchall()
        (header,) = database.execute("SELECT substr(geom, 5, 4) FROM tiles").fetchone()
    assert sorted(number for (number,) in numbers) == [-1, 0, 100000]
    assert int.from_bytes(header, "little") == 100000
    check(target)


def test_a_custom_srs_id_in_use_is_changed_in_every_geometry(make: Make) -> None:
    target, draft = make("a.gpkg", "parcels", ("owner",)), make("draft.gpkg", "tiles")
    set_crs(target, "parcels", KM.replace('"kilometre",1000', '"foot",0.3048'))
    set_crs(draft, "tiles", KM)
    put_layer(draft, "tiles", target)
    assert crs_of(target, "tiles") == KM
    with closing(sqlite3.connect(target)) as database:
        (header,) = database.execute("SELECT substr(geom, 5, 4) FROM tiles").fetchone()
    assert int.from_bytes(header, "little") == 100001
    assert [shapely.from_wkb(row["geom"]).bounds[0] for row in rows(target, "tiles")] == [0, 1, 2]


def test_the_log_of_a_killed_program_is_applied(make: Make) -> None:
    """The log contains committed pages, which SQLite would also apply to a new file with this name."""
    target, draft = make("a.gpkg", "tiles"), make("draft.gpkg", "tiles", rows=2)
    database = sqlite3.connect(target)
    database.executescript("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE notes (a TEXT)")
    database.execute("INSERT INTO notes VALUES ('kept')")
    database.commit()
    file_and_log = target.read_bytes(), target.with_name("a.gpkg-wal").read_bytes()
    database.close()
    target.write_bytes(file_and_log[0])
    target.with_name("a.gpkg-wal").write_bytes(file_and_log[1])
    put_layer(draft, "tiles", target)
    assert len(rows(target, "tiles")) == 2
    check(target)
    with closing(sqlite3.connect(target)) as database:
        assert database.execute("SELECT a FROM notes").fetchall() == [("kept",)]


def test_a_layer_that_is_not_a_result_is_refused(make: Make) -> None:
    path = make("a.gpkg", "Tiles", ("owner",))
    with pytest.raises(OutputError, match="a layer Tiles that is not a result"):
        check_replaceable(path, "tiles")
    check_replaceable(path, "others")
    check_replaceable(make("b.gpkg", "tiles"), "tiles")


def test_a_layer_with_corrected_rows_is_refused(make: Make) -> None:
    path = make("a.gpkg", "tiles", (*RESULT, "corrected"))
    with pytest.raises(OutputError, match=r"that a person reviewed \(3\)"):
        check_replaceable(path, "tiles")
    check_replaceable(make("b.gpkg", "tiles", (*RESULT, "corrected"), rows=0), "tiles")


def test_a_file_that_is_not_a_geopackage_is_refused(tmp_path: Path) -> None:
    for content, message in ((b"my notes", "not a GeoPackage"), (b"SQLite format 3\0, half of it", "cannot be used")):
        (tmp_path / "a.gpkg").write_bytes(content)
        with pytest.raises(OutputError, match=message):
            check_replaceable(tmp_path / "a.gpkg", "tiles")
    (tmp_path / "a.gpkg").write_bytes(b"")
    check_replaceable(tmp_path / "a.gpkg", "tiles")


def test_a_file_that_is_being_edited_is_refused(make: Make) -> None:
    path = make("a.gpkg", "tiles")
    with closing(sqlite3.connect(path, isolation_level=None)) as editor:
        editor.execute("BEGIN IMMEDIATE")
        with pytest.raises(OutputError, match="being written by another program"):
            check_replaceable(path, "tiles")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no POSIX locks")
@pytest.mark.parametrize("look", [user_tables, lambda path: check_replaceable(path, "others")])
def test_locks_of_this_process_on_the_file_stay(make: Make, look: Callable[[Path], object]) -> None:
    path = make("a.gpkg", "tiles")
    begin = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0.1).execute('BEGIN IMMEDIATE')"
    with closing(sqlite3.connect(path, isolation_level=None)) as editor:
        editor.execute("BEGIN IMMEDIATE")
        with suppress(OutputError):
            look(path)
        other = subprocess.run([sys.executable, "-c", begin, str(path)], capture_output=True, text=True, check=False)
    assert "database is locked" in other.stderr


def test_a_failed_copy_changes_nothing(make: Make) -> None:
    target, draft = make("a.gpkg", "tiles"), make("draft.gpkg", "tiles", rows=2)
    with closing(sqlite3.connect(draft)) as database:
        database.executescript("DROP TRIGGER trigger_insert_feature_count_tiles; DROP TABLE gpkg_geometry_columns")
    with pytest.raises(OutputError):
        put_layer(draft, "tiles", target)
    assert len(rows(target, "tiles")) == 3
    check(target)


def test_release_removes_only_companion_files(tmp_path: Path) -> None:
    for name in ("a.gpkg", "a.gpkg-wal", "a.gpkg-shm", "a.gpkg-journal", "a.gpkg.journal"):
        (tmp_path / name).write_text("x")
    remove_companions(tmp_path / "a.gpkg")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.gpkg", "a.gpkg.journal"]


def test_results_are_recognized_by_their_columns_even_truncated(make: Make) -> None:
    assert holds_results(["IMAGE_SHA2", "plugin_ver", "status"])
    assert not holds_results(["status", "caption", "image_sha256"])
    assert user_tables(make("a.gpkg", "tiles")) == {"tiles": ["fid", "geom", *RESULT]}


def styles(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT f_table_name, styleQML, useAsDefault FROM layer_styles ORDER BY id").fetchall()


def test_put_layer_brings_style_and_description_along(make: Make) -> None:
    target, draft = make("a.gpkg", "parcels", ("owner",)), make("draft.gpkg", "tiles")
    put_style(target, "parcels", "parcel style")
    put_style(draft, "tiles", "first")
    put_style(draft, "tiles", "second")
    set_description(draft, "tiles", "of the run")
    for _ in range(2):
        put_layer(draft, "tiles", target)
    assert styles(target) == [("parcels", "parcel style", 1), ("tiles", "second", 1)]
    assert [name for name, _ in pyogrio.list_layers(target)] == ["parcels", "tiles", "layer_styles"]
    with closing(sqlite3.connect(target)) as database:
        query = "SELECT description FROM gpkg_contents WHERE table_name = 'tiles'"
        assert database.execute(query).fetchone() == ("of the run",)
    check(target)


def test_the_default_style_of_the_user_is_not_replaced(make: Make) -> None:
    target = make("a.gpkg", "tiles")
    assert not has_style(target, "tiles")
    put_style(target, "tiles", "ours")
    with closing(sqlite3.connect(target)) as database:
        database.execute("UPDATE layer_styles SET description = 'by me', styleQML = 'mine'")
        database.commit()
    put_style(target, "Tiles", "ours again")
    assert styles(target) == [("tiles", "mine", 1), ("tiles", "ours again", 0)]
    put_style(target, "tiles", "")
    assert styles(target) == [("tiles", "mine", 1)]
    assert has_style(target, "tiles")


def test_our_style_of_a_replaced_layer_is_removed_as_it_names_its_columns(make: Make) -> None:
    target, draft = make("a.gpkg", "tiles"), make("draft.gpkg", "tiles", (*RESULT, "boats"))
    for layer in ("tiles", "others"):
        put_style(target, layer, "ours")
    put_layer(draft, "tiles", target)
    assert styles(target) == [("others", "ours", 1)]
    with closing(sqlite3.connect(target)) as database:
        database.execute("UPDATE layer_styles SET description = 'by me', f_table_name = 'tiles'")
        database.commit()
    put_layer(draft, "tiles", target)
    assert styles(target) == [("tiles", "ours", 1)]


def test_a_dropped_style_table_is_created_again(make: Make) -> None:
    path = make("a.gpkg", "tiles")
    put_style(path, "tiles", "first")
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP TABLE layer_styles")
        database.commit()
    put_style(path, "tiles", "second")
    assert styles(path) == [("tiles", "second", 1)]
    assert [name for name, _ in pyogrio.list_layers(path)] == ["tiles", "layer_styles"]
    check(path)
