"""The encodings that tokens are counted in, and how many tokens an image costs.

Those of OpenAI's models are shipped; that of a base model on this computer is its own tokenizer.

tiktoken downloads its vocabularies at first use; here they come from resources/encodings, each
held to the hash that tiktoken itself expects. The split patterns and special tokens are those of
tiktoken_ext.openai_public 0.14, written down because its functions download when called.

Images cost by OpenAI's published formulas, always an estimate. Tile models (gpt-4o, gpt-4.1): the
picture is fitted into 2048 x 2048, its shorter side is brought down to 768, and 512-pixel tiles
are counted. Patch models (gpt-4.1-mini, gpt-4.1-nano, o4-mini): 32-pixel patches, at most 1536,
times a factor. Source: OpenAI's vision guide (facts section 5).
"""

import binascii
import hashlib
import json
import math
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from xxhash import xxh3_64_hexdigest

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.lazy_imports import importing
from tunedesk.paths import model_folders, resource

if TYPE_CHECKING:
    import tiktoken

_R50K_PATTERN = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"
_CL100K_PATTERN = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
    r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
)
_O200K_PATTERN = "|".join(
    (
        (
            r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        ),
        (
            r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        ),
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    )
)


class Vocabulary(NamedTuple):
    """What makes an encoding.

    Attributes:
        file: The name of the rank file in resources/encodings.
        pattern: The expression that splits text before the ranks are applied.
        scheme: The name that gigatoken gives to that pattern; None if it has none.
        special_tokens: The special tokens; text that spells one still counts as plain text.
    """

    file: str
    pattern: str
    scheme: str | None
    special_tokens: dict[str, int]


_R50K = Vocabulary("r50k_base.tiktoken", _R50K_PATTERN, "r50k", {"<|endoftext|>": 50256})
_P50K = Vocabulary("p50k_base.tiktoken", _R50K_PATTERN, None, {"<|endoftext|>": 50256})
_CL100K = Vocabulary(
    "cl100k_base.tiktoken",
    _CL100K_PATTERN,
    "cl100k",
    {
        "<|endoftext|>": 100257,
        "<|fim_prefix|>": 100258,
        "<|fim_middle|>": 100259,
        "<|fim_suffix|>": 100260,
        "<|endofprompt|>": 100276,
    },
)
_O200K = Vocabulary(
    "o200k_base.tiktoken",
    _O200K_PATTERN,
    "o200k",
    {"<|endoftext|>": 199999, "<|endofprompt|>": 200018},
)
_HARMONY = _O200K._replace(
    special_tokens={
        "<|startoftext|>": 199998,
        "<|endoftext|>": 199999,
        "<|return|>": 200002,
        "<|constrain|>": 200003,
        "<|channel|>": 200005,
        "<|start|>": 200006,
        "<|end|>": 200007,
        "<|message|>": 200008,
        "<|call|>": 200012,
    }
)

ENCODINGS: dict[str, Vocabulary] = {
    "o200k_base": _O200K,
    "o200k_harmony": _HARMONY,
    "cl100k_base": _CL100K,
    "p50k_base": _P50K,
    "r50k_base": _R50K,
}
"""The encodings by name, the newest first."""

DEFAULT_ENCODING = "o200k_base"


def encoding_names() -> tuple[str, ...]:
    """The names of all encodings, the newest first."""
    return tuple(ENCODINGS)


@cache
def _expected_hashes() -> dict[str, str]:
    lines = resource("encodings/SHA256SUMS").read_text(encoding="ascii").splitlines()
    return {name: digest for digest, name in (line.split() for line in lines if line.strip())}


def vocabulary(name: str) -> Vocabulary:
    """What makes the encoding of that name.

    Raises:
        UserError: There is no such encoding.
    """
    try:
        return ENCODINGS[name]
    except KeyError:
        known = ", ".join(ENCODINGS)
        raise UserError(
            _("There is no encoding named “{name}”.").format(name=name),
            _("Choose one of these: {known}.").format(known=known),
        ) from None


