"""HTTP/1.1 on the wire: framing, methods, pages from elsewhere, and requests that are cached."""

import contextlib
import json
import socket

import pytest

import parley
from servers import Server, free_port


def exchange(*pieces, url=parley.URL):
    """What is answered to bytes until the connection ends, sent in pieces as they are answered or not."""
    with socket.create_connection(parley.address(url), timeout=10) as connection:
        for piece in pieces:
            connection.sendall(piece)
        answer = b""
        while data := connection.recv(65536):
            answer += data
        return answer


def request(method, path, user=None, *lines, body=b"", close=True):
    head = [f"{method} {path} HTTP/1.1", "Host: parley", *lines]
    if user:
        head.append("Authorization: Bearer " + parley.token(user))
    if close:
        head.append("Connection: close")
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def parsed(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    return int(status.split()[1]), dict(line.split(": ", 1) for line in lines), body


@pytest.mark.parametrize(
    "data, status",
    [
        (b"NONSENSE\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: y\r\n folded\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX : y\r\n\r\n", 400),
        (b"GET / HTTP/1.1\nHost: x\n\n", 400),
        (b"GET /" + b"a" * 10000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 200 + b"\r\n", 431),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 405),  # not read at all
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505),
        (b"GET /ws HTTP/1.1\r\nHost: x\r\n\r\n", 426),
    ],
)
def test_what_cannot_be_parsed_is_answered_and_closed(data, status):
    answered, headers, body = parsed(exchange(data))
    assert answered == status and headers["Connection"] == "close"
    assert headers["Content-Type"] == "application/problem+json" and json.loads(body)["status"] == status


