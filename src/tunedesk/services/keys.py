"""Keys of providers: from the environment, else the system's keyring, else for this run only.

A key is kept by provider and address, so that it never goes to another server. What servers say is
freed of keys before anything shows or keeps it: they echo them back (`redaction`).
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.lazy_imports import importing
from tunedesk.services.providers import Provider, host_of, normalize_address
from tunedesk.services.redaction import remember_key

SERVICE = "Tunedesk"
"""The name under which the system's keyring holds our entries."""

KeyLocation = Literal["environment", "keyring", "this run"]


class Keyring(Protocol):
    """What is asked of a keyring; the backends of the package `keyring` have it."""

    def get_password(self, service: str, username: str) -> str | None:
        """The secret of an entry, None if there is none."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Make or replace an entry."""

    def delete_password(self, service: str, username: str) -> None:
        """Remove an entry."""


@dataclass(frozen=True)
class Key:
    """A key, which shows itself to nobody: it stands in no repr and in no text.

    Attributes:
        value: The key itself.
        where: Where it comes from.
    """

    value: str = field(repr=False)
    where: KeyLocation

    def __post_init__(self) -> None:
        """From now on no text of this process shows it."""
        remember_key(self.value)


class Keys:
    """Finds, keeps and forgets keys.

    Args:
        environment: The environment variables; the process's own by default.
        keyring: The keyring; the system's by default.
    """

    def __init__(
        self, environment: Mapping[str, str] | None = None, keyring: Keyring | None = None
    ) -> None:
        self._environment = os.environ if environment is None else environment
        self._keyring = keyring
        self._this_run: dict[str, str] = {}

    def __repr__(self) -> str:
        return "Keys()"

    def find(self, provider: Provider, base_url: str, variable: str = "") -> Key | None:
        """The key for a provider at an address; None if none is known.

        The variable of the provider counts only for its own hosts; one that the user names
        counts for the address that they give with it.

        Args:
            provider: The provider.
            base_url: The address that it would be sent to.
            variable: A variable that the user names, instead of the provider's own.

        Raises:
            UserError: The variable holds no usable key, or a named one nothing, or the address is
                none.
        """
        address = normalize_address(provider, base_url)
        if variable and not self._environment.get(variable, "").strip():
            raise UserError(
                _("The environment variable {name} is not set.").format(name=variable),
                _("Set it to the key, or name another one."),
            )
        if not variable and provider.owns(host_of(address)):
            variable = provider.key_variable
        given = self._environment.get(variable, "") if variable else ""
        if given.strip():
            return Key(
                _usable(given, _("The variable {name}").format(name=variable)), "environment"
            )
        entry = _entry(provider, address)
        if entry in self._this_run:
            return Key(self._this_run[entry], "this run")
        kept = self._read(entry)
        return Key(kept, "keyring") if kept else None

    def keep(
        self, provider: Provider, base_url: str, value: str, for_this_run_only: bool = False
    ) -> KeyLocation:
        """Keep a key for a provider at an address, and say where.

        If the system has no keyring, or it does not take the key, it is kept for this run only.

        Raises:
            UserError: It is not a usable key, or the address is not one.
        """
        entry = _entry(provider, normalize_address(provider, base_url))
        value = _usable(value, _("What was given"))
        if not for_this_run_only and self._write(entry, value):
            self._this_run.pop(entry, None)
            return "keyring"
        self._this_run[entry] = value
        return "this run"

    def forget(self, provider: Provider, base_url: str) -> None:
        """Remove the key for a provider at an address; a variable of the environment stays.

        Raises:
            UserError: The keyring does not give it up.
        """
        entry = _entry(provider, normalize_address(provider, base_url))
        self._this_run.pop(entry, None)
        if not self._read(entry):
            return
        try:
            self._backend().delete_password(SERVICE, entry)
        except Exception as error:
            raise UserError(
                _("The system's keyring did not remove the key ({reason}).").format(
                    reason=type(error).__name__
                ),
                _("Remove the entry “{name}” of Tunedesk there by hand.").format(name=entry),
            ) from None

    def _read(self, entry: str) -> str:
        # A backend may fail with anything: D-Bus, a locked keyring, one that is not there.
        try:
            return self._backend().get_password(SERVICE, entry) or ""
        except Exception:
            return ""

    def _write(self, entry: str, value: str) -> bool:
        """Whether the keyring took it: some backends drop what they are given in silence."""
        try:
            self._backend().set_password(SERVICE, entry, value)
        except Exception:
            return False
        return self._read(entry) == value

    def _backend(self) -> Keyring:
        if self._keyring is None:
            # Looking for a backend loads D-Bus and more; the window's start does not wait for it.
            with importing("keyring"):
                import keyring

                # It looks for its backends among the modules that are installed, and loads them.
                self._keyring = keyring.get_keyring()
        return self._keyring


def key_location_text(where: KeyLocation, provider: Provider) -> str:
    """Where a key is kept, in a sentence for the user."""
    if where == "environment":
        return _("The key comes from the environment variable {name}.").format(
            name=provider.key_variable
        )
    if where == "keyring":
        return _("The key is kept in this system's keyring, for this address only.")
    return _("The key is kept until Tunedesk is closed, and written nowhere.")


def _entry(provider: Provider, address: str) -> str:
    return f"{provider.name} {address}"


def _usable(given: str, what: str) -> str:
    """The key as it is sent: without what is often pasted with it.

    Raises:
        UserError: It is not a key. The sentence does not repeat it.
    """
    value = given.strip().removeprefix("Bearer ").strip().strip("\"'")
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise UserError(
            _("{what} is not a key.").format(what=what),
            _("A key is one line of letters and digits without spaces. Copy it once more."),
        )
    return value
