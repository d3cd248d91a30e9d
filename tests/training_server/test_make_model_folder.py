"""A GGUF file becomes a model folder, or a sentence says why not."""

import json

import gguf
import numpy as np
import pytest
import torch
from tests.training_server.made_gguf import write_gguf
from transformers import AutoModelForCausalLM, AutoTokenizer

from tunedesk.errors import UserError
from tunedesk.training_server.make_model_folder import folder_of_gguf
from tunedesk.training_server.models import BaseModels
from tunedesk.training_server.settings import ServerSettings

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


def test_a_file_becomes_a_folder_that_the_server_offers(tmp_path):
    file = write_gguf(tmp_path / "tiny.gguf")
    (tmp_path / "LICENSE").write_text("free", encoding="utf-8")
    folder = tmp_path / "models" / "tiny"
    folder_of_gguf(file, folder, "It was made for a test.")
    assert not folder.with_name("tiny.part").exists()
    models = BaseModels(ServerSettings(tmp_path / "server", "", models_dir=folder.parent), 0)
    assert [model.name for model in models.list()] == ["tunedesk-starter", "tiny"]
    assert models.left_out() == []
    model = AutoModelForCausalLM.from_pretrained(folder)
    assert model.dtype == torch.bfloat16
    tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(file).tensors}
    found = tensors["blk.1.ffn_down.weight"]
    exact = gguf.dequantize(found.data, found.tensor_type)
    weights = model.model.layers[1].mlp.down_proj.weight.detach()
    assert np.array_equal(weights.float().numpy(), torch.tensor(exact).bfloat16().float().numpy())
    tokenizer = AutoTokenizer.from_pretrained(folder)
    # Each digit by itself, although the file knows the two together; other pieces as it says.
    assert tokenizer.tokenize("12th") == ["1", "2", "th"]
    # The mark after an answer is what the template writes there, beside the tokenizer's own.
    assert json.loads((folder / "generation_config.json").read_text())["eos_token_id"] == [0, 2]
    asked = [{"role": "user", "content": "hi"}]
    text = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
    assert text == "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "license: apache-2.0" in card
    assert "Q4_1" in card
    assert "It was made for a test." in card
    assert (folder / "LICENSE").read_text(encoding="utf-8") == "free"


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda data: data[: len(data) // 3], "cannot be read as a GGUF"),
        (lambda data: data[:6], "cannot be read as a GGUF"),
        (lambda _data: b"", "cannot be read as a GGUF"),
        (lambda data: b"PK" + data[2:], "cannot be read as a GGUF"),
        (lambda data: data.replace(b"llama", b"lamma"), "cannot be turned into a model folder"),
    ],
    ids=["cut off", "cut off early", "empty", "something else", "a family nobody knows"],
)
def test_what_cannot_be_read_is_a_sentence_and_leaves_nothing(tmp_path, spoil, sentence):
    file = write_gguf(tmp_path / "tiny.gguf")
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(UserError, match=sentence):
        folder_of_gguf(file, tmp_path / "models" / "tiny")
    assert not list((tmp_path / "models").glob("*"))


def test_one_part_of_several_is_told_what_to_do(tmp_path):
    file = write_gguf(tmp_path / "tiny.gguf", pieces=3)
    with pytest.raises(UserError, match="gguf-split --merge"):
        folder_of_gguf(file, tmp_path / "models" / "tiny")
