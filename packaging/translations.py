"""Makes and updates the catalogues of translated texts: run it in the environment of the tests.

    python packaging/translations.py template          all texts of src/ into tunedesk.pot
    python packaging/translations.py update de fr      catalogues of languages, new or brought up
    python packaging/translations.py compile           what the program reads, tunedesk.mo

A catalogue is `LANGUAGE/LC_MESSAGES/tunedesk.po` in resources/translations; translators edit it
with any gettext editor. Texts marked as fuzzy are not shown until somebody has looked at them.
"""

import argparse
import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

REPOSITORY = Path(__file__).resolve().parents[1]
TRANSLATIONS = REPOSITORY / "resources" / "translations"
DOMAIN = "tunedesk"
KEYWORDS = {"_": None, "ngettext": (1, 2)}
COMMENT = "Translators:"
CREATED = datetime.datetime(2026, 11, 27, tzinfo=datetime.UTC)
"""Always the same, so that the template changes only with the texts."""
RESOURCES = {
    "models.json": {"note", "price_source", "shutdown_source"},
    "providers.json": {"title", "explanation", "address_hint", "suffix_rule", "ends_note"},
    "targets.json": {"title"},
}
"""The entries of resources that people read; what loads them gives them to `_`."""


def template() -> Catalog:
    """All texts for people in src/ and resources/, with the files that they stand in."""
    catalog = Catalog(project="Tunedesk", charset="utf-8", creation_date=CREATED, fuzzy=False)
    source = REPOSITORY / "src"
    found = extract_from_dir(
        source, method_map=[("**.py", "python")], keywords=KEYWORDS, comment_tags=[COMMENT]
    )
    for file, _line, message, comments, context in found:
        # Without line numbers: they would change with every edit of a file.
        where = [(f"src/{file}", 0)]
        catalog.add(message, None, where, auto_comments=comments, context=context)
    for file, names in RESOURCES.items():
        value = json.loads((REPOSITORY / "resources" / file).read_text(encoding="utf-8"))
        for text in entries(value, names):
            catalog.add(text, None, [(f"resources/{file}", 0)])
    return catalog


def entries(value: Any, names: set[str]) -> Iterator[str]:
    """The texts that stand under these names, however deep, in a JSON value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in names and isinstance(inner, str) and inner:
                yield inner
            yield from entries(inner, names)
    elif isinstance(value, list):
        for inner in value:
            yield from entries(inner, names)


def write_template(folder: Path = TRANSLATIONS) -> Path:
    """Write the template; returns its path."""
    path = folder / f"{DOMAIN}.pot"
    with path.open("wb") as file:
        write_po(file, template(), sort_by_file=True, include_lineno=False)
    return path


def update(languages: list[str]) -> None:
    """Make the catalogues of languages, or bring those that are there up to the texts of today."""
    texts = template()
    for language in languages:
        path = TRANSLATIONS / language / "LC_MESSAGES" / f"{DOMAIN}.po"
        catalog = Catalog(locale=Locale.parse(language), project="Tunedesk", fuzzy=False)
        if path.exists():
            with path.open("rb") as file:
                catalog = read_po(file, locale=language)
        catalog.update(texts)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, catalog, sort_by_file=True, include_lineno=False)


def compile_all() -> None:
    """Write what the program reads beside each catalogue."""
    for path in TRANSLATIONS.glob(f"*/LC_MESSAGES/{DOMAIN}.po"):
        with path.open("rb") as file:
            catalog = read_po(file)
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, catalog)


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("action", choices=("template", "update", "compile"))
    parser.add_argument("languages", nargs="*", metavar="LANGUAGE", help="such as de or pt_BR")
    options = parser.parse_args()
    if options.action == "template":
        print(write_template())
    elif options.action == "update":
        if not options.languages:
            parser.error("update needs a language, such as de")
        update(options.languages)
    else:
        compile_all()


if __name__ == "__main__":
    main()
