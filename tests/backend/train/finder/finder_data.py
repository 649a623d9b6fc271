"""A data set of white cars on dark pictures, for tests of the training of a finder."""

from __future__ import annotations

import json
import random
from pathlib import Path

from PIL import Image

from rsgpt_backend.train.recipe import RecipeDataset

CARS = RecipeDataset("images", objects="cars.json", complete=("car",), absent=("airplane",), finder_weight=1.0)


def write_cars(folder: Path, pictures: int = 6) -> RecipeDataset:
    """Write pictures of 96 x 80 pixels with 0 to 3 cars of 16 x 8 pixels, and their object file."""
    (folder / "images").mkdir(parents=True)
    rng, rows = random.Random(1), []
    for number in range(pictures):
        image, objects = Image.new("RGB", (96, 80), (30, 60, 30)), []
        for index in range(number % 4):
            x, y = rng.randrange(80), 4 + 24 * index
            image.paste("white", (x, y, x + 16, y + 8))
            objects.append({"label": "car", "bbox": [x, y, 16, 8]})
        image.save(folder / "images" / f"{number}.png")
        place = "Madison" if number == 0 else "Minsk"
        rows.append({"filename": f"{number}.png", "width": 96, "height": 80, "objects": objects, "place": place})
    (folder / "cars.json").write_text(json.dumps({"annotations": rows}), encoding="utf-8")
    return CARS
