"""Makes a model folder out of a GGUF file, or of a model of the hub; a process of its own.

    python -m tunedesk.training_server.make_model_folder gguf FILE FOLDER [--origin TEXT]
    python -m tunedesk.training_server.make_model_folder hub NAME FOLDER

The folder must not be there yet: what is made lies in FOLDER.part and gets its name when it is
whole. What went wrong is the last line of stdout, a JSON object with "sentence" and "advice", and
the exit status is 1. `files NAME FOLDER` only fetches the files of a model into a folder, and ends
when its standard input does: with the process that started it.
"""

import argparse
import collections
import json
import os
import shutil
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.training_server.models import part_of

_WANTED = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model")
_POLL_SECONDS = 0.1
_THIS = "tunedesk.training_server.make_model_folder"

_MAGIC = b"GGUF"
_FLOATS = ("F32", "F16", "BF16", "F64")
"""The types of GGUF's tensors that are not quantised."""


def main() -> int:
    """Do what the arguments say; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("gguf", "hub", "files"))
    parser.add_argument("source")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--origin", default="")
    options = parser.parse_args()
    try:
        if options.kind == "gguf":
            folder_of_gguf(Path(options.source), options.folder, options.origin)
        elif options.kind == "hub":
            download(options.source, options.folder, lambda _size: None)
        else:
            _end_with_parent()
            _fetch_files(options.source, options.folder)
    except UserError as error:
        print(json.dumps({"sentence": error.sentence, "advice": error.advice}), flush=True)
        return 1
    return 0


class DownloadStoppedError(Exception):
    """Nobody wants the model any more; what was fetched of it is kept for the next time."""


def download(
    name: str,
    folder: Path,
    why_not: Callable[[int], str | None],
    still_wanted: Callable[[], bool] = lambda: True,
) -> Path:
    """The folder of a model of the hub, fetched if it is not there yet.

    Args:
        name: Its name on the hub, checked by the caller.
        folder: The folder that it becomes.
        why_not: Asked before anything large is fetched, with the bytes of the weights: what stands
            against it.
        still_wanted: Asked again and again meanwhile; what fetches is a process of its own, which
            then ends at once.

    Raises:
        UserError: It cannot be fetched, or something stands against it.
        DownloadStoppedError: It is not wanted any more.
    """
    if folder.is_dir():
        return folder
    part = part_of(folder)
    try:
        part.mkdir(parents=True, exist_ok=True)
        size = _weight_bytes(name)
        reason = why_not(size)
        if reason is not None:
            raise UserError(reason)
        command = _fetch_command(name, part)
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            try:
                while process.poll() is None:
                    if not still_wanted():
                        raise DownloadStoppedError
                    time.sleep(_POLL_SECONDS)
            finally:
                process.kill()
            said = process.stdout.read() if process.stdout is not None else b""
    except OSError as error:
        raise _not_fetched(name, error) from error
    if process.returncode:
        raise UserError(_last_sentence(said) or f"{name} cannot be fetched from the hub.")
    shutil.rmtree(part / ".cache", ignore_errors=True)
    part.rename(folder)
    return folder


def _weight_bytes(name: str) -> int:
    """How many bytes the weights of a model of the hub are."""
    import httpx2
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    try:
        files = HfApi().model_info(name, files_metadata=True).siblings or []
    except (HfHubHTTPError, httpx2.HTTPError) as error:
        raise _not_fetched(name, error) from error
    size = sum(file.size or 0 for file in files if Path(file.rfilename).match("*.safetensors"))
    if size == 0:
        raise UserError(f"{name} has no weights as safetensors on the hub.")
    return size


def _fetch_command(name: str, part: Path) -> list[str]:
    return [sys.executable, "-m", _THIS, "files", name, str(part)]


def _fetch_files(name: str, part: Path) -> None:
    import httpx2
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    try:
        snapshot_download(name, local_dir=part, allow_patterns=list(_WANTED))
    except (HfHubHTTPError, httpx2.HTTPError, OSError) as error:
        raise _not_fetched(name, error) from error


def _end_with_parent() -> None:
    def watch() -> None:
        # Not by `sys.stdin`: what waits in it when the program ends would break it off.
        while os.read(0, 1024):
            pass
        os._exit(1)

    threading.Thread(target=watch, name="end with the program", daemon=True).start()


def _not_fetched(name: str, error: Exception) -> UserError:
    said = " ".join(str(error).split())[:300]
    return UserError(f"{name} cannot be fetched from the hub: {said}")


def _last_sentence(output: bytes) -> str | None:
    """What went wrong, as `main` says it in its last line."""
    lines = output.decode("utf-8", "replace").splitlines()
    try:
        return str(json.loads(lines[-1])["sentence"])
    except (IndexError, KeyError, TypeError, ValueError):
        return None


def folder_of_gguf(file: Path, folder: Path, origin: str = "") -> None:
    """Make a model folder of a GGUF file: what it holds, turned back into bfloat16.

    Args:
        file: The GGUF file.
        folder: The folder that it becomes; not there yet.
        origin: Where the file came from, in a sentence for the model's card.

    Raises:
        UserError: It cannot be read, or is of a family that Transformers cannot read.
    """
    facts = _facts_of(file)
    part = part_of(folder)
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        _write(file, part)
        (part / "README.md").write_text(_card(file, facts, origin), encoding="utf-8")
        for licence in sorted(file.parent.glob("LICEN[SC]E*")):
            if licence.is_file():
                shutil.copyfile(licence, part / licence.name)
        part.rename(folder)
    except OSError as error:
        raise UserError(
            _("The model folder cannot be written: {reason}").format(
                reason=error.strerror or str(error)
            ),
            _("Make room on the disk, and try again."),
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _facts_of(file: Path) -> dict[str, Any]:
    """What a GGUF file says of itself, by its keys; "types": its tensors counted by their type."""
    unreadable = UserError(
        _("{name} cannot be read as a GGUF file.").format(name=file.name),
        _("It may be damaged or not whole: fetch it again."),
    )
    try:
        with file.open("rb") as stream:
            head = stream.read(8)
    except OSError as error:
        raise UserError(
            _("{name} cannot be read: {reason}").format(
                name=file.name, reason=error.strerror or str(error)
            )
        ) from error
    if head[:4] != _MAGIC or len(head) < 8 or struct.unpack("<I", head[4:])[0] not in (2, 3):
        raise unreadable
    import gguf

    try:
        reader = gguf.GGUFReader(file)
        facts: dict[str, Any] = {
            name: field.contents()
            for name, field in reader.fields.items()
            if name.startswith(("general.", "split.")) or name == "tokenizer.ggml.pre"
        }
        facts["types"] = collections.Counter(
            tensor.tensor_type.name for tensor in reader.tensors if len(tensor.shape) > 1
        )
    except Exception as error:  # a damaged file ends its reader in every way
        raise unreadable from error
    if int(facts.get("split.count", 1)) > 1:
        raise UserError(
            _("{name} is one of several parts of a model.").format(name=file.name),
            _("Put the parts together with llama.cpp's gguf-split --merge, then add that file."),
        )
    return facts


def _write(file: Path, part: Path) -> None:
    """Write weights, configuration and tokenizer of a GGUF file into a folder."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    from tunedesk.training_server.training.base_model import disable_progress_bars

    disable_progress_bars()
    where: dict[str, Any] = {"gguf_file": file.name, "local_files_only": True}
    try:
        AutoConfig.from_pretrained(str(file.parent), **where)
        tokenizer = AutoTokenizer.from_pretrained(str(file.parent), **where)
        model: Any = AutoModelForCausalLM.from_pretrained(
            str(file.parent), dtype=torch.bfloat16, **where
        )
    except OSError:
        raise
    except Exception as error:  # Transformers raises what it likes for what it does not know
        said = " ".join(str(error).split())[:300]
        raise UserError(
            _("{name} cannot be turned into a model folder: {reason}").format(
                name=file.name, reason=said or type(error).__name__
            ),
            _("Transformers reads the usual families, such as Llama, Qwen, Gemma and Phi."),
        ) from error
    # It says that it was quantised, and would not be saved; its weights are plain ones by now.
    for owner in (model, model.config):
        for name in ("hf_quantizer", "quantization_method", "quantization_config"):
            if hasattr(owner, name):
                delattr(owner, name)
    model.is_quantized = False
    # What the file calls itself is no name of the model that it becomes.
    vars(model.config).pop("_model_name_or_path", None)
    for parameter in model.parameters():
        if not bool(torch.isfinite(parameter).all()):
            raise UserError(
                _("{name} cannot be turned into a model folder: {reason}").format(
                    name=file.name, reason=_("it holds weights that are no numbers.")
                ),
                _("It may be damaged or not whole: fetch it again."),
            )
    mend_tokenizer(tokenizer, file)
    ends = _end_marks(tokenizer)
    if ends:
        model.generation_config.eos_token_id = ends if len(ends) > 1 else ends[0]
    if tokenizer.pad_token_id is not None:
        model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.to(torch.bfloat16).save_pretrained(part)
    # Only this user could read it otherwise; models are no secret.
    for weights in part.glob("*.safetensors"):
        weights.chmod(0o644)
    tokenizer.save_pretrained(part)


