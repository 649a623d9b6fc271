"""Translation files: collects the messages of the plugin, updates i18n/*.ts, and finds problems, without Qt."""

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
# Languages that must be complete; English contains only plural forms.
COMPLETE = ("zh_Hans", "en")
FORMS = {"zh_Hans": 1, "ja": 1, "ko": 1, "id": 1, "vi": 1, "tr": 1, "pl": 3, "ru": 3, "uk": 3, "cs": 3}

_PLACEHOLDER = re.compile(r"\{[^{}]*\}|%n|%L?\d")
_OPTIONAL = re.compile(r"\((\w+)\)")


@dataclass(frozen=True)
class UiMessage:
    """A message as Qt looks it up. context: the class for `self.tr`, the first argument for `translate`."""

    context: str
    source: str
    plural: bool = False


@dataclass
class _Class:
    bases: list[str]
    context: str = ""  # of its own `tr`, if it has one


@dataclass
class _MessageVisitor(ast.NodeVisitor):
    """Collects the messages of one file, with a flag for `self.tr`, where the context is the enclosing class."""

    classes: list[str] = field(default_factory=list)
    messages: list[tuple[UiMessage, bool]] = field(default_factory=list)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.classes.append(node.name)
        self.generic_visit(node)
        self.classes.pop()

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        args = [argument.value if isinstance(argument, ast.Constant) else None for argument in node.args]
        counted = any(keyword.arg == "n" for keyword in node.keywords)
        if name == "tr" and self.classes and args and isinstance(args[0], str):
            self.messages.append((UiMessage(self.classes[-1], args[0], counted or len(args) > 2), True))
        elif name == "translate" and len(args) > 1 and isinstance(args[0], str) and isinstance(args[1], str):
            self.messages.append((UiMessage(args[0], args[1], counted or len(args) > 3), False))
        elif isinstance(node.func, ast.Name) and name == "mark" and args and isinstance(args[0], str):
            self.messages.append((UiMessage("Rsgpt", args[0]), False))
        self.generic_visit(node)


def messages(folder: Path = ROOT / "rsgpt_plugin") -> list[UiMessage]:
    """Return all messages of the plugin, in the order of the files."""
    trees = [ast.parse(path.read_text("utf-8")) for path in sorted(folder.rglob("*.py"))]
    classes = {node.name: _class(node) for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    collected = [item for tree in trees for item in _messages_in(tree)]
    every = (
        UiMessage(context, message.source, message.plural)
        for message, in_class in collected
        for context in (_contexts(message.context, classes) if in_class else [message.context])
    )
    return list(dict.fromkeys(every))


def _messages_in(tree: ast.Module) -> list[tuple[UiMessage, bool]]:
    visitor = _MessageVisitor()
    visitor.visit(tree)
    return visitor.messages


def _class(node: ast.ClassDef) -> _Class:
    result = _Class([base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "") for base in node.bases])
    for method in node.body:
        if isinstance(method, ast.FunctionDef) and method.name == "tr":
            result.context = next(
                str(call.args[0].value)
                for call in ast.walk(method)
                if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant)
            )
    return result


def _contexts(name: str, classes: dict[str, _Class]) -> list[str]:
    """Return the contexts of a `tr` call: Qt uses the class name of the object, which may be of a subclass."""
    lineage = _ancestors(name, classes)
    own = next((classes[each].context for each in lineage if classes[each].context), "")
    return [own] if own else [each for each in classes if name in _ancestors(each, classes)]


def _ancestors(name: str, classes: dict[str, _Class]) -> list[str]:
    if name not in classes:
        return []
    return [name, *(each for base in classes[name].bases for each in _ancestors(base, classes))]


def languages() -> list[str]:
    """Return the languages with a file."""
    return sorted(path.stem.removeprefix("rsgpt_") for path in I18N.glob("rsgpt_*.ts"))


def file_of(language: str) -> Path:
    """Return the path of the file of a language such as zh_Hans."""
    return I18N / f"rsgpt_{language}.ts"


