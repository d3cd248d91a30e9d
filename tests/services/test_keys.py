import pickle
import traceback

import keyring.backends.fail
import keyring.backends.null
import keyring.errors
import pytest
from tests.services.memory_keyring import MemoryKeyring

from tunedesk.errors import UserError
from tunedesk.services.keys import SERVICE, Key, Keys, key_location_text
from tunedesk.services.providers import provider_named

KEY = "sk-proj-Ab_12-34.very/secret+text"
OPENAI = provider_named("openai")
CUSTOM = provider_named("custom")


class Broken(MemoryKeyring):
    """One that fails as D-Bus does, with what is no error of keyring."""

    def get_password(self, service, username):
        raise OSError(f"no D-Bus for {username}")

    def set_password(self, service, username, password):
        raise OSError(f"cannot keep {password}")

    delete_password = get_password


def test_the_environment_comes_first_then_the_keyring_then_this_run():
    ring = MemoryKeyring()
    environment = {}
    keys = Keys(environment, ring)
    assert keys.find(OPENAI, "") is None
    assert keys.keep(OPENAI, "", "sk-of-this-run", for_this_run_only=True) == "this run"
    assert not ring.entries
    assert keys.find(OPENAI, "") == Key("sk-of-this-run", "this run")
    assert keys.keep(OPENAI, "", KEY) == "keyring"
    assert keys.find(OPENAI, "") == Key(KEY, "keyring")
    environment["OPENAI_API_KEY"] = " sk-environment \n"
    assert keys.find(OPENAI, "") == Key("sk-environment", "environment")
    assert Keys({}, ring).find(OPENAI, "") == Key(KEY, "keyring")
    keys.forget(OPENAI, "")
    assert Keys({}, ring).find(OPENAI, "") is None
    assert keys.find(OPENAI, "") == Key("sk-environment", "environment")


def test_a_key_never_goes_to_another_address_or_provider():
    keys = Keys({"OPENAI_API_KEY": KEY}, MemoryKeyring())
    keys.keep(CUSTOM, "https://one.example/v1", "sk-one")
    assert keys.find(CUSTOM, "https://one.example/v1/").value == "sk-one"
    assert keys.find(CUSTOM, "one.example/v1").value == "sk-one"
    for other in ("http://one.example/v1", "https://one.example:8443/v1", "https://two.example/v1"):
        assert keys.find(CUSTOM, other) is None
    assert keys.find(provider_named("nebius"), "") is None
    # The provider's own variable counts for the provider's own hosts only.
    assert keys.find(OPENAI, "https://eu.api.openai.com/v1").value == KEY
    for other in ("https://api.openai.com.evil.example/v1", "https://proxy.example/v1"):
        assert keys.find(OPENAI, other) is None
    # A variable that the user names is theirs to send where they say.
    assert keys.find(CUSTOM, "https://two.example/v1", "OPENAI_API_KEY").value == KEY


@pytest.mark.parametrize(
    "ring", [keyring.backends.fail.Keyring(), keyring.backends.null.Keyring(), Broken()]
)
def test_without_a_keyring_a_key_lasts_for_this_run(ring):
    keys = Keys({}, ring)
    assert keys.keep(OPENAI, "", KEY) == "this run"
    assert keys.find(OPENAI, "") == Key(KEY, "this run")
    keys.forget(OPENAI, "")
    assert keys.find(OPENAI, "") is None


def test_a_key_shows_itself_nowhere():
    ring = MemoryKeyring()
    keys = Keys({"OPENAI_API_KEY": KEY}, ring)
    keys.keep(CUSTOM, "https://one.example", KEY, for_this_run_only=True)
    key = keys.find(OPENAI, "")
    for text in (repr(key), str(key), f"{key}", repr(keys), str(keys), repr([key])):
        assert KEY not in text
    assert pickle.loads(pickle.dumps(key)) == key
    for where in ("environment", "keyring", "this run"):
        assert KEY not in key_location_text(where, OPENAI)


@pytest.mark.parametrize("bad", ["", "   ", "sk-zwei Wörter", "sk-schlüssel", "sk-a\nsk-b", "sk a"])
def test_what_is_no_key_is_refused_without_being_repeated(bad):
    keys = Keys({"OPENAI_API_KEY": bad}, MemoryKeyring())
    with pytest.raises(UserError) as caught:
        keys.keep(OPENAI, "", bad)
    if bad.strip():
        assert bad.strip() not in "".join(traceback.format_exception(caught.value))
        with pytest.raises(UserError, match="OPENAI_API_KEY"):
            keys.find(OPENAI, "")
    else:
        assert keys.find(OPENAI, "") is None


def test_what_is_pasted_with_a_key_is_taken_off():
    ring = MemoryKeyring()
    Keys({}, ring).keep(OPENAI, "", f'  Bearer "{KEY}"\n')
    assert ring.entries == {(SERVICE, "openai https://api.openai.com/v1"): KEY}


def test_a_keyring_that_will_not_forget_says_so():
    class Clinging(MemoryKeyring):
        def delete_password(self, service, username):
            raise keyring.errors.PasswordDeleteError("locked")

    keys = Keys({}, Clinging())
    keys.keep(OPENAI, "", KEY)
    with pytest.raises(UserError, match="keyring") as caught:
        keys.forget(OPENAI, "")
    assert KEY not in "".join(traceback.format_exception(caught.value))
