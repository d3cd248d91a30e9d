"""The base models on the Fine-tune page: cards, downloads, and the way to a training."""

import json
import threading

import pytest

from tunedesk.errors import UserError
from tunedesk.gui.fine_tune import models_view
from tunedesk.paths import models_dir
from tunedesk.services import local_models

SMOLLM2 = "HuggingFaceTB/SmolLM2-135M-Instruct"
GEMMA = "google/gemma-3-270m-it"


def put_here(name):
    folder = models_dir() / name
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({}), encoding="utf-8")


@pytest.fixture
def models(page, qtbot):
    page.models_chip.click()
    qtbot.waitUntil(lambda: page.models.every.count is not None)
    return page.models


def shown(card):
    buttons = (card.terms, card.download, card.stop, card.train, card.elsewhere)
    return [button.text() for button in buttons if not button.isHidden()]


def test_a_card_says_what_a_model_is_good_for_and_whether_it_fits(models):
    starter, smollm2 = models.cards["tunedesk-starter"], models.cards[SMOLLM2]
    assert not starter.state.isHidden()
    assert starter.state.text() == "Built in"
    assert shown(starter) == ["Train with it…"]
    assert shown(smollm2) == ["Download 92.9 MB"]
    assert smollm2.badge.text().startswith("fits")
    assert smollm2.memory.text().partition(":")[0] in ("little", "comfortable", "tight")
    assert "on the disk" in models.machine.text()
    assert shown(models.cards[GEMMA]) == ["Read and accept terms…", "Download 536 MB"]


def test_what_does_not_fit_is_shown_only_when_it_is_asked_for(page, qtbot, monkeypatch):
    small = models_view.Machine("cpu", "this computer", 3 * 10**9, 2 * 10**9, 10**12)
    monkeypatch.setattr(
        "tunedesk.gui.fine_tune.launch.launch_estimate.detect_hardware", lambda _folder: small
    )
    page.models_chip.click()
    qtbot.waitUntil(lambda: page.models.every.count is not None)
    models = page.models
    large = models.cards["Qwen/Qwen3-4B-Instruct-2507"]
    assert large.isHidden()
    assert models.fitting.count < models.every.count
    models.every.click()
    assert not large.isHidden()
    assert large.state.text() == "Too big here"
    assert shown(large) == ["Train elsewhere…"]
    assert large.memory.text().startswith("too much: about")


def test_a_model_that_is_here_is_trained_with_by_a_click(page, qtbot, monkeypatch):
    put_here(SMOLLM2)
    page.models_chip.click()
    qtbot.waitUntil(lambda: page.models.every.count is not None)
    card = page.models.cards[SMOLLM2]
    assert card.state.text() == "Here"
    assert card.property("tone") == "accent"
    asked = []
    monkeypatch.setattr(page._work, "new_run", asked.append)
    card.train.click()
    assert asked[0].base_model == SMOLLM2
    assert asked[0].provider == "local"
    page.runs_chip.click()
    assert page.parts.currentWidget() is page.stack


def test_a_download_shows_how_far_it_is_and_can_be_stopped(models, qtbot, monkeypatch):
    begun = threading.Event()

    def get(model, progress):
        while True:
            progress(model.download_bytes // 2, model.download_bytes)
            begun.set()
            begun.wait(0.01)

    monkeypatch.setattr(local_models, "get", get)
    card = models.cards[SMOLLM2]
    card.download.click()
    qtbot.waitUntil(lambda: card.bar.value() == 500)
    assert shown(card) == ["Stop"]
    assert card.detail.text() == "46.4 MB of 92.9 MB"
    card.stop.click()
    qtbot.waitUntil(lambda: shown(card) == ["Download 92.9 MB"])
    assert card.bar.isHidden()


def test_a_download_that_was_begun_goes_on(page, qtbot):
    (models_dir() / "Qwen" / "Qwen3-0.6B.part").mkdir(parents=True)
    page.models_chip.click()
    qtbot.waitUntil(lambda: page.models.every.count is not None)
    assert "Go on with the download" in shown(page.models.cards["Qwen/Qwen3-0.6B"])


def test_one_that_fails_is_said_in_a_sentence(models, qtbot, monkeypatch):
    def get(model, progress):
        raise UserError("The index cannot be reached.", "Try again later.")

    monkeypatch.setattr(local_models, "get", get)
    models.cards[SMOLLM2].download.click()
    qtbot.waitUntil(lambda: bool(models._feedback.toasts()))
    qtbot.waitUntil(lambda: shown(models.cards[SMOLLM2]) == ["Download 92.9 MB"])


def test_a_model_of_ones_own_is_added_and_can_be_trained_with(models, qtbot, tmp_path):
    source = tmp_path / "legal-1b"
    source.mkdir()
    (source / "config.json").write_text("{}", encoding="utf-8")
    (source / "model.safetensors").write_bytes(b"x" * 2000)
    models.add_own(source / "config.json")
    qtbot.waitUntil(lambda: "legal-1b" in models.cards)
    card = models.cards["legal-1b"]
    qtbot.waitUntil(lambda: shown(card) == ["Train with it…"])
    assert card.state.text() == "Here"
    assert models.add.isEnabled()
    local_models.remove("legal-1b")
    models._look.refresh()
    qtbot.waitUntil(lambda: "legal-1b" not in models.cards)


def test_what_cannot_be_added_is_said_in_a_sentence(models, qtbot, tmp_path):
    letters = tmp_path / "letters.gguf"
    letters.write_bytes(b"no model")
    models.add_own(letters)
    qtbot.waitUntil(lambda: bool(models._feedback.toasts()), timeout=30_000)
    qtbot.waitUntil(models.add.isEnabled)
    assert models.every.count == len(models.cards)
