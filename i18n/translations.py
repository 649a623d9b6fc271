"""Collects what the plugin says, keeps i18n/*.ts in step with it and finds what they lack. Needs no Qt, no QGIS."""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
I18N = ROOT / "i18n"
# Languages without a missing sentence; English is here for its plurals alone.
COMPLETE = ("zh_Hans", "en")
FORMS = {"zh_Hans": 1, "ja": 1, "ko": 1, "id": 1, "vi": 1, "tr": 1, "pl": 3, "ru": 3, "uk": 3, "cs": 3}

_PLACEHOLDER = re.compile(r"\{[^{}]*\}|%n|%L?\d")
_OPTIONAL = re.compile(r"\((\w+)\)")


@dataclass(frozen=True)
class UiMessage:
    """What is looked up at run time. context: the class for `self.tr`, the first argument for `translate`."""

    context: str
    source: str
    plural: bool = False


@dataclass
class _Class:
    bases: list[str]
    context: str = ""  # of its own `tr`


@dataclass
class _Said(ast.NodeVisitor):
    """The messages of one file; for `self.tr` with the class in the place of the context."""

    inside: list[str] = field(default_factory=list)
    found: list[tuple[UiMessage, bool]] = field(default_factory=list)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.inside.append(node.name)
        self.generic_visit(node)
        self.inside.pop()

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        given = [argument.value if isinstance(argument, ast.Constant) else None for argument in node.args]
        counted = any(keyword.arg == "n" for keyword in node.keywords)
        if name == "tr" and self.inside and given and isinstance(given[0], str):
            self.found.append((UiMessage(self.inside[-1], given[0], counted or len(given) > 2), True))
        elif name == "translate" and len(given) > 1 and isinstance(given[0], str) and isinstance(given[1], str):
            self.found.append((UiMessage(given[0], given[1], counted or len(given) > 3), False))
        elif isinstance(node.func, ast.Name) and name == "mark" and given and isinstance(given[0], str):
            self.found.append((UiMessage("Rsgpt", given[0]), False))
        self.generic_visit(node)


def messages(folder: Path = ROOT / "rsgpt_plugin") -> list[UiMessage]:
    """Return all that the plugin may say, in the order of the files."""
    trees = [ast.parse(path.read_text("utf-8")) for path in sorted(folder.rglob("*.py"))]
    classes = {node.name: _class(node) for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    said = [found for tree in trees for found in _said(tree)]
    every = (
        UiMessage(context, message.source, message.plural)
        for message, in_class in said
        for context in (_contexts(message.context, classes) if in_class else [message.context])
    )
    return list(dict.fromkeys(every))


def _said(tree: ast.Module) -> list[tuple[UiMessage, bool]]:
    visitor = _Said()
    visitor.visit(tree)
    return visitor.found


def _class(node: ast.ClassDef) -> _Class:
    made = _Class([base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "") for base in node.bases])
    for method in node.body:
        if isinstance(method, ast.FunctionDef) and method.name == "tr":
            made.context = next(
                str(call.args[0].value)
                for call in ast.walk(method)
                if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant)
            )
    return made


def _contexts(name: str, classes: dict[str, _Class]) -> list[str]:
    """Qt takes the name of the object's class: the one that `tr` stands in, or any that derives from it."""
    lineage = _ancestors(name, classes)
    own = next((classes[each].context for each in lineage if classes[each].context), "")
    return [own] if own else [each for each in classes if name in _ancestors(each, classes)]


def _ancestors(name: str, classes: dict[str, _Class]) -> list[str]:
    if name not in classes:
        return []
    return [name, *(each for base in classes[name].bases for each in _ancestors(base, classes))]


def languages() -> list[str]:
    """Return the languages that have a file."""
    return sorted(path.stem.removeprefix("rsgpt_") for path in I18N.glob("rsgpt_*.ts"))


def file_of(language: str) -> Path:
    """Return the file of a language such as zh_Hans."""
    return I18N / f"rsgpt_{language}.ts"


def read(language: str) -> dict[UiMessage, list[str]]:
    """Return the translations of a language: one text, or as many as the language has plural forms; [] for none."""
    path = file_of(language)
    kept: dict[UiMessage, list[str]] = {}
    for context in ET.parse(path).getroot().iter("context") if path.exists() else ():
        for node in context.iter("message"):
            plural = node.get("numerus") == "yes"
            message = UiMessage(context.findtext("name", ""), node.findtext("source", ""), plural)
            translation = node.find("translation")
            forms = [] if translation is None else translation.findall("numerusform") if plural else [translation]
            texts = [form.text or "" for form in forms]
            unfinished = translation is None or translation.get("type") is not None or not all(texts)
            kept[message] = [] if unfinished else texts
    return kept