def mend_tokenizer(tokenizer: Any, file: Path) -> None:
    """Cut texts as the makers of the model do, where Transformers' reader of GGUF does not.

    SmolLM cuts each digit for itself before it looks for known pieces (its tokenizer.json; in
    llama.cpp the pre-tokenizer "smollm").
    """
    import gguf
    from tokenizers import pre_tokenizers

    field = gguf.GGUFReader(file).fields.get("tokenizer.ggml.pre")
    if field is not None and field.contents() == "smollm":
        tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Digits(individual_digits=True),
                pre_tokenizers.ByteLevel(add_prefix_space=False),
            ]
        )


def _end_marks(tokenizer: Any) -> list[int]:
    """The tokens that end an answer: the tokenizer's own, and what its template writes there."""
    found = [] if tokenizer.eos_token_id is None else [int(tokenizer.eos_token_id)]
    answer = "A"
    turns = [{"role": "user", "content": "Q"}, {"role": "assistant", "content": answer}]
    if tokenizer.chat_template:
        try:
            text = str(tokenizer.apply_chat_template(turns, tokenize=False))
        except Exception:  # a template may refuse anything; then there is only the own mark
            return found
        after = text.rpartition(answer)[2]
        tokens = tokenizer(after, add_special_tokens=False).input_ids
        added = tokenizer.added_tokens_decoder.items()
        special = {token for token, known in added if known.special} | {*tokenizer.all_special_ids}
        found += [token for token in tokens[:1] if token in special and token not in found]
    return found


def _card(file: Path, facts: dict[str, Any], origin: str) -> str:
    """The model's card: what it is, where it came from, and what was done to it."""
    types: collections.Counter[str] = facts["types"]
    quantised = [name for name, _count in types.most_common() if name not in _FLOATS]
    title = str(facts.get("general.name") or file.stem)
    licence = str(facts.get("general.license") or "")
    lines = [
        *(["---", f"license: {licence}", "---"] if licence else []),
        f"# {title}",
        "",
        f"Made by Tunedesk from {file.name}, a GGUF file. {origin}".strip(),
        "",
    ]
    if quantised:
        lines.append(
            f"In that file the weights were quantised ({', '.join(quantised)}); here they are "
            "bfloat16 again, but what was lost by quantising them once does not come back. The "
            "makers' own weights answer a little better.\n"
        )
    if licence:
        lines += [f"Licence, as the file names it: {licence}.", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
