"""WebSocket and STOMP on the wire, by the `websockets` package."""

import json
import struct
import time

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.sync.client import connect

import parley

WS = parley.URL.replace("http", "ws") + "/ws"


def open_socket(user=None, protocols=None, url=WS, bearer=None, **keywords):
    headers = {"Authorization": "Bearer " + (bearer or parley.token(user or parley.new_user()))}
    if protocols and any(protocol.startswith("bearer.") for protocol in protocols):
        headers = {}
    return connect(url, additional_headers=headers, subprotocols=protocols, compression=None, legacy=True, **keywords)


def frame(command, body="", **headers):
    lines = [command] + [f"{name.replace('_', '-')}:{value}" for name, value in headers.items()]
    return "\n".join(lines) + "\n\n" + body + "\0"


def parse(text):
    head, body = text.rstrip("\n").split("\n\n", 1)
    command, *lines = head.split("\n")
    return command, dict(line.split(":", 1) for line in lines), body.removesuffix("\0")


def connected(user=None, version="1.2", **keywords):
    websocket = open_socket(user, **keywords)
    websocket.send(frame("CONNECT", accept_version=version, host="x"))
    command, headers, _ = parse(websocket.recv(timeout=10))
    assert command == "CONNECTED"
    return websocket, headers


def closed_with(websocket):
    with pytest.raises(ConnectionClosed) as closing:
        while True:
            websocket.recv(timeout=10)
    return closing.value.rcvd.code if closing.value.rcvd else None


def test_one_of_the_offered_subprotocols_is_echoed():
    with open_socket(protocols=["v12.stomp", "v11.stomp", "v10.stomp"]) as websocket:
        assert websocket.subprotocol == "v12.stomp"
    with open_socket(protocols=["v10.stomp", "other"]) as websocket:
        assert websocket.subprotocol == "v10.stomp"
    with open_socket() as websocket:
        assert websocket.subprotocol is None


def test_a_token_as_subprotocol_is_never_echoed():
    token = parley.token(parley.new_user())
    with open_socket(protocols=["bearer." + token, "v12.stomp"]) as websocket:
        assert websocket.subprotocol == "v12.stomp"
        assert token not in str(websocket.response.headers)


def test_spring_and_android_connect_to_ws_websocket():
    with open_socket(url=WS + "/websocket"):
        pass


@pytest.mark.parametrize("bearer", ["x.y.z", parley.token(parley.new_user(), secret=b"wrong" * 8)])
def test_a_bad_token_is_401_and_explained_on_demand(bearer):
    with pytest.raises(InvalidStatus) as refusal:
        open_socket(bearer=bearer)
    assert refusal.value.response.status_code == 401
    assert json.loads(refusal.value.response.body)["code"] == "token-refused"
    websocket = open_socket(bearer=bearer, url=WS + "?explain=1")
    command, headers, _ = parse(websocket.recv(timeout=10))
    assert (command, headers["code"]) == ("ERROR", "token-refused")
    assert closed_with(websocket) == 4401


def test_connected_says_who_and_what():
    user = parley.new_user()
    websocket, headers = connected(user)
    assert headers["version"] == "1.2" and headers["user-name"] == user
    assert headers["server"].startswith("parley/") and "\\" not in str(headers)
    assert len(headers["heart-beat"].split(",")) == 2 and headers["session"]
    websocket.send(frame("DISCONNECT", receipt="bye"))
    assert parse(websocket.recv(timeout=10))[:2] == ("RECEIPT", {"receipt-id": "bye", "content-length": "0"})
    websocket.close()


@pytest.mark.parametrize("accepted, version", [("1.2,1.1,1.0", "1.2"), ("1.1,1.0", "1.1"), ("1.0", "1.0"), ("1.1,9", "1.1")])
def test_the_highest_common_version_wins(accepted, version):
    websocket, headers = connected(version=accepted)
    assert headers["version"] == version
    websocket.close()


def test_no_common_version_is_error_and_close():
    websocket = open_socket()
    websocket.send(frame("CONNECT", accept_version="3.0"))
    command, headers, _ = parse(websocket.recv(timeout=10))
    assert command == "ERROR" and "1.2" in headers["version"]
    assert closed_with(websocket) is not None


def test_frames_in_pieces_together_and_binary(pair):
    one, _, conversation = pair
    websocket, _ = connected(one)
    body = json.dumps({"conversationId": conversation, "content": "ä" * 50})
    send = frame("SEND", body, destination="/app/chat.send", receipt="1").encode()
    for position in range(len(send)):
        websocket.send(send[position : position + 1])
    command, headers, _ = parse(websocket.recv(timeout=10))
    assert (command, headers["receipt-id"]) == ("RECEIPT", "1")
    two = frame("SEND", body, destination="/app/chat.send", receipt="2") + "\n\r\n" + frame(
        "SUBSCRIBE", id="0", destination="/user/queue/acks", receipt="3")
    websocket.send(two)
    assert [parse(websocket.recv(timeout=10))[1]["receipt-id"] for _ in range(2)] == ["2", "3"]
    # One message in fragments, with a ping between them.
    whole = frame("SEND", body, destination="/app/chat.send", receipt="4")
    websocket.send(iter([whole[:10], whole[10:40], whole[40:]]))
    websocket.ping().wait(10)
    assert parse(websocket.recv(timeout=10))[1]["receipt-id"] == "4"
    assert json.loads(parse(websocket.recv(timeout=10))[2])["status"] == "SENT"
    websocket.close()


