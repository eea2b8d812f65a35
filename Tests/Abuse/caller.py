"""HTTP calls over a connection that is kept while the server keeps it."""

import json
import time

import http_wire
import verdicts
from peer import Peer


class Caller:
    def __init__(self, tally, address, patience=10):
        self.tally, self.address, self.patience = tally, address, patience
        self.peer, self.answers = None, None

    async def raw(self, data, patience=None):
        """Sends a request as it is; its answer, or None where none came."""
        if self.peer is None or not self.peer.is_open:
            self.peer, self.answers = await Peer(self.tally, self.address).open(), http_wire.Answers()
        self.tally.requests += 1
        self.answers.is_head = data.startswith(b"HEAD ")
        await self.peer.send(data)
        return await self.answer(patience or self.patience)

    async def answer(self, patience):
        deadline = time.monotonic() + patience
        while (left := deadline - time.monotonic()) > 0 and self.peer.is_open:
            data = await self.peer.receive(left)
            found = [one for one in take(self.tally, self.answers, data or b"") if one.status >= 200]
            if found:
                if found[-1].headers.get("connection", "").lower() == "close":
                    self.peer.ended("closed by the server")
                return found[0]
        # What comes later would be taken for the next one's answer.
        self.peer.close()
        return None

    async def call(self, method, target, token=None, body=None, headers=()):
        """A call as a good client makes it; `body` is JSON, or bytes as they are."""
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        headers = [*headers, *([http_wire.bearer(token)] if token else [])]
        if not data and method in ("POST", "PATCH"):
            headers.append(("Content-Length", "0"))
        return await self.raw(http_wire.request(method, target, headers, data))

    def close(self):
        if self.peer:
            self.peer.close()


def take(tally, answers, data):
    """Counts the answers in what came, and judges them."""
    try:
        found = answers.feed(data)
    except ValueError as error:
        tally.judge("no HTTP", str(error))
        return []
    for answer in found:
        tally.answers[f"{answer.status // 100}xx"] += 1
        tally.judge(f"status {answer.status}", verdicts.status(answer))
    return found
