"""Questions about the scenes of RSSCN7, a data set that the small model never saw, for `rsgpt evaluate questions`.

RSSCN7 (Zou et al., 2015) has seven folders of 400 pictures, a hundred at each of four scales. Every fourth is asked
about.

    python -m benchmarks.rsscn7 RSSCN7 > build/rsscn7.json
    scripts/rsgpt evaluate questions --images RSSCN7 --annotations build/rsscn7.json --json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

QUESTION = "What kind of area is this?"
SCENES = {  # other words for the same, as the data that the model learnt from calls it
    "aGrass": ("grassland", "grass", "meadow"),
    "bField": ("farmland", "field", "farm", "agricultural"),
    "cIndustry": ("industrial area", "industrial", "industry", "factory"),
    "dRiverLake": ("river", "lake", "pond"),
    "eForest": ("forest", "woods"),
    "fResident": (
        "residential area", "residential", "sparse residential", "medium residential", "dense residential",
        "sparse residential area", "medium residential area", "dense residential area",
    ),
    "gParking": ("parking lot", "parking", "car park"),
}  # fmt: skip


def questions(folder: Path) -> list[dict[str, Any]]:
    """One question a picture, with every answer that is right."""
    return [
        {
            "filename": file.name,
            "question": QUESTION,
            "answer": right[0],
            "other_answers": right[1:],
            "type": "scene",
        }
        for name, right in SCENES.items()
        for file in sorted((folder / name).glob("*.jpg"))[::4]
    ]


if __name__ == "__main__":
    json.dump({"annotations": questions(Path(sys.argv[1]))}, sys.stdout)
