"""The base model and the examples that the training benchmark trains with."""

import json
from pathlib import Path

EPOCHS = 2
BATCH = 2
EXAMPLES = 200
RATE = 2e-4
RANK = 16
DROPOUT = 0.05
SEED = 7


def write_training_file(path: Path, examples: int = EXAMPLES) -> Path:
    """Conversations of some 100 tokens."""
    with path.open("w", encoding="utf-8") as out:
        for number in range(examples):
            question = f"Which clause of contract {number} deals with the deposit of the tenant?"
            answer = " ".join(
                f"Clause {number * 7 % 97 + part} says that {part} months' rent is held back."
                for part in range(1, 5)
            )
            messages = [
                {"role": "user", "content": question},
                {"role": "assistant", "content": answer},
            ]
            out.write(json.dumps({"messages": messages}) + "\n")
    return path


def make_model(folder: Path, training_file: Path) -> Path:
    """A Llama of some 3 million random weights, with a tokenizer for the examples."""
    if folder.is_dir():
        return folder
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from tunedesk.training_server.training.starter import train_tokenizer

    lines = training_file.read_text(encoding="utf-8").splitlines()
    texts = [message["content"] for line in lines for message in json.loads(line)["messages"]]
    tokenizer = train_tokenizer(texts)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=256,
        intermediate_size=704,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    torch.manual_seed(SEED)
    part = folder.with_name(f"{folder.name}.part")
    LlamaForCausalLM(config).save_pretrained(part)
    tokenizer.save_pretrained(part)
    part.rename(folder)
    return folder
