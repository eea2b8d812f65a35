"""The MUSTs of the STOMP specifications that only a whole connection shows; each test names their section.

Those on single frames are in Tests/GatewayTests/STOMP/Specification.
"""

import contextlib
import uuid

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

PATIENCE = 10


class Frame:
    def __init__(self, text):
        head, self.body = text.removesuffix("\0").split("\n\n", 1)
        self.command, *lines = head.split("\n")
        self.headers = dict(line.split(":", 1) for line in reversed(lines))


class Client:
    """A STOMP client that does what the test says, right or wrong."""

    def __init__(self, socket, version):
        self.socket = socket
        accept = f"accept-version:{version}\nhost:x\n" if version != "1.0" else ""
        self.say(f"CONNECT\n{accept}\n\0")
        self.connected = self.next()

    def say(self, text):
        self.socket.send(text)

    def next(self):
        while True:
            text = self.socket.recv(timeout=PATIENCE)
            if text.strip("\r\n"):
                return Frame(text)

    def receipt(self, text):
        """Says it, and what comes before its RECEIPT."""
        self.say(text)
        frames = []
        while True:
            frame = self.next()
            if frame.command == "RECEIPT":
                return frames
            frames.append(frame)

    def error(self, text):
        """Says it: the ERROR that follows, behind which the server closes."""
        self.say(text)
        frame = self.next()
        assert frame.command == "ERROR"
        with pytest.raises(ConnectionClosed):
            self.socket.recv(timeout=PATIENCE)
        return frame


@pytest.fixture
def client(port):
    with contextlib.ExitStack() as stack:
        yield lambda version="1.2": Client(
            stack.enter_context(connect(f"ws://127.0.0.1:{port}/stomp")), version)


@pytest.fixture
def place():
    return str(uuid.uuid4())


VERSIONS = pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])


@VERSIONS
def test_connected_names_the_version(client, version):
    """CONNECTED Frame: servers MUST set version; 1.0: the server will always acknowledge, with a session."""
    frame = client(version).connected
    assert frame.command == "CONNECTED"
    assert frame.headers["version"] == version
    assert frame.headers["session"]


def test_without_a_common_version_the_answer_is_an_error(port):
    """Protocol Negotiation: ERROR with the versions, then close."""
    with connect(f"ws://127.0.0.1:{port}/stomp") as socket:
        socket.send("CONNECT\naccept-version:3.0\nhost:x\n\n\0")
        frame = Frame(socket.recv(timeout=PATIENCE))
        assert frame.command == "ERROR"
        assert frame.headers["version"] == "1.2,1.1,1.0"
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=PATIENCE)


@pytest.mark.parametrize("text", [
    "SEND\ndestination:/nowhere\nreceipt:r\n\nx\0",
    "SEND\nreceipt:r\n\nx\0",
    "SUBSCRIBE\nid:0\ndestination:/nowhere\nreceipt:r\n\n\0",
    "SUBSCRIBE\nid:0\nreceipt:r\n\n\0",
    "SUBSCRIBE\ndestination:/topic/a\nreceipt:r\n\n\0",
    "UNKNOWN\nreceipt:r\n\n\0",
    "COMMIT\ntransaction:none\nreceipt:r\n\n\0",
    "BEGIN\ntransaction:t\nreceipt:r\n\nbody\0",
])
def test_what_fails_is_an_error_and_the_end(client, text):
    """SEND, SUBSCRIBE: the server MUST send ERROR, then close; ERROR: receipt-id names the frame. It gets no RECEIPT."""
    frame = client().error(text)
    assert frame.headers["receipt-id"] == "r"
    assert frame.headers["message"]


@pytest.mark.parametrize("text", [
    "SEND\ndestination:/topic/a\nk:\\t\n\n\0", "SEND\ndestination:/topic/a\ncontent-length:1\n\nab\0",
    "SEND\nno colon\n\n\0", "SEND\ndestination:/topic/a\ncontent-length:x\n\n\0"])
def test_what_is_malformed_is_an_error_and_the_end(client, text):
    """Value Encoding: undefined escape sequences MUST be treated as a fatal protocol error; Augmented BNF."""
    assert client().error(text).headers["message"]


