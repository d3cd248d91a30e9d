"""A model that is taken along answers as it did here."""

import json
import shutil
import warnings

import gguf
import pytest
import torch
from peft import LoraConfig, get_peft_model
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GPT2Config,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from tunedesk.errors import UserError
from tunedesk.services import local_models
from tunedesk.training_server import gguf_file
from tunedesk.training_server.export_model import (
    ExportText,
    export_adapter,
    export_folder,
    export_gguf,
    export_ollama,
    main,
)
from tunedesk.training_server.gguf_file import CLOSE
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
    export_folder(tuned, tmp_path / "out", ExportText(card=card))
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
    export_adapter(tuned, tmp_path / "out", ExportText(base_name="maker/base"))
    held = (tmp_path / "out" / "adapter_config.json").read_text(encoding="utf-8")
    assert json.loads(held)["base_model_name_or_path"] == "maker/base"
    assert str(tuned.parent.parent) not in held
    assert (tmp_path / "out" / "adapter_model.safetensors").is_file()


QUESTIONS = [{"messages": [{"role": "user", "content": text}]} for text in TEXTS[:2]]


@pytest.fixture(autouse=True)
def _short_answers(monkeypatch):
    monkeypatch.setattr("tunedesk.training_server.gguf_file.MOST_TOKENS", 16)


@pytest.mark.parametrize("size", ["exact", "smaller", "smallest"])
def test_a_gguf_file_answers_as_the_model(tuned, tmp_path, size):
    out = tmp_path / f"{size}.gguf"
    proof = export_gguf(tuned, out, size, ExportText("mine", licence="MIT"), QUESTIONS)
    assert proof["texts"] == proof["same_tokens"]
    assert proof["questions"] == 2
    assert proof["divergence"] < CLOSE[size]
    words = AutoTokenizer.from_pretrained(tmp_path, gguf_file=out.name)
    assert words.eos_token == "<|im_end|>"
    assert words.chat_template == TEMPLATE
    held = gguf.GGUFReader(out).fields
    assert held["general.license"].contents() == "mit"


def test_smaller_is_smaller(tuned, tmp_path):
    for size in ("exact", "smaller", "smallest"):
        export_gguf(tuned, tmp_path / size, size, ExportText(), QUESTIONS[:1])
    sizes = [(tmp_path / size).stat().st_size for size in ("exact", "smaller", "smallest")]
    assert sizes == sorted(sizes, reverse=True)
    told = local_models.export_sizes(tuned)
    assert [told[size] for size in ("exact", "smaller", "smallest")] == pytest.approx(
        sizes, rel=0.2
    )


def test_a_family_that_is_not_proved_is_refused_with_a_way_out(tuned, tmp_path):
    folder = tmp_path / "other"
    AutoModelForCausalLM.from_config(
        GPT2Config(vocab_size=400, n_embd=32, n_layer=1, n_head=2, n_positions=64)
    ).save_pretrained(folder)
    AutoTokenizer.from_pretrained(tuned).save_pretrained(folder)
    with pytest.raises(UserError, match="convert_hf_to_gguf"):
        export_gguf(folder, tmp_path / "a.gguf", "exact", ExportText(), QUESTIONS)
    assert [each.name for each in tmp_path.iterdir()] == ["other"]


def test_a_file_that_answers_otherwise_is_thrown_away(tuned, tmp_path, monkeypatch):
    turned = gguf_file._as_written
    monkeypatch.setattr(
        gguf_file, "_as_written", lambda key, values, *more: -turned(key, values, *more)
    )
    with pytest.raises(UserError, match="thrown away"):
        export_gguf(tuned, tmp_path / "a.gguf", "exact", ExportText(), QUESTIONS)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_for_ollama_has_template_system_prompt_and_stop_marks(tuned, tmp_path):
    text = ExportText("mine", licence="MIT", system='Be "kind".')
    told = export_ollama(tuned, tmp_path / "out", "exact", text, QUESTIONS)
    written = (tmp_path / "out" / "Modelfile").read_text(encoding="utf-8")
    assert written.startswith('FROM ./model.gguf\nTEMPLATE """')
    assert told["template"] in written
    assert 'SYSTEM """Be "kind"."""' in written
    assert 'PARAMETER stop "<|im_end|>"' in written
    assert 'LICENSE """MIT"""' in written
    assert told["parameters"]["stop"] == ["<|im_end|>"]
    assert told["questions"] == 2
    assert (tmp_path / "out" / "model.gguf").is_file()


def test_a_base_that_is_gone_is_named_with_what_to_do(tuned, tmp_path, capsys):
    folder = tmp_path / "tuned"
    shutil.copytree(tuned, folder)
    held = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    gone = tmp_path / "HuggingFaceTB" / "SmolLM2-135M-Instruct"
    held["base_model_name_or_path"] = str(gone)
    (folder / "adapter_config.json").write_text(json.dumps(held), encoding="utf-8")
    assert main([str(folder), "folder", str(tmp_path / "out")]) == 1
    told = json.loads(capsys.readouterr().out.splitlines()[-1])["sentence"]
    assert told.startswith("SmolLM2 135M, which")
    assert told.endswith("tunedesk models get smollm2-135m")


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
