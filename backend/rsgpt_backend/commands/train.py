"""`rsgpt train`: runs a training recipe; a second call with the same folder resumes the run.

A model that was trained from scratch is calibrated at the end with the recipe's validation data.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import UsageError
from .printing import note

RECIPES = Path(__file__).parents[1] / "train" / "recipes"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `train` command."""
    parser = subparsers.add_parser("train", help="train the bridge of a model from a recipe")
    parser.add_argument("recipe", help="TOML file, or the name of a shipped recipe")
    parser.add_argument("--data", type=Path, required=True, help="folder of the files that the recipe names")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints and the trained model")
    parser.add_argument(
        "--start", metavar="MODEL", help="name or folder of the model to start from, if the recipe does not define one"
    )
    parser.add_argument("--steps", type=int, help="number of steps, instead of the recipe's")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train, save the model, and calibrate it."""
    path = next((path for path in (Path(args.recipe), RECIPES / f"{args.recipe}.toml") if path.is_file()), None)
    if path is None:
        names = ", ".join(sorted(recipe.stem for recipe in RECIPES.glob("*.toml")))
        raise UsageError(f"There is no recipe {args.recipe!r}. Give a TOML file, or one of: {names}.")
    from ..train.process_group import ProcessGroup  # noqa: PLC0415 - report wrong usage before importing torch
    from ..train.recipe import read_recipe  # noqa: PLC0415
    from ..train.trainer import Trainer  # noqa: PLC0415

    options = {"steps": args.steps, "start": args.start}
    recipe = read_recipe(path, {name: value for name, value in options.items() if value is not None})
    if recipe.validate and not recipe.start:
        from ..evaluate.caption_metrics import check_scorers  # noqa: PLC0415 - as above

        check_scorers()  # report a missing package before the training
    processes = ProcessGroup.join()
    Trainer(recipe, args.data, args.out, processes).run()
    if processes.leads and not recipe.start:
        from .evaluation.calibrating import calibrate_trained  # noqa: PLC0415 - as above

        calibrate_trained(args.out / "model", args.data, recipe.validate)
    note(f"The trained model is in {args.out / 'model'}.")
    return 0
