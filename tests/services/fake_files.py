"""The files and uploads of a fake service, and how it answers."""

import base64
import re
import uuid

from tests.openai_document import REQUESTS
from tests.services.fake_http import Answer, Fake

KEY = "sk-fake-0123456789abcdefghij"

_FILE = re.compile(r"/files/([^/]+)(/content)?")
_UPLOAD = re.compile(r"/uploads/([^/]+)/(parts|complete|cancel)")


class FakeFiles(Fake):
    """Files and uploads.

    Attributes:
        key: The key that it accepts; empty: it asks for none.
        files: The bytes that were uploaded, by file id.
        base64_results: Whether result files come in Base64.
    """

    allowed_beside: frozenset = frozenset()

    def __init__(self, key=KEY):
        super().__init__()
        self.key = key
        self.files: dict[str, bytes] = {}
        self.file_names: dict[str, str] = {}
        self.looked_at: set[str] = set()
        self.purposes: dict[str, str] = {}
        self.uploads: dict[str, dict] = {}
        self.base64_results = False
        self._now = 1_700_000_000

    def answer(self, request):
        method, path = request.method, request.path
        if path == "/files":
            return self._upload(request) if method == "POST" else self._list_files(request)
        if found := _FILE.fullmatch(path):
            return self._file(method, *found.groups())
        if path == "/uploads":
            return self._begin_upload(request)
        if found := _UPLOAD.fullmatch(path):
            return self._go_on_with_upload(request, *found.groups())
        return self._no(404, f"Invalid URL ({method} {path})")

    def _no(self, status, message, code=None, param=None):
        error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
        return Answer(status, {"error": error})

    def _checked(self, operation, request):
        """The body, with what the document does not have noted among the problems."""
        body = request.json
        known = frozenset(body) - self.allowed_beside
        if operation == "POST /fine_tuning/jobs":
            names = REQUESTS.names("CreateFineTuningJobRequest")
            self.problems += [f"unknown field: {name}" for name in sorted(known - names)]
        inside = {name: body[name] for name in known}
        self.problems += [f"{operation} {text}" for text in REQUESTS.problems(operation, inside)]
        return body

    def _page(self, rows, request):
        limit = int(request.query.get("limit", 20))
        after = request.query.get("after")
        ids = [row["id"] for row in rows]
        start = ids.index(after) + 1 if after in ids else 0
        return self._list(rows[start : start + limit], start + limit < len(rows))

    def _list(self, rows, has_more=False):
        first, last = (rows[0]["id"], rows[-1]["id"]) if rows else (None, None)
        page = {"object": "list", "data": rows, "has_more": has_more}
        return Answer(200, page | {"first_id": first, "last_id": last})

    def _tick(self):
        self._now += 1
        return self._now

    def _file_object(self, file_id):
        return {
            "id": file_id,
            "object": "file",
            "bytes": len(self.files[file_id]),
            "created_at": self._now,
            "filename": self.file_names[file_id],
            "purpose": self.purposes[file_id],
            "status": self.file_status(),
        }

    def file_status(self):
        """What it says of a file that is just there."""
        return "processed"

    def _next_status(self, file_id):
        """What it says when the file is looked at: "pending" ends with the second look."""
        first, self.looked_at = file_id not in self.looked_at, self.looked_at | {file_id}
        status = self.file_status()
        return "processed" if status == "pending" and not first else status

    def _keep(self, name, content, purpose):
        file_id = f"file-{uuid.uuid4().hex[:24]}"
        self.files[file_id], self.file_names[file_id] = content, name
        self.purposes[file_id] = purpose
        return file_id

    def _upload(self, request):
        fields = request.fields()
        if "file" not in fields:
            # The client gave up in the middle.
            return self._no(400, "The file is not whole.", None, "file")
        name, content = fields["file"]
        if not name.endswith(".jsonl"):
            return self._no(400, f"Invalid file format: {name}", "invalid_file_format", "file")
        return Answer(200, self._file_object(self._keep(name, content, fields["purpose"])))

    def _list_files(self, request):
        return self._page([self._file_object(f) for f in reversed(self.files)], request)

    def _file(self, method, file_id, content):
        if file_id not in self.files:
            return self._no(404, f"No such File object: {file_id}", None, "id")
        if method == "DELETE":
            del self.files[file_id]
            return Answer(200, {"id": file_id, "object": "file", "deleted": True})
        if not content:
            return Answer(200, self._file_object(file_id) | {"status": self._next_status(file_id)})
        whole = self.files[file_id]
        if self.base64_results and self.purposes[file_id] == "fine-tune-results":
            whole = base64.b64encode(whole)
        return Answer(200, whole, {"content-type": "application/octet-stream"})

    def _begin_upload(self, request):
        body = self._checked("POST /uploads", request)
        upload = {
            "id": f"upload_{uuid.uuid4().hex[:16]}",
            "object": "upload",
            "bytes": body["bytes"],
            "created_at": self._now,
            "expires_at": self._now + 3600,
            "filename": body["filename"],
            "purpose": body["purpose"],
            "status": "pending",
        }
        self.uploads[upload["id"]] = {"object": upload, "parts": {}}
        return Answer(200, upload)

    def _go_on_with_upload(self, request, upload_id, what):
        if upload_id not in self.uploads:
            return self._no(404, f"No such upload: {upload_id}")
        upload, parts = self.uploads[upload_id]["object"], self.uploads[upload_id]["parts"]
        if what == "parts":
            part_id = f"part_{uuid.uuid4().hex[:16]}"
            _name, parts[part_id] = request.fields()["data"]
            made = {"id": part_id, "object": "upload.part", "upload_id": upload_id}
            return Answer(200, made | {"created_at": self._now})
        if what == "cancel":
            upload["status"] = "cancelled"
            return Answer(200, upload)
        order = self._checked("POST /uploads/{upload_id}/complete", request)["part_ids"]
        whole = b"".join(parts[part_id] for part_id in order)
        if len(whole) != upload["bytes"]:
            return self._no(400, "The total of the parts is not the number of bytes declared.")
        file_id = self._keep(upload["filename"], whole, upload["purpose"])
        upload |= {"status": "completed", "file": self._file_object(file_id)}
        return Answer(200, upload)