def test_pipelined_requests_are_answered_in_order(pair):
    one, _, conversation = pair
    sends = b"".join(
        request("POST", f"/api/conversations/{conversation}/messages", one, f"Content-Length: {len(body)}", body=body,
                close=False)
        for body in (json.dumps({"content": f"text {number}"}).encode() for number in range(20)))
    answer = exchange(sends + request("GET", "/nowhere"))
    statuses = [int(part.split()[0]) for part in answer.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [201] * 20 + [404]
    assert [item["content"] for item in parley.history(conversation, one)][::-1] == [f"text {n}" for n in range(20)]


def test_chunked_content_and_expect_continue(pair):
    one, _, conversation = pair
    path = f"/api/conversations/{conversation}/messages"
    head = request("POST", path, one, "Transfer-Encoding: chunked", "Expect: 100-continue")
    pieces = [b'e;name="value"\r\n{"content": "a\r\n', b"5\r\n b c\"\r\n", b"1\r\n}\r\n", b"0\r\nTrailer: x\r\n\r\n"]
    with socket.create_connection(parley.address(parley.URL), timeout=10) as connection:
        connection.sendall(head)
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        for piece in pieces:
            connection.sendall(piece)
        assert parsed(connection.recv(65536))[0] == 201
    assert parley.history(conversation, one)[0]["content"] == "a b c"


def test_http_1_0_ends_with_its_answer():
    status, headers, body = parsed(exchange(b"GET /healthz HTTP/1.0\r\n\r\n"))
    assert (status, headers["Connection"]) == (200, "close") and json.loads(body)


def test_head_is_get_without_the_content(pair):
    one, _, conversation = pair
    for path in ("/healthz", "/", f"/api/conversations/{conversation}"):
        status, headers, body = parsed(exchange(request("HEAD", path, one)))
        got = parsed(exchange(request("GET", path, one)))
        assert (status, body) == (200, b"") and got[0] == 200
        assert int(headers["Content-Length"]) == len(got[2]) > 0


def test_methods_that_are_not_there_are_named(pair):
    one, _, conversation = pair
    status, headers, _ = parsed(exchange(request("PUT", f"/api/conversations/{conversation}", one)))
    assert (status, headers["Allow"]) == (405, "GET, HEAD")
    assert "PATCH" in parsed(exchange(request("OPTIONS", "*")))[1]["Allow"]
    assert "PATCH" in parsed(exchange(request("OPTIONS", "/api/conversations")))[1]["Allow"]


PREFLIGHT = ["Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization,content-type"]


def test_pages_from_elsewhere_ask_first(gateway, pair):
    one, _, _ = pair
    node = gateway(ALLOWED_ORIGINS="https://chat.example")
    good, bad = "Origin: https://chat.example", "Origin: https://evil.example"
    status, headers, body = parsed(exchange(request("OPTIONS", "/api/conversations", None, good, *PREFLIGHT), url=node.url))
    assert (status, body) == (204, b"")
    assert headers["Access-Control-Allow-Origin"] == "https://chat.example" and headers["Vary"] == "Origin"
    assert "POST" in headers["Access-Control-Allow-Methods"]
    assert {"authorization", "content-type"} <= set(headers["Access-Control-Allow-Headers"].lower().split(", "))
    status, headers, _ = parsed(exchange(request("OPTIONS", "/api/conversations", None, bad, *PREFLIGHT), url=node.url))
    assert status == 403 and "Access-Control-Allow-Origin" not in headers
    status, headers, _ = parsed(exchange(request("GET", "/api/conversations", one, good), url=node.url))
    assert status == 200 and headers["Access-Control-Allow-Origin"] == "https://chat.example"
    # A refusal can be read, too.
    status, headers, _ = parsed(exchange(request("GET", "/api/conversations", None, good), url=node.url))
    assert status == 401 and headers["Access-Control-Allow-Origin"] == "https://chat.example"
    status, headers, _ = parsed(exchange(request("GET", "/api/conversations", one, bad), url=node.url))
    assert "Access-Control-Allow-Origin" not in headers and "Access-Control-Allow-Credentials" not in headers


def test_the_page_is_fetched_once():
    _, headers, _ = parsed(exchange(request("GET", "/assets/app.js")))
    for tag in (headers["ETag"], "W/" + headers["ETag"], '"other", ' + headers["ETag"]):
        status, again, body = parsed(exchange(request("GET", "/assets/app.js", None, "If-None-Match: " + tag)))
        assert (status, body, again["ETag"]) == (304, b"", headers["ETag"])
    assert parsed(exchange(request("GET", "/assets/app.js", None, 'If-None-Match: "other"')))[0] == 200


def test_a_body_is_read_only_of_somebody_who_is_known():
    """The answer comes while all of the content is still to be sent."""
    large = "Content-Length: 1000000"
    for path, lines, status, code in (
        ("/api/conversations", (large,), 401, "token-missing"),
        ("/api/conversations", (large, "Authorization: Bearer x"), 401, "token-refused"),
        ("/api/conversations", (large, "Authorization: Bearer x", "Expect: 100-continue"), 401, "token-refused"),
        ("/nothing", (large,), 404, "not-found"),
    ):
        answered, headers, body = parsed(exchange(request("POST", path, None, *lines, close=False)))
        assert (answered, json.loads(body)["code"], headers["Connection"]) == (status, code, "close")


def test_bodies_have_room_for_all_together(gateway):
    node = gateway(CONTENT_MEMORY_BYTES="1MiB")
    user = parley.new_user()
    head = request("POST", "/api/conversations", user, "Content-Length: 600000", close=False)
    with socket.create_connection(parley.address(node.url), timeout=10) as first:
        first.sendall(head.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
        assert first.recv(100).startswith(b"HTTP/1.1 100 ")
        answered, headers, body = parsed(exchange(head, url=node.url))
        assert (answered, json.loads(body)["code"], headers["Retry-After"]) == (503, "try-later", "1")
    # What the first had reserved is given back with its end.
    def has_room():
        with socket.create_connection(parley.address(node.url), timeout=10) as next:
            next.sendall(head.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
            return next.recv(100).startswith(b"HTTP/1.1 100 ")
    parley.wait_for(has_room, what="room")


def test_a_request_that_does_not_go_on_is_told_so(gateway):
    node = gateway(HANDSHAKE_TIMEOUT="1s")
    for piece in (b"GET /healthz HTT", request("POST", "/api/conversations", parley.new_user(), "Content-Length: 9", close=False)):
        answered, headers, body = parsed(exchange(piece, url=node.url))
        assert (answered, json.loads(body)["code"], headers["Connection"]) == (408, "request-timeout", "close")
    # The same behind another request, and without a word where nothing has begun.
    first = request("GET", "/healthz", close=False)
    assert exchange(first + b"GET /", url=node.url).count(b"HTTP/1.1 ") == 2


def test_explain_without_an_upgrade_is_answered_in_a_flood(gateway):
    node = gateway(RATE_HANDSHAKES_PER_NODE="1/m:1")
    path = "/ws?explain=1"
    answers = [parsed(exchange(request("GET", path), url=node.url)) for _ in range(3)]
    assert [status for status, *_ in answers][1:] == [503, 503]
    assert json.loads(answers[-1][2])["number"] == 400


@pytest.mark.parametrize("method, path, status, code, number", [
    ("GET", "/api/nothing", 404, "not-found", 300), ("PUT", "/api/conversations", 405, "method-not-allowed", 109),
    ("GET", "/ws", 426, "upgrade-required", 110), ("POST", "/ws", 405, "method-not-allowed", 109),
])
def test_every_problem_has_its_number(method, path, status, code, number):
    answer = parley.call(method, path, parley.new_user())
    assert (answer.status, answer.json["code"], answer.json["number"]) == (status, code, number)


def test_an_operators_port_numbers_its_problems_too():
    listen = f"127.0.0.1:{free_port()}"
    url = f"http://{listen}"
    persister = Server("persister", OPERATOR_LISTEN=listen)

    def is_there():
        with contextlib.suppress(OSError):
            return parley.call("GET", "/healthz", url=url).status == 200
    parley.wait_for(is_there, what="the persister")
    answer = parley.call("GET", "/nothing", url=url)
    assert (answer.status, answer.json["code"], answer.json["number"]) == (404, "not-found", 300)
    status, _, body, *_ = parsed(exchange(b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", url=url))
    assert (status, json.loads(body)["code"], json.loads(body)["number"]) == (400, "bad-request", 108)
    persister.stop()