def read(language: str) -> dict[UiMessage, list[str]]:
    """Return the translations of a language: one text per plural form, or [] if a message is not translated."""
    path = file_of(language)
    translations: dict[UiMessage, list[str]] = {}
    for context in ET.parse(path).getroot().iter("context") if path.exists() else ():
        for node in context.iter("message"):
            plural = node.get("numerus") == "yes"
            message = UiMessage(context.findtext("name", ""), node.findtext("source", ""), plural)
            translation = node.find("translation")
            forms = [] if translation is None else translation.findall("numerusform") if plural else [translation]
            texts = [form.text or "" for form in forms]
            unfinished = translation is None or translation.get("type") is not None or not all(texts)
            translations[message] = [] if unfinished else texts
    return translations


def write(language: str, translations: dict[UiMessage, list[str]]) -> None:
    """Write the file of a language; messages without a translation are marked as unfinished."""
    root = ET.Element("TS", version="2.1", language=language, sourcelanguage="en")
    contexts: dict[str, ET.Element] = {}
    for message, texts in translations.items():
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


def required_messages(language: str) -> list[UiMessage]:
    """Return the messages that a language needs: all of them, or for English only plurals."""
    return [message for message in messages() if message.plural or language != "en"]


def update(language: str) -> None:
    """Update a file from the code. A message in a new context keeps the translation of the same text."""
    translations = read(language)
    same = {(message.source, message.plural): texts for message, texts in translations.items() if texts}
    new = {m: translations.get(m) or same.get((m.source, m.plural), []) for m in required_messages(language)}
    if language == "en":
        new = {message: _english(message.source) for message in new}
    write(language, new)


def _english(source: str) -> list[str]:
    """Return the singular and plural of a text such as “%n tile(s)”."""
    return [_OPTIONAL.sub("", source), _OPTIONAL.sub(r"\1", source)]


def missing(language: str) -> list[UiMessage]:
    """Return the messages without a translation."""
    translations = read(language)
    return [message for message in required_messages(language) if not translations.get(message)]


def fill(language: str, pairs: dict[str, str]) -> None:
    """Add translations by source text, for languages with a single plural form."""
    translations = read(language)
    write(language, {m: [pairs[m.source]] if pairs.get(m.source) else texts for m, texts in translations.items()})


def problems(language: str) -> Iterator[str]:
    """Yield the problems of a file: obsolete or missing messages, different placeholders or ends, wrong plurals."""
    translations = read(language)
    required = set(required_messages(language))
    yield from (f"{language}: obsolete: {message}" for message in translations if message not in required)
    if language in COMPLETE:
        yield from (f"{language}: not translated: {message}" for message in missing(language))
    for message, texts in translations.items():
        if message.plural and texts and len(texts) != FORMS.get(language, 2):
            yield f"{language}: wrong number of plural forms: {message}"
        for text in texts:
            yield from (f"{language}: {difference}: {message}" for difference in _differences(message, text))


def _differences(message: UiMessage, text: str) -> Iterator[str]:
    placeholders = [sorted(_PLACEHOLDER.findall(each)) for each in (message.source, text)]
    is_singular = message.plural and [*placeholders[1], "%n"] == placeholders[0]  # “a tile” needs no number
    if placeholders[0] != placeholders[1] and not is_singular:
        yield "placeholders differ"
    edges = [(each[: len(each) - len(each.lstrip())], each[len(each.rstrip()) :]) for each in (message.source, text)]
    if edges[0] != edges[1]:
        yield "spaces at the ends differ"
    source, text = message.source.rstrip(), text.rstrip()
    if source.endswith("…") != text.endswith("…") or source.endswith(".") != text.endswith(("。", ".")):
        yield "the ends differ"


def main(argv: list[str]) -> int:
    """Run a command of i18n/translate."""
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
        untranslated = {message.source: "" for message in missing(options.language)}
        print(json.dumps(untranslated, ensure_ascii=False, indent=1))
    elif options.command == "fill":
        fill(options.language, json.loads(options.file.read_text("utf-8")))
    else:
        wrong = [problem for language in languages() for problem in problems(language)]
        print("\n".join(wrong) or "All languages are up to date.")
        return bool(wrong)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
