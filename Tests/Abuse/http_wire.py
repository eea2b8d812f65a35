"""HTTP/1.1 as bytes: requests that may be as wrong as one likes, and answers taken apart."""

from typing import NamedTuple


def request(method, target, headers=(), body=b"", host="parley", version="HTTP/1.1"):
    """Headers are pairs; Content-Length is added for a body unless a header says how long it is."""
    headers = [("Host", host), *headers]
    names = {name.lower() for name, _ in headers}
    if body and not names & {"content-length", "transfer-encoding"}:
        headers.append(("Content-Length", str(len(body))))
    head = f"{method} {target} {version}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers) + "\r\n"
    return head.encode("utf-8", "surrogateescape") + body


def bearer(token):
    return ("Authorization", "Bearer " + token)


def chunked(*pieces, sizes=None):
    """A body in chunks; `sizes` says other lengths than the true ones."""
    sizes = sizes or [f"{len(piece):x}" for piece in pieces]
    return b"".join(size.encode() + b"\r\n" + piece + b"\r\n" for size, piece in zip(sizes, pieces)) + b"0\r\n\r\n"


class Answer(NamedTuple):
    status: int
    headers: dict
    body: bytes


class Answers:
    """Takes the bytes of a connection apart into answers; behind a 101 they aren't HTTP any more and stay in `rest`."""

    def __init__(self):
        self.rest = bytearray()
        # Whether the next answer is one to HEAD, whose length is that of what doesn't come.
        self.is_head = False
        self.head, self.wanted = None, 0
        self.is_upgraded = False

    def feed(self, data):
        self.rest += data
        found = []
        while not self.is_upgraded and (answer := self.next()):
            found.append(answer)
        return found

    def next(self):
        if self.head is None and not self.read_head():
            return None
        if self.wanted is None:
            body = self.read_chunks()
        else:
            body = self.take(self.wanted)
        if body is None:
            return None
        (status, headers), self.head = self.head, None
        self.is_upgraded = status == 101
        return Answer(status, headers, body)

    def read_head(self):
        end = self.rest.find(b"\r\n\r\n")
        if end < 0:
            return False
        status_line, *lines = bytes(self.take(end + 4)[:-4]).decode("latin-1").split("\r\n")
        words = status_line.split(" ")
        if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdigit():
            raise ValueError(f"no answer of HTTP begins with {status_line[:60]!r}")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        status = int(words[1])
        self.head = status, headers
        if status < 200 or status in (204, 304) or self.is_head:
            self.wanted = 0
        elif headers.get("transfer-encoding") == "chunked":
            self.wanted = None
        else:
            self.wanted = int(headers.get("content-length", 0))
        return True

    def take(self, count):
        if len(self.rest) < count:
            return None
        taken = bytes(self.rest[:count])
        del self.rest[:count]
        return taken

    def read_chunks(self):
        body, at = b"", 0
        while (end := self.rest.find(b"\r\n", at)) >= 0:
            size = int(bytes(self.rest[at:end]).split(b";")[0], 16)
            begin, at = end + 2, end + 2 + size + 2
            if len(self.rest) < at:
                return None
            body += self.rest[begin : begin + size]
            if size == 0:
                del self.rest[:at]
                return body
        return None
