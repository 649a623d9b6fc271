"""Makes scenes.tif and truth.json from the UC Merced images and captions. Not used by the plugin itself.

python make_demo.py FOLDER: a folder that holds ucm_images.zip and ucm_captions_val.json.
"""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

import numpy as np
from osgeo import gdal, osr

HERE = Path(__file__).parent
COLUMNS, SIDE, METRES = 6, 256, 0.3

# Row by row from the north west; every class of the data set once, three of them twice.
TILES = """
harbor81 beach84 storagetanks80 denseresidential82 golfcourse85 airplane84
freeway86 forest87 tenniscourt83 parkinglot87 river84 baseballdiamond85
sparseresidential81 intersection86 buildings82 agricultural94 mobilehomepark83 runway84
airplane81 mediumresidential84 chaparral83 overpass87 storagetanks85 tenniscourt85
""".split()


def main(folder: Path) -> None:
    """Write both files beside this one."""
    listed = json.loads((folder / "ucm_captions_val.json").read_text(encoding="utf-8"))["annotations"]
    known = {Path(entry["filename"]).stem: entry for entry in listed}
    truth = [
        {"row": n // COLUMNS, "column": n % COLUMNS, **{key: known[name][key] for key in ("filename", "scene")}}
        for n, name in enumerate(TILES)
    ]
    write_mosaic(folder / "ucm_images.zip", HERE / "scenes.tif")
    (HERE / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")


def write_mosaic(images: Path, path: Path) -> None:
    """One JPEG-compressed GeoTIFF whose blocks are the images."""
    rows = len(TILES) // COLUMNS
    memory = gdal.GetDriverByName("MEM").Create("", COLUMNS * SIDE, rows * SIDE, 3)
    with zipfile.ZipFile(images) as archive:
        for n, name in enumerate(TILES):
            pixels = decode(archive.read(f"{name}.jpg"))
            memory.WriteArray(pixels, n % COLUMNS * SIDE, n // COLUMNS * SIDE)
    # A made-up place: round numbers in UTM zone 11 north.
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32611)
    memory.SetSpatialRef(reference)
    memory.SetGeoTransform((500000.0, METRES, 0.0, 3700000.0, 0.0, -METRES))
    options = ["COMPRESS=JPEG", "PHOTOMETRIC=YCBCR", "JPEG_QUALITY=95", "TILED=YES"]
    gdal.GetDriverByName("GTiff").CreateCopy(str(path), memory, options=options).FlushCache()


def decode(data: bytes) -> np.ndarray:
    """3 x SIDE x SIDE, uint8."""
    gdal.FileFromMemBuffer("/vsimem/image.jpg", data)
    pixels = gdal.Open("/vsimem/image.jpg").ReadAsArray()
    gdal.Unlink("/vsimem/image.jpg")
    if pixels.shape != (3, SIDE, SIDE):
        raise ValueError(f"an image is {pixels.shape}, not 3 x {SIDE} x {SIDE}")
    return pixels


if __name__ == "__main__":
    main(Path(sys.argv[1]))
