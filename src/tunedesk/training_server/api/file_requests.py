"""What comes with a file or an upload: its purpose, its expiry, its size, its parts."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field
from starlette.datastructures import FormData, UploadFile

from tunedesk.training_server.settings import UPLOAD_BYTES
from tunedesk.training_server.store.file_store import PURPOSES
from tunedesk.training_server.web.request_models import (
    MISSING,
    Expected,
    RequestModel,
    problem,
    wrong_value,
)
from tunedesk.training_server.web.requests import only_known

_FIELDS = ("file", "purpose", "expires_after[anchor]", "expires_after[seconds]")
_LEAST_SECONDS, _MOST_SECONDS = 3600, 2_592_000


def _text(given: Any) -> str:
    if not isinstance(given, str) or not given:
        raise problem("missing_parameter", MISSING)
    return given


def _name(given: Any) -> str:
    # One without a letter is told when it is read as a name.
    if not isinstance(given, str):
        raise problem("missing_parameter", MISSING)
    return given


def _file(given: Any) -> UploadFile:
    if not isinstance(given, UploadFile):
        raise problem("missing_parameter", MISSING)
    return given


def _purpose(given: Any) -> str:
    if given is None:
        raise problem("missing_parameter", MISSING)
    if given not in PURPOSES:
        raise problem(
            "invalid_value",
            f"'{str(given)[:40]}' is not one of {list(PURPOSES)}: '{{param}}'. Files to train on "
            "have the purpose 'fine-tune'.",
        )
    return str(given)


def _anchor(given: Any) -> str:
    if given != "created_at":
        raise wrong_value("'created_at' it is.")
    return "created_at"


def _seconds(given: Any) -> int:
    """Seconds from a number, or from the text of a form."""
    text = str(given)
    is_whole = text.isascii() and text.isdigit() and len(text) < 9
    number = int(text) if is_whole and not isinstance(given, bool) else 0
    if not _LEAST_SECONDS <= number <= _MOST_SECONDS:
        raise wrong_value(f"it must be a whole number from {_LEAST_SECONDS} to {_MOST_SECONDS}.")
    return number


class Expiry(RequestModel):
    """When a file goes, counted in seconds from when it was made."""

    anchor: Annotated[Any, AfterValidator(_anchor)] = Field(default=None, validate_default=True)
    seconds: Annotated[Any, AfterValidator(_seconds)] = Field(default=None, validate_default=True)


Purpose = Annotated[Any, AfterValidator(_purpose)]


class FileFields(RequestModel):
    """The fields of a form with a file."""

    file: Annotated[Any, AfterValidator(_file)] = Field(default=None, validate_default=True)
    purpose: Purpose = Field(default=None, validate_default=True)
    expires_after: Expiry | None = None


class PartFields(RequestModel):
    """The fields of a form with a part of an upload."""

    takes_others = True

    data: Annotated[Any, AfterValidator(_file)] = Field(default=None, validate_default=True)


class UploadRequest(RequestModel):
    """What a request to begin an upload brings."""

    bytes: Annotated[
        int,
        Field(ge=0, le=UPLOAD_BYTES),
        Expected(f"a whole number from 0 to {UPLOAD_BYTES} is expected."),
    ] = Field(default=None, validate_default=True)
    filename: Annotated[Any, AfterValidator(_name)] = Field(default=None, validate_default=True)
    mime_type: Annotated[Any, AfterValidator(_text)] = Field(default=None, validate_default=True)
    purpose: Purpose = Field(default=None, validate_default=True)
    expires_after: Annotated[Expiry, Expected("an object is expected.")] | None = None


class UploadCompletion(RequestModel):
    """What a request to make one file of the parts brings.

    Attributes:
        part_ids: The parts in their order.
        md5: The sum that the file must have, in hexadecimal.
    """

    takes_others = True

    part_ids: Annotated[
        list[str],
        Field(fail_fast=True),
        Expected("a list of ids is expected.", speaks_for_inside=True),
    ] = Field(default=None, validate_default=True)
    md5: Annotated[str, Expected(kind="a text")] | None = None


def read_file_fields(fields: FormData) -> FileFields:
    """The fields of a form with a file.

    Raises:
        ApiError: Something in it cannot be.
    """
    only_known(fields, _FIELDS)
    anchor, seconds = (fields.get(f"expires_after[{name}]") for name in ("anchor", "seconds"))
    expiry = None if anchor is None and seconds is None else {"anchor": anchor, "seconds": seconds}
    given = {name: fields.get(name) for name in ("file", "purpose")}
    return FileFields.read({**given, "expires_after": expiry})