@cache
def checked_vocabulary_file(file: str) -> Path:
    """The path of a rank file, once its hash has been found right.

    Raises:
        UserError: The file is damaged.
    """
    path = resource(f"encodings/{file}")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != _expected_hashes().get(file):
        raise UserError(
            _("The vocabulary file {file} of Tunedesk is damaged.").format(file=file),
            _("Install Tunedesk again; until then, tokens cannot be counted."),
        )
    return path


@cache
def load_encoding(name: str) -> "tiktoken.Encoding":
    """Build tiktoken's encoding of that name (about half a second, once in a process).

    Raises:
        UserError: There is no such encoding, or its file is damaged.
    """
    with importing("tiktoken"):
        import tiktoken  # a slow import, and `--no-tokens` needs none of it

    made_of = vocabulary(name)
    lines = checked_vocabulary_file(made_of.file).read_bytes().splitlines()
    ranks = {
        binascii.a2b_base64(token): int(rank)
        for token, rank in (line.split() for line in lines if line)
    }
    return tiktoken.Encoding(
        name,
        pat_str=made_of.pattern,
        mergeable_ranks=ranks,
        special_tokens=made_of.special_tokens,
    )


class MessageFrame(NamedTuple):
    """The tokens that a format puts around the texts of a conversation.

    Attributes:
        per_message: Of each message, beside its role and its text.
        per_name: Of a message's name, beside the name; None where the format leaves names out.
        less_at_last: How many of them an answer at the end of an example has not.
        per_example: Of an example.
        per_answer: Of each answer, at its end, that are learnt with it.
        before_text: What stands right before a text, and is one token where that has no blank.
        usual_system: The system prompt that is put before an example without one; empty for none.
        writes_tools: Whether tools, calls and what they gave are written as JSON into the messages,
            and a developer is called system.
    """

    per_message: int
    less_at_last: int
    per_name: int | None
    per_example: int
    per_answer: int
    before_text: str
    usual_system: str
    writes_tools: bool


OPENAI_FRAME = MessageFrame(3, 0, 1, 3, 0, "", "", writes_tools=False)
"""By OpenAI's cookbook (How_to_count_tokens_with_tiktoken; it matched the API: 124 = 124)."""
_CHATML_FRAME = MessageFrame(4, 1, None, 0, 1, "\n", "", writes_tools=True)
"""<|im_start|>role, line break, text, <|im_end|>, line break; the last ends at <|im_end|>."""
_USUAL_SYSTEM = re.compile(r"<\|im_start\|>system(?:\\n|\n)([^{}<']+)<\|im_end\|>")
_MOST_BYTES = 200_000_000


class ModelEncoding(NamedTuple):
    """The encoding of a base model on this computer: its tokenizer and its chat template.

    Attributes:
        name: The model's name and a hash of both, as `NAME@hash`.
        folder: The model's folder.
        frame: What its template puts around texts.
        is_framed_exactly: Whether `frame` is that of its template; else it is OpenAI's, for want
            of a better estimate.
    """

    name: str
    folder: Path
    frame: MessageFrame
    is_framed_exactly: bool

    @property
    def tokenizer(self) -> Path:
        """The file of its tokenizer."""
        return self.folder / _TOKENIZER


_TOKENIZER = "tokenizer.json"
_damaged: set[Path] = set()


def model_encoding(model: str) -> ModelEncoding | None:
    """The encoding of a base model, by the model's name or the encoding's own.

    None if the model is not on this computer, or its tokenizer is of a kind that is not known.
    """
    name = model.partition("@")[0]
    if not name or ".." in Path(name).parts or Path(name).is_absolute():
        return None
    for folder in (each / name for each in model_folders()):
        try:
            state = (folder / _TOKENIZER).stat()
        except (OSError, ValueError):
            continue
        if state.st_size > _MOST_BYTES or folder in _damaged:
            return None
        found = _read_model_encoding(name, folder, state.st_mtime_ns, state.st_size)
        return found if found is None or "@" not in model or found.name == model else None
    return None


