import pytest

from tunedesk.errors import UserError
from tunedesk.fine_tuning.addresses import called, is_readable_by_others, normal_address, origin_of
from tunedesk.fine_tuning.providers import provider


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("openai", "", "https://api.openai.com/v1"),
        ("openai", " https://api.openai.com/v1/ ", "https://api.openai.com/v1"),
        ("openai", "api.openai.com/v1/chat/completions", "https://api.openai.com/v1"),
        ("custom", "HTTPS://Server.Example:443/v1/", "https://server.example/v1"),
        ("custom", "localhost:8000/v1", "http://localhost:8000/v1"),
        ("custom", "192.168.1.9:8000/v1", "https://192.168.1.9:8000/v1"),
        ("custom", "http://[::1]:8000/v1/models", "http://[::1]:8000/v1"),
        ("azure", "https://law.openai.azure.com", "https://law.openai.azure.com/openai/v1"),
        ("azure", "law.openai.azure.com/openai/v1/", "https://law.openai.azure.com/openai/v1"),
        (
            "azure",
            "https://law.openai.azure.com/openai/deployments/x/chat/completions?api-version=2024",
            "https://law.openai.azure.com/openai/v1",
        ),
    ],
)
def test_addresses_as_they_are_kept(name, given, kept):
    assert normal_address(provider(name), given) == kept
    assert normal_address(provider(name), kept) == kept


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("custom", ""),
        ("azure", ""),
        ("azure", "https://RESOURCE.openai.azure.com/openai/v1/"),
        ("custom", "ftp://server.example"),
        ("custom", "file:///etc/passwd"),
        ("custom", "https://"),
        ("custom", "https://server.example:port/v1"),
        ("custom", "https://server.example:99999/v1"),
        ("custom", "https://server example/v1"),
        ("custom", "https://[::1/v1"),
        ("custom", "https://user:secret@server.example/v1"),
    ],
)
def test_what_is_no_address_is_told_with_how_one_looks(name, given):
    with pytest.raises(UserError) as caught:
        normal_address(provider(name), given)
    assert caught.value.advice
    assert "secret" not in str(caught.value)


def test_who_can_read_along():
    assert is_readable_by_others("http://server.example/v1")
    assert is_readable_by_others("http://10.0.0.5/v1")
    assert not is_readable_by_others("https://server.example/v1")
    assert not is_readable_by_others("http://127.0.0.1:8321/v1")
    assert not is_readable_by_others("http://[::1]/v1")


def test_an_origin_is_scheme_host_and_port():
    assert origin_of("https://A.example/v1") == origin_of("https://a.example:443/other")
    assert origin_of("https://a.example") != origin_of("http://a.example")
    assert origin_of("https://a.example") != origin_of("https://a.example:444")
    assert origin_of("https://a.example") != origin_of("https://a.example.evil.example")


def test_what_a_place_is_called_in_a_sentence():
    assert called(provider("openai"), "") == "OpenAI"
    assert called(provider("custom"), "http://gpu.example:8321/v1") == "gpu.example"
    assert called(provider("custom"), "") == "the server"
