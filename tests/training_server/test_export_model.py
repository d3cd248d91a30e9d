"""A model that is taken along answers as it did here."""

import json
import warnings

import pytest
import torch
from peft import LoraConfig, get_peft_model
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from tunedesk.errors import UserError
from tunedesk.training_server.export_model import (
    CLOSE,
    export_adapter,
    export_folder,
    export_gguf,
    main,
)
from tunedesk.training_server.training.base_model import load_model

# PEFT still asks Transformers by an old name.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")

TEXTS = ("Hello there.", "Room 12, 3 nights", "é ü 😀\n<|im_end|>")
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def tokenizer():
    """One that cuts texts as SmolLM's does."""
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    core.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    core.train_from_iterator(
        ["Hello there, the room has 12 beds for 3 nights."] * 3,
        trainers.BpeTrainer(
            vocab_size=320,
            show_progress=False,
            special_tokens=special,
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        ),
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        unk_token="<|endoftext|>",
        pad_token="<|im_end|>",
        chat_template=TEMPLATE,
    )


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    """The folder of an adapter to a small model of SmolLM's family."""
    base, folder = tmp_path_factory.mktemp("base"), tmp_path_factory.mktemp("tuned")
    words = tokenizer()
    torch.manual_seed(3)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(words),
            hidden_size=96,
            intermediate_size=192,
            num_hidden_layers=2,
            num_attention_heads=6,
            num_key_value_heads=3,
            max_position_embeddings=256,
            tie_word_embeddings=True,
            rope_theta=100_000.0,
            bos_token_id=words.bos_token_id,
            eos_token_id=words.eos_token_id,
            initializer_range=0.2,
        )
    ).to(torch.bfloat16)
    model.save_pretrained(base)
    words.save_pretrained(base)
    loaded = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    with warnings.catch_warnings():
        # PEFT still asks Transformers by an old name.
        warnings.simplefilter("ignore", FutureWarning)
        wrapped = get_peft_model(
            loaded, LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM")
        )
    for name, weights in wrapped.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weights, std=0.05)
    wrapped.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def logits(model, words, text):
    ids = words(text, add_special_tokens=False)["input_ids"]
    with torch.inference_mode():
        return model(torch.tensor([ids])).logits[0].float()


def test_a_folder_holds_the_tuned_weights_in_one(tuned, tmp_path):
    card = tmp_path / "card.md"
    card.write_text("# Mine\n", encoding="utf-8")
    export_folder(tuned, tmp_path / "out", card)
    fresh = AutoModelForCausalLM.from_pretrained(tmp_path / "out", dtype=torch.float32)
    words = AutoTokenizer.from_pretrained(tmp_path / "out")
    here = load_model(tuned, torch.float32)
    base = here.get_base_model()
    for text in TEXTS:
        expected = logits(here, words, text)
        found = logits(fresh, words, text)
        with here.disable_adapter():
            untuned = logits(base, words, text)
        assert (found - expected).abs().max() < (untuned - expected).abs().max() / 5
    assert fresh.config.dtype == torch.float32
    held = json.loads((tmp_path / "out" / "config.json").read_text(encoding="utf-8"))
    assert held["dtype"] == "bfloat16"
    assert (tmp_path / "out" / "README.md").read_text(encoding="utf-8") == "# Mine\n"
    assert words.chat_template == TEMPLATE
    loaded = json.loads((tmp_path / "out" / "tokenizer_config.json").read_text(encoding="utf-8"))
    assert not {"is_local", "local_files_only"} & set(loaded)


def test_an_adapter_names_its_base_and_no_folder_of_this_computer(tuned, tmp_path):
    export_adapter(tuned, tmp_path / "out", "maker/base", None)
    held = (tmp_path / "out" / "adapter_config.json").read_text(encoding="utf-8")
    assert json.loads(held)["base_model_name_or_path"] == "maker/base"
    assert str(tuned.parent.parent) not in held
    assert (tmp_path / "out" / "adapter_model.safetensors").is_file()


@pytest.mark.parametrize("size", ["exact", "smaller"])
def test_a_gguf_file_answers_as_the_model(tuned, tmp_path, size):
    out = tmp_path / f"{size}.gguf"
    proof = export_gguf(tuned, out, size, "mine", TEXTS)
    assert proof.questions == proof.same_tokens == len(TEXTS)
    assert proof.divergence < CLOSE[size]
    words = AutoTokenizer.from_pretrained(tmp_path, gguf_file=out.name)
    assert words.eos_token == "<|im_end|>"
    assert words.chat_template == TEMPLATE


def test_smaller_is_smaller(tuned, tmp_path):
    for size in ("exact", "smaller"):
        export_gguf(tuned, tmp_path / size, size, "mine", TEXTS[:1])
    assert (tmp_path / "smaller").stat().st_size < (tmp_path / "exact").stat().st_size


def test_a_family_that_is_not_proved_is_refused_with_a_way_out(base_folder, tmp_path):
    with pytest.raises(UserError, match="convert_hf_to_gguf"):
        export_gguf(base_folder("qwen3"), tmp_path / "a.gguf", "exact", "mine", TEXTS)
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_already_stays(tuned, tmp_path, capsys):
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    assert main([str(tuned), "adapter", str(tmp_path / "out")]) == 1
    told = json.loads(capsys.readouterr().out)
    assert "there already" in told["sentence"]
    assert (tmp_path / "out").read_text(encoding="utf-8") == "mine"


def test_a_model_without_an_adapter_says_so(base_folder, tmp_path, capsys):
    assert main([str(base_folder("llama")), "adapter", str(tmp_path / "out")]) == 1
    assert "no adapter" in json.loads(capsys.readouterr().out)["sentence"]


def test_a_way_through_a_file_is_told_in_a_sentence(tuned, tmp_path, capsys):
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    assert main([str(tuned), "adapter", str(tmp_path / "file" / "out")]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["sentence"].startswith("The model cannot be written")
    assert "room" not in told["advice"]