def leave_out_encoding(encoding: ModelEncoding) -> None:
    """From now on take the model for one whose tokenizer is not known: its file is damaged."""
    _damaged.add(encoding.folder)


@lru_cache(maxsize=32)
def _read_model_encoding(
    name: str, folder: Path, _changed: int, _size: int
) -> ModelEncoding | None:
    try:
        tokenizer, template = (folder / _TOKENIZER).read_bytes(), _chat_template(folder)
    except (OSError, ValueError):
        return None
    if not re.search(rb'"type"\s*:\s*"BPE"', tokenizer):
        return None  # what is not byte pairs is rare, and is left to the training
    digest = xxh3_64_hexdigest(tokenizer + template.encode("utf-8", "replace"))[:8]
    chatml = "<|im_start|>" in template and "<|im_end|>" in template
    usual = _USUAL_SYSTEM.search(template)
    frame = _CHATML_FRAME._replace(usual_system=usual.group(1) if usual else "")
    return ModelEncoding(
        f"{name}@{digest}", folder, frame if chatml else OPENAI_FRAME, is_framed_exactly=chatml
    )


def _chat_template(folder: Path) -> str:
    """The chat template of a model folder; empty if it has none.

    Raises:
        OSError, ValueError: It cannot be read.
    """
    alone = folder / "chat_template.jinja"
    if alone.is_file():
        return alone.read_text(encoding="utf-8")
    settings = folder / "tokenizer_config.json"
    if not settings.is_file():
        return ""
    found = json.loads(settings.read_bytes())
    template = found.get("chat_template") if isinstance(found, dict) else None
    return template if isinstance(template, str) else ""


def is_encoding(name: str) -> bool:
    """Whether tokens can be counted in an encoding of that name."""
    return name in ENCODINGS or model_encoding(name) is not None


UNKNOWN_SIDE = 1024
"""The side in pixels taken for a picture whose size is not known (one behind an address)."""
_PATCH_LIMIT = 1536


class ImageFormula(NamedTuple):
    """The figures of a model's formula; a tile model has a base and a tile, a patch model neither.

    Attributes:
        base: Tokens of any image, and all of it with detail "low".
        tile: Tokens of each 512-pixel tile.
        patch_factor: Tokens of each 32-pixel patch; 0 for a tile model.
    """

    base: int
    tile: int
    patch_factor: float


DEFAULT_FORMULA = ImageFormula(85, 170, 0.0)
"""That of gpt-4o and gpt-4.1."""
NO_IMAGES = ImageFormula(0, 0, 0.0)
"""That of a model that reads texts alone: pictures are left out."""


def image_tokens(width: int, height: int, detail: str, formula: ImageFormula) -> int:
    """The estimated tokens of one image.

    Args:
        width: In pixels; 0 when it is not known.
        height: In pixels; 0 when it is not known.
        detail: "low", "high" or "auto" (taken as high).
        formula: The figures of the model.
    """
    width, height = width or UNKNOWN_SIDE, height or UNKNOWN_SIDE
    if formula.patch_factor:
        return math.ceil(_patches(width, height) * formula.patch_factor)
    if detail == "low":
        return formula.base
    scale = min(1.0, 2048 / max(width, height))
    width, height = round(width * scale), round(height * scale)
    scale = min(1.0, 768 / max(1, min(width, height)))
    width, height = round(width * scale), round(height * scale)
    tiles = max(1, math.ceil(width / 512)) * max(1, math.ceil(height / 512))
    return formula.base + formula.tile * tiles


def _patches(width: int, height: int) -> int:
    patches = math.ceil(width / 32) * math.ceil(height / 32)
    if patches <= _PATCH_LIMIT:
        return patches
    # Scaled so that a whole number of patches fits both ways (the guide's second step).
    scale = math.sqrt(_PATCH_LIMIT * 32 * 32 / (width * height))
    across, down = width * scale / 32, height * scale / 32
    scale *= (
        min(math.floor(across) / across, math.floor(down) / down) if min(across, down) >= 1 else 1
    )
    return min(_PATCH_LIMIT, math.ceil(width * scale / 32) * math.ceil(height * scale / 32))