def test_receipts_leave_in_the_order_of_their_frames(pair):
    one, _, conversation = pair
    websocket, _ = connected(one)
    frames = []
    for number in range(0, 300, 3):
        body = json.dumps({"conversationId": conversation, "content": str(number)})
        typing = json.dumps({"conversationId": conversation, "typing": True})
        frames += [
            frame("SEND", body, destination="/app/chat.send", receipt=number),
            frame("SUBSCRIBE", id=f"s{number}", destination=f"/topic/conversation/{conversation}/typing", receipt=number + 1),
            frame("SEND", typing, destination="/app/chat.typing", receipt=number + 2),
        ]
    websocket.send("".join(frames[:150]))
    websocket.send("".join(frames[150:]))
    receipts = []
    while len(receipts) < 300:
        command, headers, _ = parse(websocket.recv(timeout=20))
        if command == "RECEIPT":
            receipts.append(int(headers["receipt-id"]))
    assert receipts == list(range(300))
    websocket.close()


def test_a_frame_over_the_limit_is_1009():
    websocket, _ = connected()
    websocket.send("x" * (64 * 1024 + 1))
    assert closed_with(websocket) == 1009


@pytest.mark.parametrize(
    "data, code",
    [
        (Frame(Opcode.TEXT, b"\xff\xfe"), 1007),
        (Frame(Opcode.TEXT, b"x", rsv1=True), 1002),
        (Frame(Opcode.CONT, b"x"), 1002),
        (Frame(Opcode.PING, b"x" * 200), 1002),
        (Frame(Opcode.CLOSE, b"\x03"), 1002),
        (Frame(Opcode.CLOSE, struct.pack("!H", 1005)), 1002),
    ],
)
def test_broken_websocket_frames(data, code):
    websocket = open_socket()
    # Without the checks of the client.
    head = bytes([(0x40 if data.rsv1 else 0) | 0x80 | data.opcode])
    length = len(data.data)
    head += bytes([0x80 | length]) if length < 126 else bytes([0x80 | 126]) + struct.pack("!H", length)
    websocket.socket.sendall(head + b"\0\0\0\0" + data.data)
    assert closed_with(websocket) == code


def test_an_unmasked_frame_is_1002():
    websocket = open_socket()
    websocket.socket.sendall(b"\x81\x01x")
    assert closed_with(websocket) == 1002


@pytest.mark.parametrize(
    "text",
    [
        "SEND\n\n\0", "NONSENSE\n\n\0", "CONNECT\n\n\0", "SUBSCRIBE\nid:1\n\n\0", "SUBSCRIBE\ndestination:/x\n\n\0",
        "SEND\ndestination:/a\\t\n\n\0", "SEND\nno colon\n\n\0", "ACK\n\n\0", "COMMIT\ntransaction:never\n\n\0",
        "SUBSCRIBE\nid:1\ndestination:/user/queue/acks\nselector:a = 1\n\n\0", "SEND\ndestination:/a\ncontent-length:x\n\n\0",
    ],
)
def test_broken_stomp_frames_are_error_and_close(text):
    websocket, _ = connected()
    websocket.send(text)
    command, headers, _ = parse(websocket.recv(timeout=10))
    assert command == "ERROR" and headers["message"]
    assert closed_with(websocket) is not None


def test_the_first_frame_must_be_connect():
    websocket = open_socket()
    websocket.send(frame("SEND", destination="/app/chat.send"))
    assert parse(websocket.recv(timeout=10))[0] == "ERROR"
    assert closed_with(websocket) is not None


def test_acknowledgement_windows_and_cumulative_acks(pair):
    one, other, conversation = pair
    websocket, _ = connected(other)
    websocket.send(frame("SUBSCRIBE", id="t", destination=f"/topic/conversation/{conversation}", ack="client", receipt="s"))
    assert parse(websocket.recv(timeout=10))[0] == "RECEIPT"
    path = f"/api/conversations/{conversation}/messages"
    for number in range(300):
        assert parley.call("POST", path, one, {"content": str(number)}).status == 201
    received = [parse(websocket.recv(timeout=10)) for _ in range(256)]
    assert all(headers["ack"] for _, headers, _ in received)
    with pytest.raises(TimeoutError):
        websocket.recv(timeout=0.5)
    websocket.send(frame("ACK", id=received[-1][1]["ack"]))
    received += [parse(websocket.recv(timeout=10)) for _ in range(44)]
    assert [json.loads(body)["content"] for _, _, body in received] == [str(number) for number in range(300)]
    websocket.close()


def test_pings_are_answered_and_sent():
    websocket, _ = connected()
    assert websocket.ping(b"hello").wait(10)
    websocket.close()


def test_heart_beats_are_kept():
    websocket = open_socket()
    websocket.send(frame("CONNECT", accept_version="1.2", heart_beat="0,10000"))
    assert parse(websocket.recv(timeout=10))[0] == "CONNECTED"
    started = time.monotonic()
    assert websocket.recv(timeout=11) == "\n"
    assert time.monotonic() - started < 10.5
    websocket.close()
