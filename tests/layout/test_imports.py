"""Allowed imports: plugin and backend share one package, and within each, imports go in one direction."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from tests.layout.source import Source, sources, under

BACKEND_MODULES = {"torch", "transformers", "rsgpt_backend", "backend", "requests", "starlette", "safetensors", "PIL"}
PLUGIN_MODULES = {"qgis", "osgeo", "processing", "rsgpt_plugin"}
ENDPOINT = "rsgpt_plugin/client/server/endpoint.py"
WIDGETS = ("qgis.gui", "qgis.PyQt.QtWidgets", "qgis.utils")

# Folders of the plugin, and what each may import besides itself, the errors, and the standard library.
PLUGIN = {
    "shared": set(),
    "core": {"shared"},
    "geo": {"core", "shared", "encoding", "unexpected"},
    "client": {"core", "shared", "encoding", "unexpected"},
    "processing": {"core", "shared", "geo", "client", "icons", "unexpected"},
    "services": {"core", "shared", "geo", "client", "processing", "unexpected"},
    "gui": {"core", "shared", "geo", "client", "processing", "services", "icons"},
    "plugin": {"core", "shared", "geo", "client", "processing", "services", "gui"},
    "encoding": set(),
    "icons": {"core"},
    "unexpected": {"shared"},
    "errors": {"shared"},
    "__init__": set(),
}
BACKEND = {
    "__main__": {"cli"},
    "cli": {"commands"},
    "commands": {
        "batch",
        "benchmark",
        "convert",
        "data",
        "engine",
        "evaluate",
        "model",
        "predictor",
        "search",
        "server",
        "train",
    },
    "benchmark": {"engine", "model", "predictor"},
    "batch": {"data", "predictor"},
    "server": {"data", "predictor"},
    "evaluate": {"data", "engine", "model", "predictor"},
    "train": {"convert", "data", "model"},
    "convert": {"model"},
    "search": {"engine", "model", "predictor"},
    "engine": {"model", "predictor"},
}


def tops(source: Source) -> set[str]:
    return {module.split(".")[0] for level, module in source.imports() if level == 0}


def plugin_imports(source: Source) -> Iterator[str]:
    """Yield the imports of the plugin and of QGIS, except for the shared package."""
    for level, module in source.imports():
        is_shared = module == "rsgpt_plugin.shared" or module.startswith("rsgpt_plugin.shared.")
        if level == 0 and module.split(".")[0] in PLUGIN_MODULES and not is_shared:
            yield module


def target(source: Source, level: int, module: str) -> str:
    """Return the folder that a relative import refers to."""
    here = source.name.removesuffix(".py").split("/")[:-level]
    side = 2 if here[0] == "backend" else 1
    return [*here, *module.split(".")][side]


def relative(source: Source) -> set[str]:
    return {target(source, level, module) for level, module in source.imports() if level}


def test_the_plugin_does_not_import_the_backend() -> None:
    assert {s.name: tops(s) & BACKEND_MODULES for s in under("rsgpt_plugin/") if tops(s) & BACKEND_MODULES} == {}


def test_only_in_process_imports_the_backend_by_name() -> None:
    """It imports the backend by name on the first question."""
    by_name = [s.name for s in under("rsgpt_plugin/") if tops(s) & {"importlib", "runpy", "imp"}]
    assert by_name == ["rsgpt_plugin/client/in_process.py"]


def test_the_backend_imports_only_the_shared_package_of_the_plugin() -> None:
    foreign = {s.name: sorted(plugin_imports(s)) for s in under("backend/")}
    assert {name: found for name, found in foreign.items() if found} == {}


def test_the_shared_package_imports_only_numpy() -> None:
    allowed = set(sys.stdlib_module_names) | {"numpy"}
    assert {s.name: tops(s) - allowed for s in under("rsgpt_plugin/shared/") if tops(s) - allowed} == {}


def test_the_plugin_imports_itself_relatively() -> None:
    assert [s.name for s in under("rsgpt_plugin/") if tops(s) & {"rsgpt_plugin", "rsgpt"}] == []


def test_imports_of_the_plugin_go_in_one_direction() -> None:
    allowed = {s.name: PLUGIN[s.package] | {s.package, "errors"} for s in under("rsgpt_plugin/")}
    wrong = {s.name: relative(s) - allowed[s.name] for s in under("rsgpt_plugin/")}
    assert {name: found for name, found in wrong.items() if found} == {}


def test_imports_of_the_backend_go_in_one_direction() -> None:
    common = {"errors", "home", "strict_json", "__version__"}
    allowed = {s.name: BACKEND.get(s.package, set()) | common | {s.package} for s in under("backend/")}
    wrong = {s.name: relative(s) - allowed[s.name] for s in under("backend/")}
    assert {name: found for name, found in wrong.items() if found} == {}


def test_core_and_processing_do_not_import_widgets() -> None:
    for folder in ("shared", "core", "geo", "client", "processing"):
        found = under(f"rsgpt_plugin/{folder}/")
        assert [s.name for s in found for _, module in s.imports() if module.startswith(WIDGETS)] == []


def test_imagery_and_results_import_nothing_from_each_other() -> None:
    for folder, other in (("imagery", "results"), ("results", "imagery")):
        found = under(f"rsgpt_plugin/geo/{folder}/")
        assert [s.name for s in found for _, module in s.imports() if module.split(".")[0] == other] == []


def test_the_environment_does_not_import_qgis() -> None:
    pure = [*under("rsgpt_plugin/core/"), *under("rsgpt_plugin/shared/"), *under("rsgpt_plugin/client/environment/")]
    pure += [s for s in sources() if s.name in ("rsgpt_plugin/client/installed_models.py", ENDPOINT)]
    assert [s.name for s in pure if tops(s) & PLUGIN_MODULES] == []


def test_relative_imports_are_resolved() -> None:
    (gateway,) = [s for s in sources() if s.name == "rsgpt_plugin/client/server/gateway.py"]
    assert relative(gateway) == {"client", "errors", "shared"}