@VERSIONS
def test_messages_have_their_headers(client, place, version):
    """MESSAGE: MUST include destination, message-id, subscription, and user-defined headers MUST be passed through (SEND)."""
    one = client(version)
    frames = one.receipt(
        f"SUBSCRIBE\nid:s\ndestination:/topic/{place}\nack:client\n\n\0"
        f"SEND\ndestination:/topic/{place}\nmine:yes\nmine:no\ncontent-type:text/plain\nreceipt:r\n\nhello\0")
    headers = frames[0].headers
    assert headers["destination"] == f"/topic/{place}"
    assert headers["subscription"] == "s"
    assert headers["mine"] == "yes"
    assert headers["content-type"] == "text/plain"
    assert headers["content-length"] == "5"
    assert "receipt" not in headers
    assert headers["ack"]
    second = one.receipt(f"SEND\ndestination:/topic/{place}\nreceipt:r\n\nhello\0")[0]
    assert second.headers["message-id"] != headers["message-id"]
    assert second.headers["ack"] != headers["ack"]


def acknowledgement(version, frame, command="ACK"):
    if version == "1.2":
        return f"{command}\nid:{frame.headers['ack']}\n"
    subscription = "" if version == "1.0" else f"subscription:{frame.headers['subscription']}\n"
    return f"{command}\nmessage-id:{frame.headers['message-id']}\n{subscription}"


@VERSIONS
@pytest.mark.parametrize("mode, left", [("client", ["c"]), ("client-individual", ["a", "c"])])
def test_acknowledgements_in_each_version(client, place, version, mode, left):
    """SUBSCRIBE ack Header: client is cumulative, client-individual MUST NOT acknowledge a previous message."""
    one = client(version)
    sends = "".join(f"SEND\ndestination:/queue/{place}\n\n{body}\0" for body in "abc")
    one.say(f"SUBSCRIBE\nid:0\ndestination:/queue/{place}\nack:{mode}\n\n\0" + sends)
    frames = [one.next() for _ in "abc"]
    one.receipt(acknowledgement(version, frames[1]) + "receipt:r\n\n\0")
    one.socket.close()
    other = client()
    other.say(f"SUBSCRIBE\nid:0\ndestination:/queue/{place}\n\n\0")
    assert [other.next().body for _ in left] == left


def test_a_transaction_ends_with_its_connection(client, place):
    """BEGIN: transactions are implicitly aborted by DISCONNECT, and when the connection fails."""
    watcher = client()
    watcher.receipt(f"SUBSCRIBE\nid:0\ndestination:/topic/{place}\nreceipt:r\n\n\0")
    for ending in ["DISCONNECT\nreceipt:r2\n\n\0", None]:
        one = client()
        one.receipt(f"BEGIN\ntransaction:t\n\n\0SEND\ntransaction:t\ndestination:/topic/{place}\nreceipt:r\n\nlost\0")
        if ending:
            one.receipt(ending)
        one.socket.close()
    assert watcher.receipt(f"SEND\ndestination:/topic/{place}\nreceipt:r\n\nkept\0")[0].body == "kept"


def test_disconnect_is_confirmed_after_everything_before_it(client, place):
    """DISCONNECT: the client is assured that all previous frames have been received; nothing counts after it."""
    one = client()
    one.receipt(f"SUBSCRIBE\nid:0\ndestination:/topic/{place}\nreceipt:r\n\n\0")
    frames = one.receipt(
        f"SEND\ndestination:/topic/{place}\n\nbefore\0DISCONNECT\nreceipt:77\n\n\0"
        f"SEND\ndestination:/topic/{place}\nreceipt:78\n\nafter\0")
    assert [frame.body for frame in frames] == ["before"]
    with pytest.raises(ConnectionClosed):
        one.socket.recv(timeout=PATIENCE)


def test_heart_beats_are_single_line_feeds(port):
    """Heart-beating: the sender MUST send new data at least every n milliseconds, a newline where there is no frame."""
    with connect(f"ws://127.0.0.1:{port}/stomp") as socket:
        socket.send("CONNECT\naccept-version:1.2\nhost:x\nheart-beat:0,1000\n\n\0")
        assert Frame(socket.recv(timeout=PATIENCE)).headers["heart-beat"] == "3000,3000"
        for _ in range(2):
            assert socket.recv(timeout=3) == "\n"


def test_clients_may_connect_and_disconnect_rapidly(client, port, place):
    """Connection Lingering: servers must be able to support clients which rapidly connect and disconnect."""
    watcher = client()
    watcher.receipt(f"SUBSCRIBE\nid:0\ndestination:/topic/{place}\nreceipt:r\n\n\0")
    for number in range(100):
        with connect(f"ws://127.0.0.1:{port}/stomp") as socket:
            socket.send(f"CONNECT\naccept-version:1.2\nhost:x\n\n\0SEND\ndestination:/topic/{place}\n\n{number}\0DISCONNECT\n\n\0")
    assert [int(watcher.next().body) for _ in range(100)] == list(range(100))
