"""What a client does costs itself its connection at most: the node lives on, and its memory stays bounded."""

import json
import os
import signal
import socket
import struct
import subprocess
import time

import pytest
from websockets.exceptions import ConnectionClosed

import parley
from servers import Server, free_port
from stores import publish
from test_slow_consumers import MIB, small_socket
from test_websocket import closed_with, connected, frame, parse

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
NOTHING = b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
READY = b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def reset(connection):
    """Goes away without a word to whoever is still writing."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.mark.parametrize("leave", [socket.socket.close, reset])
def test_answers_that_nobody_reads_end_their_connection_alone(gateway, leave):
    node = gateway()
    for _ in range(5):
        connection = small_socket(node.url)
        connection.settimeout(1)
        try:
            connection.sendall(GET * 3_000)
        except TimeoutError:
            # What isn't answered isn't read either.
            pass
        time.sleep(0.1)
        leave(connection)
    parley.wait_for(lambda: node.metric("parley_connections") <= 1, what="the connections' end")
    assert node.is_ready() and node.metric("parley_defects_total") == 0


def test_a_download_given_up_ends_its_connection_alone(pair):
    one, _, conversation = pair
    path = f"/api/files?conversationId={conversation}&fileName=large"
    upload = parley.call("POST", path, one, os.urandom(20 * MIB))
    assert upload.status == 201, upload.text
    head = f"GET /api/files/{upload.json['fileId']} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {parley.token(one)}\r\n\r\n"
    # Through the balancer as well as at a gateway itself; a process that ends fails the test.
    for url in (parley.URL, *parley.GATEWAYS):
        for leave in (socket.socket.close, reset):
            connection = small_socket(url)
            connection.sendall(head.encode())
            assert connection.recv(100).startswith(b"HTTP/1.1 200")
            leave(connection)
        assert parley.call("GET", "/readyz", url=url).status == 200


def test_pipelined_answers_wait_in_the_clients_own_buffers(gateway):
    node = gateway()
    before = node.memory()
    deaf = small_socket(node.url)
    deaf.setblocking(False)
    sent = 0
    # Longer than it took to fill the node before, with as much as the client's own socket takes.
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        try:
            sent += deaf.send((NOTHING * 1_000)[sent % len(NOTHING):])
        except BlockingIOError:
            time.sleep(0.01)
    assert node.memory() - before < 16 * MIB, f"{sent} bytes of requests were taken"
    # All are answered once it reads, and in order.
    deaf.settimeout(10)
    whole, answered, rest = sent // len(NOTHING), 0, b""
    while answered < whole:
        data = deaf.recv(1 << 20)
        assert data, f"closed behind {answered} answers of {whole}"
        rest += data
        answered += rest.count(b"HTTP/1.1 404 ")
        rest = rest[-12:]
    assert answered == whole
    deaf.close()


def test_a_client_that_has_ended_its_side_gets_the_whole_answer(pair):
    one, _, conversation = pair
    path = f"/api/conversations/{conversation}/messages"
    for _ in range(200):
        assert parley.call("POST", path, one, {"content": "😀" * 3_000}).status == 201
    head = f"GET {path}?limit=200 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {parley.token(one)}\r\n\r\n"
    with small_socket(parley.GATEWAYS[0]) as connection:
        connection.sendall(head.encode())
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(20)
        answer = b""
        while data := connection.recv(1 << 16):
            answer += data
    head, _, body = answer.partition(b"\r\n\r\n")
    # A page ends with the message that reaches 1 MiB.
    items = json.loads(body)["items"]
    assert head.startswith(b"HTTP/1.1 200") and len(body) > MIB and 80 < len(items) < 200
    assert json.loads(body)["nextBefore"] == items[-1]["id"]


def test_memory_comes_back_after_a_flood(gateway, pair):
    """Each client asks for a page of 3.2 MB and takes nothing of it; the kernel may have up to 2.5 MB of each."""
    one, _, conversation = pair
    node = gateway()
    path = f"/api/conversations/{conversation}/messages"
    for _ in range(200):
        assert parley.call("POST", path, one, {"content": "😀" * 4_000}, url=node.url).status == 201
    head = f"GET {path}?limit=200 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {parley.token(one)}\r\n\r\n"
    before, deaf = node.memory(), []
    for _ in range(200):
        deaf.append(small_socket(node.url))
        deaf[-1].sendall(head.encode())
    parley.wait_for(lambda: node.memory() - before > 80 * MIB, what="what waits for them")
    for connection in deaf:
        reset(connection)
    # The allocator is looked at every ten seconds.
    parley.wait_for(lambda: node.memory() - before < 48 * MIB, 40, "the memory")


@pytest.mark.parametrize("leaves", [False, True])
def test_who_is_removed_with_two_subscriptions_ends_alone(gateway, leaves):
    """The refusal of the first ends the session, since it has no errors queue; the second is its, too."""
    admin, member = parley.new_user(), parley.new_user()
    conversation = parley.create("GROUP", [admin, member])
    node = gateway()
    topic = f"/topic/conversation/{conversation}"
    for destinations in ((topic, topic + "/typing"), (topic, topic)):
        websocket, _ = connected(member, url=node.websocket)
        for number, destination in enumerate(destinations):
            websocket.send(frame("SUBSCRIBE", id=number, destination=destination, receipt=number))
            assert parse(websocket.recv(timeout=10))[0] == "RECEIPT"
        person = f"/api/conversations/{conversation}/participants"
        assert parley.call("DELETE", f"{person}/{member}", member if leaves else admin, url=node.url).status == 200
        assert closed_with(websocket) == 1008
        assert parley.call("POST", person, admin, {"userId": member}, url=node.url).status == 200
    assert node.is_ready()


def test_sessions_that_end_while_they_subscribe_leave_nothing(gateway):
    user = parley.new_user()
    node = gateway()
    queues = ["conversations", "receipts", "messages", "acks", "errors"]
    for number in range(60):
        websocket, _ = connected(user, url=node.websocket)
        websocket.send("".join(frame("SUBSCRIBE", id=name, destination=f"/user/queue/{name}") for name in queues))
        if number % 2:
            websocket.send(frame("NONSENSE"))
        websocket.socket.close()
    parley.wait_for(lambda: node.metric("parley_sessions") == 0, what="the sessions' end")
    # What concerns the user finds nobody, and ends nothing.
    parley.create("DIRECT", [parley.new_user(), user], url=node.url)
    assert node.is_ready()


def subscribed(node, user, queue, count):
    """A session that takes nothing more once it has its subscriptions."""
    websocket, _ = connected(user, url=node.websocket, sock=small_socket(node.url), max_queue=1)
    for number in range(count):
        websocket.send(frame("SUBSCRIBE", id=f"{number}-" + "x" * 200, destination=f"/user/queue/{queue}"))
    # By then each of them was taken or refused.
    websocket.send(frame("UNSUBSCRIBE", id="none", receipt="end"))
    while parse(websocket.recv(timeout=10))[1].get("receipt-id") != "end":
        pass
    return websocket


def test_refusals_that_nobody_reads_are_bounded(gateway, pair):
    one, _, conversation = pair
    node = gateway(SEND_QUEUE_BYTES="256KiB")
    before = node.memory()
    websocket = subscribed(node, one, "errors", 480)
    body = json.dumps({"conversationId": conversation, "content": "first, and slow"})
    nonsense = '{"' + "n" * 60_000 + '"}'
    try:
        websocket.send(frame("SEND", body, destination="/app/chat.send"))
        for number in range(5_000):
            if number % 100:
                websocket.send(frame("SEND", "x", destination="\x01" * 250, receipt="\x01" * 250))
            else:
                websocket.send(frame("SEND", nonsense, destination="/app/chat.typing"))
    except (ConnectionClosed, OSError):
        pass
    assert node.memory() - before < 16 * MIB


def test_pongs_that_nobody_reads_are_bounded_by_what_they_take(gateway):
    """Each has two bytes, and takes some hundred where it waits."""
    node = gateway()
    websocket, _ = connected(url=node.websocket, sock=small_socket(node.url))
    before, raw = node.memory(), websocket.socket
    raw.setblocking(False)
    pings, sent, deadline = b"\x89\x80\0\0\0\0" * 10_000, 0, time.monotonic() + 4
    while time.monotonic() < deadline:
        try:
            sent += raw.send(pings[sent % 6:])
        except BlockingIOError:
            time.sleep(0.01)
    assert node.memory() - before < 24 * MIB, f"{sent} bytes of pings were taken"
    raw.close()


def test_subscriptions_that_catch_up_take_turns(gateway):
    """Each would else read a page as soon as the socket is empty, all of them at once."""
    one, other = parley.new_user(), parley.new_user()
    conversation = parley.create("GROUP", [one, other])
    node = gateway(MAX_SUBSCRIPTIONS=100)
    for _ in range(100):
        path = f"/api/conversations/{conversation}/messages"
        assert parley.call("POST", path, one, {"content": "😀" * 4_000}, url=node.url).status == 201
    before, most = node.memory(), 0
    websocket, _ = connected(other, url=node.websocket, max_queue=1)
    for number in range(60):
        topic = f"/topic/conversation/{conversation}"
        websocket.send(frame("SUBSCRIBE", id=number, destination=topic, resume_after=0))
    time.sleep(0.5)
    heard = {str(number): 0 for number in range(60)}
    while min(heard.values()) < 100:
        heard[parse(websocket.recv(timeout=10))[1]["subscription"]] += 1
        most = max(most, node.memory())
    assert most - before < 40 * MIB, f"{(most - before) / MIB:.0f} MiB"
    websocket.close()


def test_a_joins_deadline_is_its_own(wired):
    """One that was answered long ago ended the waiting of the next one for the same conversation."""
    wire = wired()
    websocket, _ = connected(url=wire.gateway.websocket)
    websocket.send(frame("SUBSCRIBE", id="e", destination="/user/queue/errors"))

    def subscribe():
        websocket.send(frame("SUBSCRIBE", id="t", destination=f"/topic/conversation/{nowhere}"))

    def refusal():
        return json.loads(parse(websocket.recv(timeout=10))[2])["code"]

    nowhere = parley.new_user()
    begun = time.monotonic()
    subscribe()
    assert refusal() == "not-found"
    # The first one's five seconds end while the second one is under way.
    time.sleep(4.6 - (time.monotonic() - begun))
    wire.steps.hold_after(0)
    subscribe()
    time.sleep(0.8)
    wire.steps.release()
    assert refusal() == "not-found"
    websocket.close()


def test_a_user_has_a_handful_of_subscriptions_to_each_queue(gateway):
    node = gateway()
    websocket, _ = connected(parley.new_user(), url=node.websocket)
    websocket.send(frame("SUBSCRIBE", id="errors", destination="/user/queue/errors"))
    for number in range(16):
        websocket.send(frame("SUBSCRIBE", id=number, destination="/user/queue/receipts", receipt=number))
    answers = [parse(websocket.recv(timeout=10)) for _ in range(16)]
    assert [command for command, _, _ in answers] == ["RECEIPT"] * 15 + ["MESSAGE"]
    assert json.loads(answers[-1][2])["code"] == "too-many-subscriptions"
    websocket.close()


def test_receipts_that_nobody_reads_end_the_session(gateway, pair):
    one, other, conversation = pair
    node = gateway(SEND_QUEUE_BYTES="64KiB", LOG_FORMAT="json")
    before = node.memory()
    deaf = subscribed(node, one, "receipts", 16)
    receipt = json.dumps({"conversationId": conversation, "userId": other, "lastReadMessageId": 1, "pad": "x" * 600})
    moves = 0
    # A client's own moves are a few a second and conversation; many others' at once come by the user's channel all the same.
    while node.metric("parley_sessions_failed_total") == 0:
        assert moves < 20_000, "the session lives on"
        moves += 500
        publish(f"u:{one}", "1 r\n" + receipt, 500)
    assert node.memory() - before < 24 * MIB
    deaf.socket.close()
    assert any('"code":"too-slow"' in line for line in node.stop())


def test_who_waits_for_a_channel_that_does_not_come_is_told(wired):
    user = parley.new_user()
    wire = wired()
    redis, _ = wire.wires
    redis.slow, redis.delay = f"u:{user}".encode(), 60
    for queue in ("receipts", "messages"):
        websocket, _ = connected(user, url=wire.gateway.websocket)
        begun = time.monotonic()
        websocket.send(frame("SUBSCRIBE", id="q", destination=f"/user/queue/{queue}", receipt="r"))
        command, headers, _ = parse(websocket.recv(timeout=25))
        assert (command, headers["code"], headers["receipt-id"]) == ("ERROR", "try-later", "r")
        assert 10 < time.monotonic() - begun < 20
        assert closed_with(websocket) == 1013
    parley.wait_for(lambda: wire.gateway.metric("parley_sessions") == 0, what="the sessions' end")


def test_a_taken_port_is_an_error_at_the_start(gateway, tmp_path):
    node = gateway()
    address = node.url.removeprefix("http://")
    second = Server("gateway", LISTEN=address, NODE_ID="second")
    assert f"gateway: PARLEY_LISTEN={address}: another process listens there" in "".join(second.refuses())
    for program in ("gateway", "persister"):
        settings = {"OPERATOR_LISTEN": address}
        if program == "gateway":
            settings["LISTEN"] = f"127.0.0.1:{free_port()}"
        other = Server(program, **settings)
        expected = f"{program}: PARLEY_OPERATOR_LISTEN={address}: another process listens there"
        assert expected in "".join(other.refuses())
    balancer = parley.URL.removeprefix("http://")
    assert "another process listens there" in "".join(Server("gateway", LISTEN=balancer).refuses())
    # All loops of the first still share theirs.
    assert node.is_ready()


def test_all_loops_share_a_claimed_port(gateway):
    node = gateway(LOOPS=2, LOG_FORMAT="json", LOG_LEVEL="info")
    sockets = [connected(url=node.websocket)[0] for _ in range(24)]
    for websocket in sockets:
        websocket.close()
    loops = {json.loads(line)["loop"] for line in node.stop() if '"connected"' in line or "session connected" in line}
    assert loops == {0, 1}


@pytest.mark.parametrize("backtrace", ["enable=no", "enable=yes,threads=crashed"])
@pytest.mark.parametrize("number", [signal.SIGILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_crash_says_what_it_was(gateway, monkeypatch, number, backtrace):
    monkeypatch.setenv("SWIFT_BACKTRACE", backtrace)
    node = gateway(LOG_FORMAT="json")
    node.good_ends.add(-number)
    node.process.send_signal(number)
    assert node.process.wait(timeout=60) == -number
    node.reader.join(timeout=5)
    crash = next(json.loads(line) for line in node.lines if '"crashed"' in line)
    assert (crash["level"], crash["signal"]) == ("error", number.name)
    assert crash["instruction"].startswith("0x") and "loop" in crash and crash["node"].startswith("own-")
