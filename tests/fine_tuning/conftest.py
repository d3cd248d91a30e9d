"""The fake services of `tests/services` as fixtures."""

from tests.services.conftest import any_service, openai_service

__all__ = ["any_service", "openai_service"]
