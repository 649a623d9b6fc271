"""`rsgpt train`: run a recipe; a second call in the same folder goes on where the first one stopped.

A model that began with no other's weights is calibrated at the end, by the recipe's validation data.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import UsageError
from .printing import note

_RECIPES = Path(__file__).parents[1] / "train" / "recipes"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `train` command."""
    parser = subparsers.add_parser("train", help="train the bridge of a model from a recipe")
    parser.add_argument("recipe", help="a TOML file, or the name of a shipped recipe")
    parser.add_argument("--data", type=Path, required=True, help="the folder that the recipe's files lie in")
    parser.add_argument("--out", type=Path, required=True, help="a folder for checkpoints and the finished model")
    parser.add_argument(
        "--start", metavar="MODEL", help="the model to start from, a name or a folder, for a recipe without one"
    )
    parser.add_argument("--steps", type=int, help="steps in place of the recipe's")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train to the end."""
    path = next((p for p in (Path(args.recipe), _RECIPES / f"{args.recipe}.toml") if p.is_file()), None)
    if path is None:
        known = ", ".join(sorted(recipe.stem for recipe in _RECIPES.glob("*.toml")))
        raise UsageError(f"There is no recipe {args.recipe!r}. Give a TOML file, or one of: {known}.")
    from ..train.process_group import ProcessGroup  # noqa: PLC0415 - wrong use is told before torch is imported
    from ..train.recipe import read_recipe  # noqa: PLC0415
    from ..train.trainer import Trainer  # noqa: PLC0415

    given = {"steps": args.steps, "start": args.start}
    recipe = read_recipe(path, {name: value for name, value in given.items() if value is not None})
    if recipe.validate and not recipe.start:
        from ..evaluate.caption_metrics import check_scorers  # noqa: PLC0415 - as above

        check_scorers()  # before the training, not after it
    crew = ProcessGroup.join()
    Trainer(recipe, args.data, args.out, crew).run()
    if crew.leads and not recipe.start:
        from .calibrating import calibrate_trained  # noqa: PLC0415 - as above

        calibrate_trained(args.out / "model", args.data, recipe.validate)
    note(f"The trained model is in {args.out / 'model'}.")
    return 0
