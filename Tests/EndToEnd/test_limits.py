"""Each limit on size and number, met from outside by one step too many."""

import contextlib
import json
import os
import signal
import socket

import pytest
from websockets.exceptions import ConnectionClosed

import parley
from test_websocket import closed_with, connected, frame, open_socket, parse

LIMITS = {
    "MAX_FRAME_BYTES": "2KiB", "MAX_MESSAGE_BYTES": "8KiB", "MAX_STOMP_HEADERS": 8, "MAX_STOMP_HEADER_BYTES": "1KiB",
    "MAX_TRANSACTIONS": 2, "MAX_TRANSACTION_FRAMES": 3, "MAX_TRANSACTION_BYTES": "4KiB", "MAX_UNACKNOWLEDGED": 2,
    "MAX_CONTENT_CHARS": 10, "MAX_REQUEST_LINE_BYTES": "1KiB", "MAX_REQUEST_HEADERS": 10, "MAX_REQUEST_HEADER_BYTES": "2KiB",
    "MAX_BODY_BYTES": "9KiB"}


@pytest.fixture(scope="module")
def node():
    from servers import Gateway
    server = Gateway(**LIMITS)
    yield server
    server.stop()


@pytest.fixture
def session(node):
    websocket, _ = connected(url=node.websocket)
    yield websocket
    websocket.close()


def ends_with(websocket, code, close):
    """An ERROR that says why, and the close code; what was refused before the end counts, too."""
    command, headers, _ = parse(websocket.recv(timeout=10))
    assert (command, headers["code"]) == ("ERROR", code)
    assert closed_with(websocket) == close


def test_a_websocket_frame(session):
    session.send("\n" * 2_048)
    session.send("\n" * 2_049)
    assert closed_with(session) == 1009


def test_a_websocket_message_in_fragments(session):
    # The server may have closed before the client has written its last, empty fragment.
    with contextlib.suppress(ConnectionClosed):
        session.send(["x" * 2_000 for _ in range(5)])
    assert closed_with(session) == 1009


def test_a_stomp_frame_over_several_messages(session):
    text = frame("SEND", "x" * 9_000, destination="/app/chat.send")
    for at in range(0, len(text), 2_000):
        session.send(text[at:at + 2_000])
    ends_with(session, "frame-too-large", 1009)


def test_the_headers_of_a_stomp_frame(node):
    for headers, code in (({f"x{n}": n for n in range(8)}, "too-many-headers"), ({"x": "y" * 1_024}, "header-too-long")):
        websocket, _ = connected(url=node.websocket)
        websocket.send(frame("SEND", destination="/app/chat.send", **headers))
        ends_with(websocket, code, 1008)


def test_transactions(node):
    def begun(count):
        websocket, _ = connected(url=node.websocket)
        for number in range(count):
            websocket.send(frame("BEGIN", transaction=number))
        return websocket

    ends_with(begun(3), "too-many-transactions", 1008)
    for count, length in ((4, 1), (3, 1_500)):
        websocket = begun(1)
        for _ in range(count):
            websocket.send(frame("SEND", "x" * length, destination="/app/chat.send", transaction=0))
        ends_with(websocket, "transaction-too-large", 1008)


def test_messages_that_wait_for_their_ack(node):
    one, other = parley.new_user(), parley.new_user()
    conversation = parley.create("DIRECT", [one, other])
    websocket, _ = connected(other, url=node.websocket)
    websocket.send(frame("SUBSCRIBE", id="t", ack="client-individual", destination=f"/topic/conversation/{conversation}", receipt="r"))
    assert parse(websocket.recv(timeout=10))[0] == "RECEIPT"
    for number in range(4):
        parley.call("POST", f"/api/conversations/{conversation}/messages", one, {"content": str(number)})
    got = [parse(websocket.recv(timeout=10)) for _ in range(2)]
    with pytest.raises(TimeoutError):
        websocket.recv(timeout=0.5)
    websocket.send(frame("ACK", id=got[0][1]["ack"]))
    assert json.loads(parse(websocket.recv(timeout=10))[2])["content"] == "2"
    websocket.close()


def test_the_characters_of_a_message(node):
    one = parley.new_user()
    path = f"/api/conversations/{parley.create('DIRECT', [one, parley.new_user()])}/messages"
    assert parley.call("POST", path, one, {"content": "😀" * 10}, url=node.url).status == 201
    answer = parley.call("POST", path, one, {"content": "x" * 11}, url=node.url)
    assert (answer.status, answer.json["code"], answer.json["field"]) == (413, "content-too-long", "content")


@pytest.mark.parametrize("request_text, status", [
    ("GET /" + "x" * 1_100 + " HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    ("GET / HTTP/1.1\r\nHost: x\r\n" + "X: 1\r\n" * 10 + "\r\n", 431),
    ("GET / HTTP/1.1\r\nHost: x\r\nX: " + "y" * 2_100 + "\r\n\r\n", 431),
    ("POST /api/tickets HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\n", 413),
    ("POST /api/tickets HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2400\r\n" + "x" * 9_216 + "\r\n1\r\nx\r\n", 413),
])
def test_a_request(node, request_text, status):
    with socket.create_connection(parley.address(node.url), timeout=10) as connection:
        # Content is read of somebody who is known.
        authorization = f"Host: x\r\nAuthorization: Bearer {parley.token(parley.new_user())}\r\n"
        connection.sendall(request_text.replace("Host: x\r\n", authorization, 1).encode())
        answer = connection.recv(65_536)
        assert answer.startswith(f"HTTP/1.1 {status} ".encode()), answer[:80]
        assert b'"code"' in answer and b"Connection: close" in answer


@pytest.mark.parametrize("limit, content", [("STREAM_MAX_ENTRIES", "x"), ("STREAM_MAX_BYTES", "x" * 3_000)])
def test_what_waits_for_postgresql(gateway, clients, limit, content):
    """While the persister stands still a stream fills; then sends are refused, and taken again when it goes on."""
    one = parley.new_user()
    conversation = parley.create("DIRECT", [one, parley.new_user()])
    full = gateway(**{limit: {"STREAM_MAX_ENTRIES": 1_000, "STREAM_MAX_BYTES": "64KiB"}[limit]}, LOG_PUBLISH="off")
    path = f"/api/conversations/{conversation}/messages"
    persister = int(os.environ["PARLEY_PID_PERSISTER_1"])
    os.kill(persister, signal.SIGSTOP)
    try:
        sender = clients(one, full.url)
        errors, _ = sender.subscribe("/user/queue/errors")
        for _ in range(1_001 if limit == "STREAM_MAX_ENTRIES" else 30):
            sender.send(conversation, content)
        refusal = sender.next(errors)
        assert (refusal["code"], refusal["retryAfterMs"]) == ("try-later", 5_000)
        answer = parley.call("POST", path, one, {"content": "x"}, url=full.url)
        assert (answer.status, answer.json["code"], answer.headers["Retry-After"]) == (503, "try-later", "5")
    finally:
        os.kill(persister, signal.SIGCONT)
    parley.wait_for(lambda: parley.call("POST", path, one, {"content": "x"}, url=full.url).status == 201, what="room")


def test_the_node_goes_on(node):
    """After all that, and with the next one at each limit."""
    websocket = open_socket(url=node.websocket)
    websocket.send(frame("CONNECT", accept_version="1.2", **{f"x{n}": n for n in range(7)}))
    assert parse(websocket.recv(timeout=10))[0] == "CONNECTED"
    websocket.close()
    assert parley.call("GET", "/healthz", url=node.url).status == 200
