"""Small base models as they lie on this computer, without weights: a tokenizer and a template."""

import json

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from tunedesk.paths import models_dir

CHATML = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are Tiny, a model of a few words<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
_TEXTS = ["The lease ends on 31 March 2024.", "Who pays the fee?", "the tenant pays the rent"] * 20


def make_model(name="Owner/Tiny", template=CHATML, *, digits=True, lacking=0x04):
    """Put a model into the folder of models; returns its folder."""
    core = Tokenizer(models.BPE())
    by_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.pre_tokenizer = (
        pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), by_bytes])
        if digits
        else by_bytes
    )
    letters = {*pre_tokenizers.ByteLevel.alphabet()} - {chr(0x100 + lacking)}
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        show_progress=False,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=sorted(letters),
    )
    core.train_from_iterator(_TEXTS, trainer)
    folder = models_dir() / name
    folder.mkdir(parents=True)
    core.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": "<|im_end|>",
        "chat_template": template,
    }
    (folder / "config.json").write_text('{"model_type": "llama"}', encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder
