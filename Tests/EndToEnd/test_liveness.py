"""Who is still there: pings, heart-beats, and connections whose other end has gone without a word."""

import socket
import time

import pytest
from websockets.frames import Frame, Opcode

import parley
from test_websocket import connected, frame, open_socket, parse


class Mute:
    """A client that says no more than it is told to: it answers no ping, as a phone does whose network has gone."""

    def __init__(self, node, user):
        self.connection = socket.create_connection(parley.address(node.url), timeout=30)
        self.connection.sendall((
            "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer {parley.token(user)}\r\n\r\n").encode())
        while not self.connection.recv(65536).endswith(b"\r\n\r\n"):
            pass
        self.say(frame("CONNECT", accept_version="1.2", host="x", heart_beat="0,0"))
        self.started = time.monotonic()

    def say(self, text):
        self.connection.sendall(Frame(Opcode.TEXT, text.encode()).serialize(mask=True))

    def seconds_until_end(self):
        """And everything that came until then."""
        came = b""
        try:
            while data := self.connection.recv(65536):
                came += data
        except ConnectionError:
            pass
        return time.monotonic() - self.started, came


def test_a_half_open_connection_is_found_in_the_configured_time(gateway):
    node = gateway(PING_INTERVAL="2s", PONG_TIMEOUT="2s", IDLE_TIMEOUT="1m", LOG_FORMAT="json", HEARTBEAT="3s")
    clients = [Mute(node, parley.new_user()) for _ in range(20)]
    for client in clients:
        seconds, came = client.seconds_until_end()
        # A ping after two, its pong missed after two more, and the wheel's second.
        assert 3.5 < seconds < 8, seconds
        assert (4408).to_bytes(2, "big") in came
    assert node.metric("parley_sessions") == 0
    assert sum("no pong" in line for line in node.stop()) == 20


def test_who_answers_pings_stays_without_heart_beats(gateway):
    node = gateway(PING_INTERVAL="1s", PONG_TIMEOUT="1s", IDLE_TIMEOUT="6s", HEARTBEAT="3s", STALLED_TIMEOUT="2s")
    websocket, _ = connected(url=node.websocket)
    with pytest.raises(TimeoutError):
        websocket.recv(timeout=8)
    websocket.send(frame("SUBSCRIBE", id="a", destination="/user/queue/acks", receipt="r"))
    assert parse(websocket.recv(timeout=10))[0] == "RECEIPT"
    websocket.close()


def test_the_gateway_keeps_its_own_promise(gateway):
    node = gateway(HEARTBEAT="3s", PING_INTERVAL="60s", IDLE_TIMEOUT="5m")
    websocket = open_socket(url=node.websocket)
    websocket.send(frame("CONNECT", accept_version="1.2", heart_beat="0,3000"))
    assert parse(websocket.recv(timeout=10))[1]["heart-beat"].split(",")[0] == "3000"
    for _ in range(3):
        started = time.monotonic()
        assert websocket.recv(timeout=5) == "\n"
        assert time.monotonic() - started < 3.5
    websocket.close()
