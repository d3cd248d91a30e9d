"""Damaged letters are found and put right; good text in any language is left alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunedesk.checks.mojibake import find_mojibake, repair_mojibake
from tunedesk.checks.text_rules import is_plain_text


def _damaged(text):
    """The text as a program shows it that takes UTF-8 for Windows-1252."""
    shown = []
    for byte in text.encode():
        letter = bytes([byte]).decode("cp1252", "replace")
        shown.append(chr(byte) if letter == "\ufffd" else letter)
    return "".join(shown)


TEXTS = [
    "café",
    "Größe und Spaß",
    "naïve “quoted” text",
    "don’t – do",
    "Привет мир",
    "Ελλάδα",
    "你好世界",
    "日本語です",
    "한국어",
    "şişe ğ ı",
    "😀 fine",
    "20 °C and more",
    "été « oui »",
    "São Paulo",
    "שלום",
    "مرحبا",
    "สวัสดี",
    "नमस्ते",
    "Việt Nam",
    "Łódź",
]


@pytest.mark.parametrize("text", TEXTS)
def test_damage_is_found_and_put_right(text):
    damaged = _damaged(text)
    assert find_mojibake(damaged) is not None
    assert repair_mojibake(damaged) == text
    assert not is_plain_text(damaged)


@pytest.mark.parametrize(
    ("damaged", "text"),
    [
        ("mesajÄ± silmem yeterli mi?", "mesajı silmem yeterli mi?"),
        ("by an alienâ\x80\x94it puts", "by an alien—it puts"),
        ("cafÃ© â€“ Ã la carte", "café – à la carte"),
    ],
)
def test_a_single_damaged_letter_is_found(damaged, text):
    assert find_mojibake(damaged) is not None
    assert repair_mojibake(damaged) == text


@pytest.mark.parametrize("text", TEXTS)
def test_good_text_is_left_alone(text):
    assert find_mojibake(text) is None
    assert repair_mojibake(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "«\u00a0café\u00a0»",
        "IRMÃ” “É» À” Ô’",
        "„Spaß“ Größe…",
        "5×½ 2×¼",
        "l’énoncé\u00a0§ 5",
        "été…” è—à",
        "CAFÉ™ É® Ñ©",
        "¿Ñandú? ¡Épico!",
        "žluťoučký kůň Š›ž",
        "Ø° Å· ï€",
        "â€",
        "Ã",
        "naïveté—",
        "„Co víš“ a „slyšíš“, náš… ÚŽASNÝ ÚŽAS",
    ],
)
def test_signs_behind_letters_are_no_damage(text):
    assert find_mojibake(text) is None


# Of each language its letters, what opens a quotation, and what may follow a word.
_LANGUAGES = {
    "French": (
        "aàâçéèêëîïôùûÀÉÈÊ",
        ("", "«\u00a0", "“"),
        ("", "\u00a0»", "”", "…", "—", "°", "\u00a0§"),
    ),
    "German": ("aäöüßÄÖÜ", ("", "„", "»"), ("", "“", "«", "…", "–", "²", "\u00a0€")),
    "Portuguese": ("aãõáéíóúâêôçÃÕÁÉÂÊÇ", ("", "“", "«"), ("", "”", "»", "…", "–")),
    "Spanish": ("aáéíóúñüÁÉÍÓÚÑ", ("", "«", "“", "¿", "¡"), ("", "»", "”", "…", "—")),
    "Turkish": ("aşğıçöüâîŞĞİÇÖÜ", ("", "“"), ("", "”", "’", "…")),
    "Swedish, Danish": ("aåäöøæÅÄÖØÆ", ("", "”", "»"), ("", "”", "«", "’", "–", "…")),
    "Czech, Slovak": (
        "aščřžýáíéúůďťňäôŠČŘŽÝÁÍÉÚÓÔ",
        ("", "„", "‚"),
        ("", "“", "‘", "–", "…", "\u00a0°"),
    ),
    "Polish": ("aąćęłńóśźżÓŁŚŻ", ("", "„", "«"), ("", "”", "»", "–", "…")),
    "Romanian": ("aăâîșțĂÂÎȘȚ", ("", "„", "«"), ("", "”", "»", "–", "…")),
    "Icelandic": ("aáðéíóúýþæöÁÐÉÍÓÚÝÞÆÖ", ("", "„", "‚"), ("", "“", "‘", "–", "…")),
    "Vietnamese": ("aăâđêôơưáàảãạếềểễệÂÊÔ", ("", "“"), ("", "”", "…", "–")),
    "Russian": ("абвгдежзийклмнтыю", ("", "«", "„"), ("", "»", "“", "—", "…", "№")),
    "Chinese": ("你好世界", ("", "“", "《"), ("", "，", "。", "”", "》", "……", "——")),
}


def _sentences(language):
    letters, opening, closing = language
    word = st.text(alphabet=letters, min_size=1, max_size=6)
    parts = st.tuples(st.sampled_from(opening), word, st.sampled_from(closing), st.just(" "))
    return st.lists(parts.map("".join), max_size=8).map("".join)


_letters = st.sampled_from(sorted(_LANGUAGES.values())).flatmap(_sentences)


@settings(max_examples=300)
@given(_letters)
def test_words_of_any_language_are_left_alone(text):
    assert repair_mojibake(text) == text


@settings(max_examples=300)
@given(_letters)
def test_repairing_twice_changes_nothing_more(text):
    repaired = repair_mojibake(_damaged(text))
    assert repair_mojibake(repaired) == repaired


@given(st.text(max_size=8), _letters)
def test_the_quick_look_misses_nothing(text, letters):
    for damaged in (_damaged(text), _damaged(letters)):
        if find_mojibake(damaged) is not None:
            assert not is_plain_text(damaged)
