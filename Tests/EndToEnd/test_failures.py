"""What breaks: processes are killed as the kernel would kill them, and what was acknowledged is still there."""

import os
import signal
import socket
import subprocess
import time

import pytest

import parley
import processes
from servers import run
from stores import redis, stored
from test_endurance import SCRIPTS
from test_websocket import frame, open_socket


def kill(name):
    pid = int(os.environ[f"PARLEY_PID_{name}"])
    os.kill(pid, signal.SIGKILL)
    parley.wait_for(lambda: not processes.runs(pid), what=f"the end of {name}")


def restart():
    """scripts/up starts what has ended and leaves the rest alone."""
    result = subprocess.run([SCRIPTS / "up", "--detach"], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    processes.read_pids()


@pytest.fixture
def restarted():
    """Whatever a test has killed runs again behind it."""
    yield
    restart()


def send_until_acknowledged(client, conversation, errors, acks, content):
    """Sends one message again and again under one id, as a client has to whose acknowledgement doesn't come."""
    for _ in range(60):
        client.send(conversation, content, content)
        deadline = time.monotonic() + 8
        while time.monotonic() < deadline:
            if not client.queue(acks).empty():
                return client.next(acks)["messageId"]
            if not client.queue(errors).empty():
                refusal = client.next(errors)
                assert refusal["code"] in ("try-later", "outcome-unknown"), refusal
                break
            time.sleep(0.02)
        time.sleep(0.2)
    raise AssertionError("never acknowledged")


def test_redis_is_killed_and_comes_back(pair, clients, restarted):
    one, other, conversation = pair
    sender, receiver = clients(one, parley.GATEWAYS[0]), clients(other, parley.GATEWAYS[-1])
    topic, _ = receiver.subscribe(f"/topic/conversation/{conversation}")
    acks, _ = sender.subscribe("/user/queue/acks")
    errors, _ = sender.subscribe("/user/queue/errors")
    before = [send_until_acknowledged(sender, conversation, errors, acks, f"before {n}") for n in range(50)]
    kill("REDIS")
    parley.wait_for(lambda: parley.call("GET", "/readyz", url=parley.GATEWAYS[0]).status == 503, 30, "red readiness")
    assert parley.call("GET", "/healthz", url=parley.GATEWAYS[0]).status == 200
    answer = parley.call("POST", f"/api/conversations/{conversation}/messages", one, {"content": "while away"})
    assert answer.status in (503, 504), answer.text
    restart()
    after = [send_until_acknowledged(sender, conversation, errors, acks, f"after {n}") for n in range(50)]
    # The same sessions go on: nothing is lost, nothing comes twice.
    received = []
    while len(received) < 100:
        message = receiver.next(topic, patience=30)
        if message["content"] != "while away":
            received.append(message["id"])
    assert received == before + after
    parley.wait_for(lambda: stored(conversation) in ("100|100", "101|101"), 60, "every row in PostgreSQL")


def test_a_gateway_is_killed_and_the_client_goes_on_with_the_other(pair, clients, restarted):
    one, other, conversation = pair
    receiver = clients(other, parley.GATEWAYS[0])
    topic, _ = receiver.subscribe(f"/topic/conversation/{conversation}")
    sender = clients(one, parley.GATEWAYS[-1])
    sender.send(conversation, "seen", receipt="r1")
    seen = receiver.next(topic)["eventId"]
    kill("GATEWAY_1")
    assert receiver.ended.wait(20)
    for number in range(100):
        sender.send(conversation, f"missed {number}", receipt=f"m{number}")
    sender.receipt("m99")
    again = clients(other, parley.URL)
    topic, receipt = again.subscribe(f"/topic/conversation/{conversation}", **{"resume-after": str(seen)})
    assert receipt["recovered"] == "true"
    assert [again.next(topic)["content"] for _ in range(100)] == [f"missed {number}" for number in range(100)]


def test_the_persister_is_killed_and_another_goes_on(pair, clients, restarted):
    one, _, conversation = pair
    sender = clients(one)
    for number in range(500):
        sender.send(conversation, f"text {number}", receipt=f"r{number}")
        if number == 250:
            kill("PERSISTER_1")
    sender.receipt("r499")
    restart()
    # The dead one's leases have to end first.
    parley.wait_for(lambda: stored(conversation) == "500|500", 60, "every row in PostgreSQL")


def test_the_neighbours_of_a_stuck_client_notice_nothing(pair, clients):
    one, other, conversation = pair
    sender, neighbour = clients(one), clients(other)
    topic, _ = neighbour.subscribe(f"/topic/conversation/{conversation}")
    # A client that has subscribed and reads nothing any more.
    stuck = open_socket(other)
    stuck.send(frame("CONNECT", accept_version="1.2"))
    stuck.send(frame("SUBSCRIBE", id="t", destination=f"/topic/conversation/{conversation}"))
    stuck.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    content = "x" * 4000
    for number in range(1_500):
        sender.send(conversation, content, receipt=f"r{number}" if number % 100 == 99 else None)
        if number % 100 == 99:
            sender.receipt(f"r{number}")
    ids = [neighbour.next(topic, patience=30)["id"] for _ in range(1_500)]
    assert ids == sorted(set(ids))
    stuck.close_socket()


def wait_for_room(path, user):
    """Each gateway looks for itself, four times a second, whether Redis has memory again."""
    for url in parley.GATEWAYS:
        parley.wait_for(lambda: parley.call("POST", path, user, {"content": "room"}, url=url).status == 201, what="room")


def test_a_full_redis_takes_no_messages_and_everything_else_goes_on(pair, clients):
    """Heartbeats lapse after 15 s: nodes that can't write theirs were all taken out by the balancer."""
    one, other, conversation = pair
    admin, member, late = parley.new_user(), parley.new_user(), parley.new_user()
    group = parley.create("GROUP", [admin, member])
    reader = clients(other, parley.GATEWAYS[0])
    topic, _ = reader.subscribe(f"/topic/conversation/{conversation}")
    path = f"/api/conversations/{conversation}/messages"
    first = parley.call("POST", path, one, {"content": "before"}).json["messageId"]
    assert reader.next(topic)["id"] == first
    limit = redis("CONFIG", "GET", "maxmemory").split()[-1]
    redis("CONFIG", "SET", "maxmemory", 1_000_000)
    try:
        full = time.monotonic()
        parley.wait_for(lambda: parley.call("POST", path, one, {"content": "full"}).json.get("code") == "try-later", what="FULL")
        answer = parley.call("POST", f"/api/conversations/{group}/participants", admin, {"userId": late})
        assert answer.status == 200 and answer.json["participantCount"] == 3
        assert parley.call("DELETE", f"/api/conversations/{group}/participants/{member}", admin).status == 200
        assert parley.call("GET", f"/api/conversations/{group}/messages", member).status == 404
        reader.command("/app/chat.read", {"conversationId": conversation, "messageId": first}, "read")
        reader.receipt("read")
        guest = clients(late, parley.GATEWAYS[-1])
        guest.subscribe(f"/topic/conversation/{group}")
        ticket = parley.call("POST", "/api/tickets", one)
        assert ticket.status == 201
        while time.monotonic() - full < 22:
            for url in parley.GATEWAYS:
                assert parley.call("GET", "/readyz", url=url).status == 200
            time.sleep(0.5)
        assert run("parley", "revoke", "--user", late).returncode == 0
        assert guest.ended.wait(10)
    finally:
        redis("CONFIG", "SET", "maxmemory", limit)
    wait_for_room(path, one)
    assert reader.next(topic)["content"] == "room" and not reader.ended.is_set()
