"""Writes a tuned model so that it can be taken elsewhere; a process of its own.

    python -m tunedesk.training_server.export_model FOLDER KIND OUT [--size S] [--name N]
        [--base-name B] [--licence L] [--card FILE] [--questions FILE] [--system FILE]

KIND is "folder" (the adapter merged into its base), "adapter" (the adapter alone), "gguf" (one
file, as llama.cpp, LM Studio and Ollama read it) or "ollama" (a folder with such a file and a
Modelfile). OUT must not be there yet, and is there as a whole or not at all. The last line of
stdout is a JSON object: what was proved of the file, for "ollama" with "template", "system" and
"parameters" beside it, or, with exit status 1, "sentence" and "advice".
"""

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.training_server.disk_full import is_disk_full
from tunedesk.training_server.job_folder import ADAPTER_NAME
from tunedesk.training_server.training.failures import JobFailedError, failure_of

SIZES = ("exact", "smaller", "smallest")
_QUESTIONS = ("Hello.", "What is the capital of France?", "Tell me a story about a library.")
_MOST_QUESTION_TOKENS = 2_000
"""A question that is longer is not asked: the answer to a shorter one tells as much."""


@dataclass(frozen=True)
class ExportText:
    """What is written beside the weights.

    Attributes:
        name: What the model is called.
        base_name: Its base model, as the world knows it.
        licence: The licence of the base; empty: not known.
        card: The model card; None: none.
        system: The system prompt that it was trained with; empty: none, or no common one.
    """

    name: str = ""
    base_name: str = ""
    licence: str = ""
    card: Path | None = None
    system: str = ""