def write(language: str, kept: dict[UiMessage, list[str]]) -> None:
    """Write the file of a language; what has no text is marked as unfinished."""
    root = ET.Element("TS", version="2.1", language=language, sourcelanguage="en")
    contexts: dict[str, ET.Element] = {}
    for message, texts in kept.items():
        if message.context not in contexts:
            contexts[message.context] = ET.SubElement(root, "context")
            ET.SubElement(contexts[message.context], "name").text = message.context
        node = ET.SubElement(contexts[message.context], "message", {"numerus": "yes"} if message.plural else {})
        ET.SubElement(node, "source").text = message.source
        translation = ET.SubElement(node, "translation", {} if texts else {"type": "unfinished"})
        if not message.plural:
            translation.text = texts[0] if texts else ""
        for text in texts or [""] * FORMS.get(language, 2) if message.plural else ():
            ET.SubElement(translation, "numerusform").text = text
    ET.indent(root)
    head = '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n'
    text = ET.tostring(root, "unicode", short_empty_elements=False)
    file_of(language).write_text(f"{head}{text}\n", "utf-8", newline="\n")


def wanted(language: str) -> list[UiMessage]:
    """Return what a language has to say: all, but for English its plurals alone."""
    return [message for message in messages() if message.plural or language != "en"]


def update(language: str) -> None:
    """Bring a file in step with the code. The same words in another place keep their translation."""
    kept = read(language)
    same = {(message.source, message.plural): texts for message, texts in kept.items() if texts}
    new = {m: kept.get(m) or same.get((m.source, m.plural), []) for m in wanted(language)}
    if language == "en":
        new = {message: _english(message.source) for message in new}
    write(language, new)


def _english(source: str) -> list[str]:
    """One and many of a text such as “%n tile(s)”."""
    return [_OPTIONAL.sub("", source), _OPTIONAL.sub(r"\1", source)]


def missing(language: str) -> list[UiMessage]:
    """Return what has no translation yet."""
    kept = read(language)
    return [message for message in wanted(language) if not kept.get(message)]


def fill(language: str, pairs: dict[str, str]) -> None:
    """Take translations by source text, for languages with one form for every number."""
    kept = read(language)
    write(language, {m: [pairs[m.source]] if pairs.get(m.source) else texts for m, texts in kept.items()})


def problems(language: str) -> Iterator[str]:
    """Yield what is wrong with a file: out of step with the code, placeholders or ends that differ, wrong plurals."""
    kept = read(language)
    due = set(wanted(language))
    yield from (f"{language}: no longer said: {message}" for message in kept if message not in due)
    if language in COMPLETE:
        yield from (f"{language}: not translated: {message}" for message in missing(language))
    for message, texts in kept.items():
        if message.plural and texts and len(texts) != FORMS.get(language, 2):
            yield f"{language}: wrong number of plural forms: {message}"
        yield from (f"{language}: {what}: {message}" for text in texts for what in _differences(message, text))


def _differences(message: UiMessage, text: str) -> Iterator[str]:
    placeholders = [sorted(_PLACEHOLDER.findall(each)) for each in (message.source, text)]
    one = message.plural and [*placeholders[1], "%n"] == placeholders[0]  # “a tile” needs no number
    if placeholders[0] != placeholders[1] and not one:
        yield "placeholders differ"
    edges = [(each[: len(each) - len(each.lstrip())], each[len(each.rstrip()) :]) for each in (message.source, text)]
    if edges[0] != edges[1]:
        yield "spaces at the ends differ"
    source, text = message.source.rstrip(), text.rstrip()
    if source.endswith("…") != text.endswith("…") or source.endswith(".") != text.endswith(("。", ".")):
        yield "the ends differ"


def main(argv: list[str]) -> int:
    """The command line: see i18n/translate."""
    parser = argparse.ArgumentParser(prog="i18n/translate")
    parser.add_argument("command", choices=("update", "missing", "fill", "check"))
    parser.add_argument("language", nargs="?", default="zh_Hans")
    parser.add_argument("file", nargs="?", type=Path)
    options = parser.parse_args(argv)
    if options.command == "update":
        for language in sorted({*languages(), *COMPLETE, options.language}):
            update(language)
            print(f"{file_of(language).relative_to(ROOT)}: {len(missing(language))} to translate", file=sys.stderr)
    elif options.command == "missing":
        found = {message.source: "" for message in missing(options.language)}
        print(json.dumps(found, ensure_ascii=False, indent=1))
    elif options.command == "fill":
        fill(options.language, json.loads(options.file.read_text("utf-8")))
    else:
        found = [problem for language in languages() for problem in problems(language)]
        print("\n".join(found) or "Every language is in step with the code.")
        return bool(found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
