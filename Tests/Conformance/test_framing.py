"""How STOMP frames lie in WebSocket messages is nobody's business: whole, in pieces, several at once, text or binary."""

import pytest
from websockets.sync.client import connect

SCRIPT = (
    b"CONNECT\naccept-version:1.2\nhost:x\nheart-beat:0,0\n\n\0"
    b"SUBSCRIBE\nid:0\ndestination:/topic/%(place)b\nack:client\nreceipt:1\n\n\0\n\n"
    b"SEND\r\ndestination:/topic/%(place)b\r\ncontent-length:5\r\nkey:\xc3\xa4\r\n\r\na\0b\xc3\xa4\0"
    b"BEGIN\ntransaction:t\n\n\0SEND\ndestination:/topic/%(place)b\ntransaction:t\n\nheld\0"
    b"COMMIT\ntransaction:t\nreceipt:2\n\n\0"
    b"DISCONNECT\nreceipt:3\n\n\0")


def cut(size):
    return lambda script: [script[place:place + size] for place in range(0, len(script), size)]


def answers(socket):
    """The server's frames up to the RECEIPT of DISCONNECT, session and message ids left out."""
    frames = []
    while not frames or b"receipt-id:3" not in frames[-1]:
        message = socket.recv(timeout=10)
        message = message.encode() if isinstance(message, str) else message
        assert message.endswith(b"\0")
        lines = message.split(b"\n")
        frames.append(b"\n".join(line for line in lines if not line.startswith((b"session:", b"message-id:"))))
    return frames


def talk(port, place, pieces, is_text):
    script = SCRIPT % {b"place": place.encode()}
    with connect(f"ws://127.0.0.1:{port}/stomp", subprotocols=["v12.stomp"], compression=None) as socket:
        for piece in pieces(script):
            socket.send(piece, text=is_text)
        return answers(socket)


@pytest.mark.parametrize("pieces, is_text", [
    (cut(1), False), (cut(7), False), (cut(8192), True), (lambda script: [b""] + cut(3)(script) + [b""], False),
    (lambda script: [frame + b"\0" for frame in script.split(b"\0")[:-1]], False)],
    ids=["single bytes", "sevens", "one text message", "empty messages between", "cut at NULs"])
def test_frames_may_be_cut_in_any_way(port, pieces, is_text):
    place = "same"
    frames = talk(port, place, pieces, is_text)
    assert frames == talk(port, place, cut(8192), False)
    assert [frame.split(b"\n")[0] for frame in frames] == [
        b"CONNECTED", b"RECEIPT", b"MESSAGE", b"MESSAGE", b"RECEIPT", b"RECEIPT"]
    assert frames[2].endswith(b"\n\na\0b\xc3\xa4\0")
    assert b"key:\xc3\xa4\n" in frames[2]
    assert frames[3].endswith(b"\n\nheld\0")


def test_text_may_be_cut_between_characters(port):
    script = (SCRIPT % {b"place": b"text"}).decode()
    with connect(f"ws://127.0.0.1:{port}/stomp", compression=None) as socket:
        for character in script:
            socket.send(character)
        assert len(answers(socket)) == 6


@pytest.mark.parametrize("offered, chosen", [
    (["v12.stomp", "v11.stomp"], "v12.stomp"), (["v10.stomp", "v11.stomp"], "v11.stomp"), (["v9.stomp"], None), (None, None)])
def test_one_of_the_offered_protocols_is_chosen(port, offered, chosen):
    with connect(f"ws://127.0.0.1:{port}/stomp", subprotocols=offered, compression=None) as socket:
        assert socket.subprotocol == chosen