def main(arguments: list[str]) -> int:
    """Do what the arguments say; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("kind", choices=("folder", "adapter", "gguf", "ollama"))
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", choices=SIZES, default="exact")
    parser.add_argument("--name", default="")
    parser.add_argument("--base-name", default="")
    parser.add_argument("--licence", default="")
    parser.add_argument("--card", type=Path)
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--system", type=Path)
    options = parser.parse_args(arguments)
    try:
        told = _export(options)
    except (UserError, JobFailedError, OSError, RuntimeError, MemoryError) as error:
        print(json.dumps(_explained(error)), flush=True)
        return 1
    print(json.dumps(told), flush=True)
    return 0


def _export(options: argparse.Namespace) -> dict[str, Any]:
    text = ExportText(
        options.name or options.out.stem,
        options.base_name,
        options.licence,
        options.card,
        options.system.read_text(encoding="utf-8") if options.system else "",
    )
    if options.kind == "adapter":
        export_adapter(options.folder, options.out, text)
        return {}
    if options.kind == "folder":
        export_folder(options.folder, options.out, text)
        return {}
    questions: Sequence[dict[str, Any]] = ()
    if options.questions is not None:
        questions = json.loads(options.questions.read_text(encoding="utf-8"))
    make = export_gguf if options.kind == "gguf" else export_ollama
    return make(options.folder, options.out, options.size, text, questions)


def _explained(error: Exception) -> dict[str, str]:
    """What went wrong, in a sentence, and what to do."""
    if isinstance(error, UserError):
        return {"sentence": error.sentence, "advice": error.advice}
    if isinstance(error, OSError):
        sentence = _("The model cannot be written: {reason}").format(
            reason=error.strerror or str(error)
        )
        advice = _("Make room on the disk.") if is_disk_full(error) else _("Take another folder.")
        return {"sentence": sentence, "advice": advice}
    failed = failure_of(error)
    if failed.code == "out_of_memory":
        return {
            "sentence": _("There is not enough memory to write this model."),
            "advice": _("Close other programs, or end the training that runs, and try again."),
        }
    return {"sentence": failed.message, "advice": ""}


def export_adapter(folder: Path, out: Path, text: ExportText) -> None:
    """Copy the adapter alone; its configuration names the base model as the world knows it.

    Raises:
        UserError: The model has none: all its weights were trained.
    """
    if not (folder / ADAPTER_NAME).is_file():
        raise UserError(
            _("This model has no adapter: all its weights were trained."),
            _("Take the model folder instead."),
        )
    with _Aside(out) as part:
        part.mkdir(parents=True)
        for file in sorted(folder.iterdir()):
            if file.is_file() and file.suffix in (".json", ".jinja", ".safetensors", ".txt"):
                shutil.copyfile(file, part / file.name)
        _clean(part / "tokenizer_config.json", _LOADED_WITH)
        config = json.loads((part / ADAPTER_NAME).read_text(encoding="utf-8"))
        config["base_model_name_or_path"] = text.base_name or config["base_model_name_or_path"]
        (part / ADAPTER_NAME).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        _copy_card(text.card, part)


def export_folder(folder: Path, out: Path, text: ExportText) -> None:
    """Write a model folder, the adapter merged into its base, as bfloat16 where the base is so."""
    model, tokenizer = _loaded(folder)
    merged = _merged(model, folder)
    merged.generation_config.eos_token_id = _ends(merged, tokenizer)
    with _Aside(out) as part:
        merged.save_pretrained(part)
        tokenizer.save_pretrained(part)
        _clean(part / "tokenizer_config.json", _LOADED_WITH)
        # What a GGUF file calls the model that the base was made of; no name of this one.
        _clean(part / "config.json", ("_model_name_or_path",))
        for weights in part.glob("*.safetensors"):
            weights.chmod(0o644)
        _copy_card(text.card, part)


def export_gguf(
    folder: Path,
    out: Path,
    size: str,
    text: ExportText,
    questions: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    """Write one GGUF file, and prove it against the model as it answers here.

    Args:
        folder: The tuned model.
        out: The file.
        size: One of `SIZES`.
        text: What is written beside the weights.
        questions: What is asked of both: "messages", and "tools" where there are any; none: a few
            of no special kind.

    Returns:
        What was proved, a `gguf_file.Proof` as an object.

    Raises:
        UserError: The family is not one that is proved, or the file answers otherwise.
    """
    model, tokenizer = _loaded(folder)
    with _Aside(out) as part:
        return _write_proved(part, model, tokenizer, folder, size, text, questions)


def export_ollama(
    folder: Path,
    out: Path,
    size: str,
    text: ExportText,
    questions: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    """Write a folder with a GGUF file and a Modelfile.

    Returns:
        What was proved, and "template", "system" and "parameters" as Ollama is to have them.

    Raises:
        UserError: As `export_gguf`, or the chat template cannot be put into Ollama's language.
    """
    from tunedesk.training_server.gguf_file import begins_with_bos
    from tunedesk.training_server.ollama_model import FILE, modelfile, ollama_model
    from tunedesk.training_server.training.base_model import context_of
    from tunedesk.training_server.training.chat_template import ChatTemplate

    model, tokenizer = _loaded(folder)
    template = ChatTemplate(tokenizer)
    bos = tokenizer.bos_token if begins_with_bos(tokenizer, template) else ""
    how = ollama_model(
        template,
        bos,
        text.system,
        tokenizer.convert_ids_to_tokens(_ends(model, tokenizer)),
        context_of(model),
    )
    with _Aside(out) as part:
        part.mkdir(parents=True)
        told = _write_proved(part / FILE, model, tokenizer, folder, size, text, questions)
        (part / "Modelfile").write_text(modelfile(how, text.licence), encoding="utf-8")
        _copy_card(text.card, part)
    return told | {"template": how.template, "system": how.system, "parameters": how.parameters}


def _write_proved(
    part: Path,
    model: Any,
    tokenizer: Any,
    folder: Path,
    size: str,
    text: ExportText,
    questions: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    from tunedesk.training_server import gguf_file
    from tunedesk.training_server.training.chat_template import ChatTemplate

    gguf_file.check_family(model, tokenizer)  # before anything that takes long
    template = ChatTemplate(tokenizer)
    asked = _question_texts(template, tokenizer, questions)
    ends = _ends(model, tokenizer)
    expected = gguf_file.answers(model, tokenizer, asked, ends)
    facts = {"name": text.name, "base_model": text.base_name, "license": text.licence.lower()}
    merged = _merged(model, folder)
    gguf_file.write_gguf(part, merged, tokenizer, template, size, facts, ends)
    del model, merged
    proof = gguf_file.prove(part, tokenizer, expected)
    if proof.same_tokens < proof.texts or proof.divergence > gguf_file.CLOSE[size]:
        raise UserError(
            _("The GGUF file does not answer as the model does, and was thrown away."),
            gguf_file.converter_advice(),
        )
    return asdict(proof)


def _question_texts(
    template: Any, tokenizer: Any, questions: Sequence[dict[str, Any]]
) -> list[str]:
    """Questions as the model reads them; those that its template cannot hold are left out."""
    plain = [{"messages": [{"role": "user", "content": each}]} for each in _QUESTIONS]
    found = []
    for each in [*questions] or plain:
        try:
            text = template.prompt(each["messages"], each.get("tools"))
        except ValueError:
            continue
        if len(tokenizer(text, add_special_tokens=False)["input_ids"]) <= _MOST_QUESTION_TOKENS:
            found.append(text)
    return found


class _Aside:
    """A name beside the one wanted, under which a file or folder is written; then renamed."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._part = out.with_name(f"{out.name}.part")

    def __enter__(self) -> Path:
        if self._out.exists():
            raise UserError(
                _("{path} is there already.").format(path=self._out), _("Give another name.")
            )
        self._out.parent.mkdir(parents=True, exist_ok=True)
        self._remove()
        return self._part

    def __exit__(self, kind: type[BaseException] | None, *_others: object) -> None:
        if kind is None:
            self._part.rename(self._out)
        self._remove()

    def _remove(self) -> None:
        if self._part.is_dir():
            shutil.rmtree(self._part)
        elif self._part.exists():
            self._part.unlink()


