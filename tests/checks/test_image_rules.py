"""Images that are too large: made here, since a sample of 10 MB is none."""

import base64
import json

from tunedesk.checks.check import Checker


def test_a_picture_over_ten_megabytes():
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x08\0\0\0\x08"
    data = base64.b64encode(head + bytes(10_485_760)).decode()
    part = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
    record = {
        "messages": [
            {"role": "user", "content": [part]},
            {"role": "assistant", "content": "A dot."},
        ]
    }
    (problem,) = Checker(encoding=None).check(json.dumps(record).encode()).problems
    assert problem.code == "image_too_large"
    assert problem.path == ("messages", 0, "content", 0, "image_url", "url")
    assert problem.parameters["limit"] == 10_485_760
