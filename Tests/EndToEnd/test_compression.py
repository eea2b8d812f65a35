"""permessage-deflate between a gateway and the `websockets` package."""

import json

import pytest
from websockets.sync.client import connect

import parley
from test_websocket import closed_with, frame, parse

LONG = "grüße €🙂 " * 300


def client(node, user, **keywords):
    parley.wait_for(lambda: parley.call("GET", "/readyz", url=node.url).status == 200, what="gateway")
    websocket = connect(
        node.url.replace("http", "ws") + "/ws", additional_headers={"Authorization": "Bearer " + parley.token(user)},
        legacy=True, **keywords)
    websocket.send(frame("CONNECT", accept_version="1.2", host="x"))
    assert parse(websocket.recv(timeout=10))[0] == "CONNECTED"
    return websocket


def agreed(websocket):
    return websocket.response.headers.get("Sec-WebSocket-Extensions")


def next_message(websocket):
    while True:
        command, _, body = parse(websocket.recv(timeout=10))
        if command == "MESSAGE":
            return json.loads(body)


@pytest.mark.parametrize("policy, forgets", [("no-takeover", True), ("takeover", False), ("off", None)])
def test_long_messages_arrive_whatever_was_agreed_on(gateway, pair, policy, forgets):
    one, other, conversation = pair
    node = gateway(COMPRESSION=policy, COMPRESSION_MIN_BYTES="0B")
    with client(node, one) as sender, client(node, other) as reader, client(node, other, compression=None) as plain:
        if forgets is None:
            assert agreed(sender) is None
        else:
            assert ("server_no_context_takeover" in agreed(sender)) == forgets
        assert agreed(plain) is None
        for websocket in (sender, reader, plain):
            websocket.send(frame("SUBSCRIBE", id="0", destination=f"/topic/conversation/{conversation}", receipt="r"))
            assert parse(websocket.recv(timeout=10))[0] == "RECEIPT"
        for number in range(5):
            body = {"conversationId": conversation, "content": f"{number} {LONG}"}
            sender.send(frame("SEND", json.dumps(body), destination="/app/chat.send"))
            for websocket in (sender, reader, plain):
                assert next_message(websocket)["content"] == f"{number} {LONG}"


@pytest.mark.parametrize("policy", ["no-takeover", "takeover"])
def test_a_bomb_is_too_big(gateway, policy):
    node = gateway(COMPRESSION=policy)
    with client(node, parley.new_user()) as websocket:
        websocket.send("a" * 50_000_000)
        assert closed_with(websocket) == 1009
