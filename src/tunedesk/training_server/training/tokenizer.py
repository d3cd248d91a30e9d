"""What of a base model reads examples: its tokenizer, its chat template, its context.

Without its weights, and without torch: so examples can be looked at before they are trained on.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import TemplateSyntaxError
from transformers import PreTrainedConfig, PreTrainedTokenizerBase
from transformers.utils.chat_template_utils import render_jinja_template

from tunedesk.catalogue.models import Catalogue
from tunedesk.training_server.job_folder import ADAPTER_NAME, STARTER
from tunedesk.training_server.thread_pools import call_within
from tunedesk.training_server.training.chat_template import ChatTemplate
from tunedesk.training_server.training.failures import JobFailedError
from tunedesk.training_server.training.starter import CONTEXT

_TOKENIZER = "tokenizer.json"
_USUAL_CONTEXT = 2048
_TRIAL_SECONDS = 2.0


@dataclass
class ExampleTokenizer:
    """Reads examples as a model does.

    Attributes:
        tokenizer: The tokenizer, with a chat template.
        template: That template.
        context: The most tokens that the model reads.
    """

    tokenizer: PreTrainedTokenizerBase
    template: ChatTemplate
    context: int

    @cached_property
    def marks(self) -> frozenset[int]:
        """The tokens that are marks of the model, and what was added to its vocabulary."""
        return (
            frozenset(self.tokenizer.all_special_ids) | self.tokenizer.added_tokens_decoder.keys()
        )


def load_example_tokenizer(base_model: str, own: Path) -> ExampleTokenizer:
    """What reads the examples of a job.

    Args:
        base_model: As in the `JobSpec`.
        own: The folder with the tokenizer of the job's own, if it begins with a new starter.

    Raises:
        JobFailedError: The model cannot be used.
    """
    if base_model == STARTER:
        tokenizer, context = load_tokenizer(own), CONTEXT
    else:
        folder = Path(base_model)
        tokenizer, context = load_tokenizer(folder), context_in(_config(folder))
    return ExampleTokenizer(tokenizer, ChatTemplate(tokenizer), context)


_READ = ("*.json", "*.jinja", "*.model", "*.txt")


def read_by_tokenizer(folder: Path) -> list[Path]:
    """The files of a base model that decide what its examples look like as tokens."""
    base = adapter_base(folder)
    found = [path for pattern in _READ for path in sorted(folder.glob(pattern))]
    return [*found, *([] if base is None else [base / "config.json"])]


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer of a model folder; what runs is our code alone."""
    # A third of the start of a process that only reads, and a new starter needs none of it.
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
    except Exception as error:  # a stranger's folder ends its loader in every way
        if not (folder / _TOKENIZER).is_file():
            raise _no_tokenizer(folder) from error
        raise JobFailedError(
            "invalid_base_model",
            f"The tokenizer of the base model {folder.name} cannot be read: {_short(error)}",
            "model",
        ) from error
    # Lengths are checked here, example by example; its own warning would say it once only.
    tokenizer.deprecation_warnings["sequence-length-is-longer-than-the-specified-maximum"] = True
    if not tokenizer.is_fast:
        raise _no_tokenizer(folder)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    if tokenizer.pad_token is None:
        raise JobFailedError(
            "invalid_base_model",
            f"The tokenizer of the base model {folder.name} names no token for the end of a text.",
            "model",
        )
    _check_template(tokenizer.chat_template, folder)
    return tokenizer


def _check_template(template: object, folder: Path) -> None:
    """Refuse a chat template that cannot be read; one that refuses to be tried is none of those."""
    if not isinstance(template, str):
        return
    render: Any = render_jinja_template
    try:
        call_within(_TRIAL_SECONDS, render, [[]], None, None, template)
    except TemplateSyntaxError as error:
        said = f"line {error.lineno}: {_short(error)}"
        raise JobFailedError(
            "invalid_base_model",
            f"The chat template of the base model {folder.name} cannot be read: {said}",
            "model",
        ) from error
    except Exception:  # it may want to be asked something, or never end: told by example
        return


def adapter_base(folder: Path) -> Path | None:
    """The folder of the model that an adapter belongs to; None if a folder holds no adapter.

    Raises:
        JobFailedError: That model is not there any more.
    """
    try:
        text = (folder / ADAPTER_NAME).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    values: dict[str, Any] = json.loads(text)
    base = Path(values["base_model_name_or_path"])
    if not (base / "config.json").is_file():
        raise _base_is_gone(base)
    return base


def _base_is_gone(base: Path) -> JobFailedError:
    known = (Catalogue.load().find_local(name) for name in ("/".join(base.parts[-2:]), base.name))
    model = next((each for each in known if each is not None), None)
    name = model.title if model else base.name
    command = (
        f"tunedesk models get {model.short_name}"
        if model
        else f"tunedesk models add FOLDER --name {base.name}"
    )
    return JobFailedError(
        "invalid_base_model",
        f"{name}, which this model was tuned from, is no longer on this computer. Fetch it again: "
        f"{command}",
        "model",
    )


def context_in(config: PreTrainedConfig) -> int:
    """The most tokens that the model of a configuration reads."""
    text: Any = config.get_text_config()
    return int(getattr(text, "max_position_embeddings", None) or _USUAL_CONTEXT)


def unusable(folder: Path, reason: str | Exception) -> JobFailedError:
    """That a base model cannot be used, and why: a half sentence, or the error of Transformers."""
    if isinstance(reason, Exception):
        is_code = "trust_remote_code" in str(reason)
        reason = (
            "brings code of its own, which this server does not run. Take a model of a kind that "
            "Transformers knows."
            if is_code
            else f"cannot be loaded: {_short(reason)}"
        )
    return JobFailedError("invalid_base_model", f"The base model {folder.name} {reason}", "model")


def _config(folder: Path) -> PreTrainedConfig:
    from transformers import AutoConfig

    try:
        config: PreTrainedConfig = AutoConfig.from_pretrained(
            adapter_base(folder) or folder, local_files_only=True, trust_remote_code=False
        )
    except Exception as error:  # as of a tokenizer
        raise unusable(folder, error) from error
    return config


def _no_tokenizer(folder: Path) -> JobFailedError:
    return JobFailedError(
        "invalid_base_model",
        f"The base model {folder.name} has no {_TOKENIZER}, which this server needs.",
        "model",
    )


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
