"""What is shared by reads and writes of one handle: its connection, settings, tags, versions."""

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tunedesk import __version__
from tunedesk.catalogue.models import Catalogue, default_model
from tunedesk.catalogue.targets import THIS_COMPUTER, targets
from tunedesk.catalogue.token_encodings import DEFAULT_ENCODING, encoding_names, model_encoding
from tunedesk.checks.problem import severity
from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.project.interned_sets import InternedSets
from tunedesk.project.row_order import OrderNumbers
from tunedesk.project.store import Store
from tunedesk.project.stored_values import LONGEST_JSON
from tunedesk.project.versions import Versions

DEFAULTS: dict[str, Any] = {
    "target": "local",
    "encoding": DEFAULT_ENCODING,
    "model": None,
}
"""Settings that every project has."""


_KNOWN: dict[str, Callable[[str], bool]] = {
    "target": lambda name: name in targets(),
    "encoding": lambda name: name in encoding_names(),
    "model": bool,
}
"""What a setting may be beside the usual: a newer Tunedesk may know more, a stranger anything."""


def read_setting(store: Store, key: str, default: Any = None) -> Any:
    """The value of a setting; the usual one where the file holds what cannot be."""
    text = store.value("SELECT value FROM setting WHERE key = ?", (key,))
    usual = DEFAULTS.get(key, default)
    if not isinstance(text, str) or len(text) > LONGEST_JSON:
        return usual
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return usual
    known = key not in _KNOWN or (isinstance(value, str) and _KNOWN[key](value))
    return value if known else usual


def write_setting(store: Store, key: str, value: Any) -> None:
    """Keep a JSON value under a key; None removes it."""
    with store.transaction():
        if value is None:
            store.execute("DELETE FROM setting WHERE key = ?", (key,))
        else:
            store.execute(
                "INSERT INTO setting(key, value) VALUES (?, ?)"
                " ON CONFLICT(key) DO UPDATE SET value = excluded.value",
                (key, json.dumps(value)),
            )


class ProjectCheckSettings(NamedTuple):
    """What a checker is made with.

    Attributes:
        target: The name of the target that severities go by.
        encoding: The name of the encoding that tokens are counted by: that of the base model
            where the project trains on this computer and the model is there.
        model: The id of the base model; None if none is chosen.
    """

    target: str
    encoding: str
    model: str | None


class ProjectContext:
    """What the reads and writes of one handle work with.

    Attributes:
        store: The connection.
        tags: The sets of tags.
        codes: The sets of problem codes.
        versions: The versions of examples.
        numbers: The places of examples in the whole project.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.tags = InternedSets(store, "tag_set")
        self.codes = InternedSets(store, "code_set")
        self.versions = Versions(store, self.codes, severity)
        self.numbers = OrderNumbers(store)

    @property
    def target(self) -> str:
        """The name of the target that severities go by."""
        return str(self.setting("target"))

    @property
    def check_settings(self) -> ProjectCheckSettings:
        """What the checker is made with now."""
        target, model = self.target, self.setting("model")
        if target == THIS_COMPUTER and (model is None or not _trains_here(str(model))):
            model = default_model(target)
        own = model_encoding(str(model)) if target == THIS_COMPUTER else None
        encoding = str(self.setting("encoding")) if own is None else own.name
        return ProjectCheckSettings(target, encoding, None if model is None else str(model))

    @property
    def basis(self) -> str:
        """What facts are worked out with now: target, encoding, model, and whose rules."""
        target, encoding, model = self.check_settings
        return f"{target}/{encoding}/{model or ''}/{__version__}"

    def setting(self, key: str) -> Any:
        """A setting of this project."""
        return read_setting(self.store, key)


def _trains_here(model: str) -> bool:
    return Catalogue.load().find_local(model) is not None or model_encoding(model) is not None


def as_json_array(ids: Sequence[int]) -> str:
    """Ids as one parameter for SQL's json_each."""
    return f"[{','.join(map(str, ids))}]"


def missing_example() -> UserError:
    """What to say of an example that is not there."""
    return UserError(_("This example is no longer in the project."))
