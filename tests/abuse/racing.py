"""Uploads and files that several want something of at once, asked of a server's application.

Of each race exactly one may win; all others are told so, with 400. Nothing is left lying about: no
part of an upload that has ended, no file that is not in the list.
"""

import asyncio
import hashlib
import random
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
from tests.abuse.outcome import Outcome

from tunedesk.training_server.server import Server
from tunedesk.training_server.settings import ServerSettings

KEY = "sk-race"
PART = 100_000


class Racer:
    """Asks one server; what it must never answer becomes a failure."""

    def __init__(self, client: httpx2.AsyncClient, chance: random.Random) -> None:
        self._client = client
        self._chance = chance
        self.failures: list[str] = []

    async def begin(self, size: int) -> str:
        """A new upload."""
        body = {"bytes": size, "filename": "a.jsonl", "mime_type": "a", "purpose": "fine-tune"}
        answer = await self._client.post("/v1/uploads", json=body)
        return str(answer.json()["id"])

    async def part(self, upload: str, size: int = PART) -> httpx2.Response:
        """Send a part."""
        await self._wait()
        data = {"data": ("part", b"x" * size)}
        return await self._client.post(f"/v1/uploads/{upload}/parts", files=data)

    async def complete(self, upload: str, parts: list[str]) -> httpx2.Response:
        """Ask for the file."""
        await self._wait()
        body = {"part_ids": parts, "md5": hashlib.md5(b"x" * PART * len(parts)).hexdigest()}
        return await self._client.post(f"/v1/uploads/{upload}/complete", json=body)

    async def cancel(self, upload: str) -> httpx2.Response:
        """Give it up."""
        await self._wait()
        return await self._client.post(f"/v1/uploads/{upload}/cancel")

    async def _wait(self) -> None:
        await asyncio.sleep(self._chance.choice((0.0, 0.0, 0.001, 0.003, 0.01)))

    def check(self, name: str, answers: list[httpx2.Response], winners: int) -> None:
        """Hold that so many won and the others were told 400."""
        statuses = sorted(answer.status_code for answer in answers)
        if statuses != [200] * winners + [400] * (len(answers) - winners):
            self.failures.append(f"{name}: {statuses}")

    async def files(self) -> int:
        """How many files the server has."""
        answer = await self._client.get("/v1/files")
        return len(answer.json()["data"])

    async def too_many_parts(self) -> None:
        """Eight parts at once, where four fit."""
        upload = await self.begin(4 * PART)
        answers = await asyncio.gather(*(self.part(upload) for _part in range(8)))
        self.check("8 parts, 4 fit", answers, 4)
        parts = [answer.json()["id"] for answer in answers if answer.status_code == 200]
        self.check("completing them", [await self.complete(upload, parts)], 1)

    async def several_completions(self) -> None:
        """Four completions at once."""
        upload, parts = await self._uploaded(3)
        before = await self.files()
        answers = await asyncio.gather(*(self.complete(upload, parts) for _time in range(4)))
        self.check("4 completions", answers, 1)
        made = await self.files() - before
        if made != 1:
            self.failures.append(f"4 completions made {made} files")

    async def completion_and_cancellation(self) -> None:
        """A completion and two cancellations at once."""
        upload, parts = await self._uploaded(3)
        before = await self.files()
        asked = [self.complete(upload, parts), self.cancel(upload), self.cancel(upload)]
        self._chance.shuffle(asked)
        answers = await asyncio.gather(*asked)
        self.check("complete and cancel", answers, 1)
        (won,) = [each for each in answers if each.status_code == 200][:1] or [answers[0]]
        made = await self.files() - before
        if made != (won.json().get("status") == "completed"):
            self.failures.append(f"complete and cancel made {made} files: {won.text[:200]}")

    async def part_and_the_end(self) -> None:
        """A last part, a completion without it, and a cancellation at once."""
        upload, parts = await self._uploaded(2)
        answers = await asyncio.gather(
            self.part(upload), self.complete(upload, parts), self.cancel(upload)
        )
        part, *ends = answers
        self.check("the end beside a part", ends, 1)
        if part.status_code != 400:
            # Nothing more fits: the two parts are all that it was made for.
            self.failures.append(f"a part too many: {part.status_code}")

    async def content_and_deletions(self) -> None:
        """Two who read a file and three who delete it at once."""
        content = b"x" * self._chance.choice((1, PART, 10 * PART))
        form = {"file": ("a.jsonl", content)}
        made = await self._client.post("/v1/files", files=form, data={"purpose": "fine-tune"})
        path = f"/v1/files/{made.json()['id']}"

        async def ask(method: str, suffix: str = "") -> httpx2.Response:
            await self._wait()
            return await self._client.request(method, path + suffix)

        asked = [ask("DELETE") for _time in range(3)] + [ask("GET", "/content") for _time in "ab"]
        answers = await asyncio.gather(*asked)
        statuses = sorted(answer.status_code for answer in answers[:3])
        if statuses != [200, 404, 404]:
            self.failures.append(f"3 deletions: {statuses}")
        for answer in answers[3:]:
            if answer.status_code != 404 and answer.content != content:
                self.failures.append(f"reading beside deletions: {answer.status_code}")

    async def _uploaded(self, count: int) -> tuple[str, list[str]]:
        upload = await self.begin(count * PART)
        answers = [await self.part(upload) for _part in range(count)]
        return upload, [answer.json()["id"] for answer in answers]


def run(count: int, seed: int) -> Outcome:
    """Run so many races, each of another kind by turns."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(ServerSettings(Path(folder), KEY))
        try:
            failures = asyncio.run(_race(server, count, random.Random(seed)))
            left = [path.name for path in (Path(folder) / "uploads").iterdir()]
            listed = {row["id"] for row in server._stores.database.rows("SELECT id FROM file")}
            half = [path for path in (Path(folder) / "files").iterdir() if path.name not in listed]
        finally:
            server.close()
    if left or half:
        failures.append(f"left lying about: {len(left)} uploads, {len(half)} files")
    return Outcome(count, failures)


async def _race(server: Server, count: int, chance: random.Random) -> list[str]:
    transport = httpx2.ASGITransport(app=server.application)
    headers = {"Authorization": f"Bearer {KEY}"}
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", headers=headers, timeout=60
    ) as client:
        racer = Racer(client, chance)
        races: list[Callable[[], Awaitable[Any]]] = [
            racer.too_many_parts,
            racer.several_completions,
            racer.completion_and_cancellation,
            racer.part_and_the_end,
            racer.content_and_deletions,
        ]
        for number in range(count):
            await races[number % len(races)]()
        return racer.failures