def _copy_card(card: Path | None, part: Path) -> None:
    if card is not None:
        shutil.copyfile(card, part / "README.md")


def _loaded(folder: Path) -> tuple[Any, Any]:
    """The model as it answers here, in 32 bits, its adapter beside its base; and its tokenizer."""
    import torch

    from tunedesk.training_server.training.base_model import disable_progress_bars, load_model
    from tunedesk.training_server.training.tokenizer import load_tokenizer

    disable_progress_bars()
    return load_model(folder, torch.float32).eval(), load_tokenizer(folder)


def _merged(model: Any, folder: Path) -> Any:
    """The model with its adapter merged: added in 32 bits, then in the precision of its base."""
    import torch
    from peft import PeftModel

    from tunedesk.training_server.training.tokenizer import adapter_base

    if isinstance(model, PeftModel):
        model = model.merge_and_unload()
    stored = json.loads(((adapter_base(folder) or folder) / "config.json").read_text("utf-8"))
    is_half = "bfloat16" in (stored.get("dtype"), stored.get("torch_dtype"))
    return model.to(torch.bfloat16 if is_half else torch.float32).eval()


def _ends(model: Any, tokenizer: Any) -> list[int]:
    """The tokens that end an answer."""
    from tunedesk.training_server.training.base_model import end_tokens
    from tunedesk.training_server.training.chat_template import ChatTemplate

    return sorted(end_tokens(model, tokenizer, ChatTemplate(tokenizer)))


_LOADED_WITH = ("is_local", "local_files_only")
"""What Transformers writes into the settings of a tokenizer of how it was loaded here."""


def _clean(file: Path, names: Sequence[str]) -> None:
    """Take entries out of a JSON file, if it is there."""
    if file.is_file():
        values = json.loads(file.read_text(encoding="utf-8"))
        for name in names:
            values.pop(name, None)
        file.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
