"""HTTP itself, wrong: headers that are numbers, chunks, request lines, and a link's expiry."""

import boundaries
import http_wire
from attack import attack
from boundaries import in_header, in_url
from dice import Deck
from http_wire import chunked, request

HAND = 12


def numbered_headers():
    """Whole requests but for the token, as (about, method, target, headers, body)."""
    for text in boundaries.ranges():
        yield "Range", "GET", "{small}", [("Range", in_header(text))], b""
        yield "If-Range", "GET", "{small}", [("Range", in_header(text)), ("If-Range", '"x"')], b""
    for text in boundaries.NUMBERS:
        value = in_header(text)
        for name in ("Content-Length", "Max-Forwards", "Age", "If-None-Match", "If-Modified-Since", "X-Forwarded-For",
                     "Keep-Alive", "Expect", "Transfer-Encoding", "Connection", "Upgrade", "Origin",
                     "Sec-WebSocket-Version"):
            yield name, "POST", "{say}", [(name, value)], b'{"content":"x"}'
            if name in ("Content-Length", "Transfer-Encoding", "Expect"):
                yield name, "GET", "/", [(name, value)], b""
                yield name, "POST", "{upload}", [(name, value)], b"x" * 100
        yield "Host", "GET", "/", [("Host", value)], b""
        yield "Authorization", "GET", "{say}", [("Authorization", "Bearer " + value)], b""
    yield "two lengths", "POST", "{say}", [("Content-Length", "2"), ("Content-Length", "3")], b"{} "
    yield "both lengths", "POST", "{say}", [("Content-Length", "2"), ("Transfer-Encoding", "chunked")], b"{}"
    yield "many headers", "GET", "/", [(f"X-{number}", "1") for number in range(3_000)], b""
    yield "a long header", "GET", "/", [("X", "y" * 200_000)], b""


def chunk_sizes():
    for text in [*boundaries.NUMBERS, "ffffffff", "7fffffffffffffff", "8000000000000000", "ffffffffffffffff",
                 "10000000000000000", "0" * 5_000 + "1", "1;" + "x" * 5_000, "1;a=\"\n\"", "-1", "f" * 17]:
        for target in ("{say}", "{upload}"):
            yield target, chunked(b'{"content":"x"}', sizes=[in_header(text)])
            yield target, chunked(b"{", b'"content":"x"}', sizes=["1", in_header(text)])


def lines():
    """Request lines, and what isn't one."""
    long = ["/" + "a" * 70_000, "/?" + "b" * 9_000]
    targets = ["", "*", "/", "//", "http://a/", "http://", "/%00", "/%", "/\u00e4", *long]
    for target in targets:
        for method in ("GET", "HEAD", "OPTIONS", "POST", "TRACE", "CONNECT", "PRI", "", "G" * 5_000, "get"):
            yield request(method, target, [("Content-Length", "0")])
    for text in boundaries.NUMBERS:
        yield request("GET", "/", version="HTTP/" + in_header(text))
        yield request("GET", "/", version="HTTP/1." + in_header(text))
    yield from (
        b"\r\n" * 20_000, b"\0" * 5_000, b"GET / HTTP/1.1\n\n", b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n Host: a\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", b"GET / HTTP/0.9\r\n\r\n",
        b"GET /\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + b"r" * 500,
        b"PROXY TCP4 1.1.1.1 1.1.1.1 1 1\r\n", b"PROXY TCP4 9 9 99999 -1\r\n", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff" + b"p" * 200, b"\r\n\r\n\0\r\nQUIT\n\xff\xff\xff\xff")


HEADERS, CHUNKS, LINES = Deck(numbered_headers(), HAND), Deck(chunk_sizes(), HAND), Deck(lines(), HAND)
EXPIRIES = Deck(boundaries.NUMBERS, HAND)


def targets(ground):
    return {
        "small": f"/api/files/{ground.small_file}", "say": f"/api/conversations/{ground.pairs[0]}/messages",
        "upload": f"/api/files?conversationId={ground.group}&fileName=abuse.txt"}


async def once(run, data):
    """A connection for one request: its answer, as far as it comes soon, and away in a way of the dice's."""
    caller = run.caller()
    await caller.raw(data, patience=0.2)
    if caller.peer:
        await caller.peer.leave(run.way(), 0.05)


@attack("http-headers", "a header that is a number, a range or a length is none")
async def headers(run):
    for about, method, target, extra, body in run.deal(HEADERS):
        run.say(f"{about} {extra[-1][1][:40]!r}")
        taken = any(name == "Authorization" for name, _ in extra)
        token = [] if taken else [http_wire.bearer(run.ground.tokens[0])]
        await once(run, request(method, target.format(**targets(run.ground)), [*token, *extra], body))


@attack("http-chunks", "the size of a chunk isn't what it says, or no number")
async def chunks(run):
    for target, body in run.deal(CHUNKS):
        run.say(f"chunks {body[:30]!r}")
        extra = [http_wire.bearer(run.ground.tokens[0]), ("Transfer-Encoding", "chunked")]
        await once(run, request("POST", target.format(**targets(run.ground)), extra, body))


@attack("http-lines", "request lines, methods, versions, PROXY headers and TLS where none is expected")
async def request_lines(run):
    for data in run.deal(LINES):
        run.say(repr(data[:40]))
        await once(run, data)


@attack("http-links", "the link to a file ends at a boundary number, beside a signature for another time")
async def links(run):
    caller = run.caller()
    for text in run.deal(EXPIRIES):
        run.say(f"expires={text[:30]}")
        path, _, query = run.ground.link.partition("?")
        signature = query.partition("signature=")[2]
        await caller.call("GET", f"{path}?expires={in_url(text)}&signature={signature}")
        await caller.call("GET", f"{path}?{query}&expires={in_url(text)}")
