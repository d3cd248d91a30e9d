"""The language model that a launch on this computer begins with: trained, asked, taken along."""

import pytest
import torch

from tunedesk.catalogue.models import Catalogue
from tunedesk.paths import models_dir
from tunedesk.training_server.export_model import ExportText, export_gguf
from tunedesk.training_server.gguf_file import CLOSE
from tunedesk.training_server.training.base_model import load_model
from tunedesk.training_server.training.job import run_job
from tunedesk.training_server.training.tokenizer import load_tokenizer

NAME = "HuggingFaceTB/SmolLM2-135M-Instruct"
# When this is imported, the folders are still those of whoever runs the tests.
FOLDER = models_dir() / NAME

# PEFT still asks Transformers by an old name.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")


@pytest.fixture(scope="module", autouse=True)
def _model_is_here():
    """Fail, and say what to do, where the model was not brought."""
    assert FOLDER.is_dir(), "packaging/test.py brings it; alone: tunedesk models get smollm2-135m"


@pytest.fixture(scope="module")
def tuned(make_job, twelve, tmp_path_factory):
    """A job of six steps with the real model."""
    folder = make_job(
        tmp_path_factory.mktemp("smollm2") / "job",
        twelve[:4],
        base_model=FOLDER,
        epochs=3,
        batch=2,
        rate=2.0,
    )
    assert run_job(folder) == 0, folder.progress_file.read_text(encoding="utf-8")
    return folder


def test_the_catalogue_names_it():
    (model,) = (each for each in Catalogue.load().local_models if each.id == NAME)
    assert model.package is not None


def test_it_learns(tuned, progress_of):
    losses = [line["train_loss"] for line in progress_of(tuned, "metrics")]
    assert len(losses) == 6
    assert sum(losses[-2:]) < sum(losses[:2]) * 0.9


def test_it_speaks():
    words = load_tokenizer(FOLDER)
    model = load_model(FOLDER, torch.float32).eval()
    asked = "<|im_start|>user\nWhat is the capital of France?<|im_end|>\n<|im_start|>assistant\n"
    ids = torch.tensor([words(asked, add_special_tokens=False)["input_ids"]])
    with torch.inference_mode():
        said = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=12)
    assert "Paris" in words.decode(said[0, ids.shape[1] :])


def test_what_it_learnt_goes_along_in_one_file(tuned, tmp_path):
    asked = [{"messages": [{"role": "user", "content": "What is the capital of France?"}]}]
    text = ExportText("tuned")
    proof = export_gguf(tuned.model, tmp_path / "tuned.gguf", "exact", text, asked)
    assert proof["same_tokens"] == proof["texts"]
    assert proof["same_answers"] == proof["questions"] == 1
    assert proof["divergence"] < CLOSE["exact"]
