"""What the template of the catalogues holds."""

import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def translations(monkeypatch):
    monkeypatch.syspath_prepend(str(REPOSITORY / "packaging"))
    import translations

    yield translations
    sys.modules.pop("translations")


def test_the_template_holds_texts_of_the_source_and_of_resources(translations, tmp_path):
    with translations.write_template(tmp_path).open("rb") as file:
        catalog = read_po(file)
    assert ("src/tunedesk/gui/action_table.py", None) in catalog["Add message"].locations
    assert catalog["This computer"].locations[0][0].startswith("resources/")
    assert any(isinstance(message.id, tuple) for message in catalog)
    assert len(catalog) > 1000


def test_a_catalogue_keeps_what_was_translated(translations, tmp_path, monkeypatch):
    monkeypatch.setattr(translations, "TRANSLATIONS", tmp_path)
    translations.update(["de"])
    path = tmp_path / "de" / "LC_MESSAGES" / "tunedesk.po"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace('msgid "Add message"\nmsgstr ""', 'msgid "Add message"\nmsgstr "Neu"'),
        encoding="utf-8",
    )
    translations.update(["de"])
    translations.compile_all()
    with path.open("rb") as file:
        assert read_po(file)["Add message"].string == "Neu"
    assert path.with_suffix(".mo").stat().st_size > 100
