"""An answer that is an error, in OpenAI's envelope."""

from typing import Any

from starlette.responses import JSONResponse


class ApiError(Exception):
    """What a request gets instead of what it asked for.

    Attributes:
        status: The HTTP status.
        message: A sentence that helps.
        param: The parameter that it is about.
        code: A stable name for programs.
        headers: Headers to send with it.
    """

    def __init__(
        self,
        status: int,
        message: str,
        param: str | None = None,
        code: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code
        self.headers = headers or {}

    @property
    def type(self) -> str:
        """The type of the error, as OpenAI names it."""
        return "server_error" if self.status >= 500 else "invalid_request_error"

    def as_object(self) -> dict[str, Any]:
        """The envelope."""
        return {
            "error": {
                "message": self.message,
                "type": self.type,
                "param": self.param,
                "code": self.code,
            }
        }

    def response(self) -> JSONResponse:
        """The answer."""
        return JSONResponse(self.as_object(), self.status, self.headers)


def not_found(kind: str, given: str, param: str = "id") -> ApiError:
    """The answer to an id that names nothing."""
    shown = given if len(given) <= 80 else f"{given[:80]}…"
    return ApiError(404, f"No such {kind}: {shown}", param, "not_found")


def storage_full(message: str, param: str | None = None) -> ApiError:
    """The answer to what would not fit on the disk; asking again at once is of no use."""
    return ApiError(507, message, param, "storage_full", {"x-should-retry": "false"})


def bad_value(param: str, message: str, code: str = "invalid_value") -> ApiError:
    """The answer to a parameter that cannot be."""
    return ApiError(400, message, param, code)
