"""Rate limits: one user's sum over nodes and devices, refusals that say when to try again, and floods of handshakes."""

import json
import pathlib
import random
import re
import socket
import time

import pytest
from websockets.exceptions import InvalidStatus

import parley
from servers import own_gateway
from stores import redis
from test_websocket import connected, frame, open_socket, parse


def path(url):
    return url.replace("http", "ws") + "/ws"


def send(conversation, receipt):
    body = json.dumps({"conversationId": conversation, "content": "x", "clientMessageId": f"c-{receipt}"})
    return frame("SEND", body, destination="/app/chat.send", receipt=receipt)


def errors_of(websocket):
    websocket.send(frame("SUBSCRIBE", id="e", destination="/user/queue/errors", receipt="errors"))
    assert parse(websocket.recv(timeout=10))[1]["receipt-id"] == "errors"


def test_a_users_sends_are_limited_over_nodes_devices_and_rest(pair):
    one, _, conversation = pair
    limit = {"RATE_SENDS": "20/s:40"}
    with own_gateway(NODE_ID="rate-1", **limit) as first, own_gateway(NODE_ID="rate-2", **limit) as second:
        sockets = [connected(one, url=path(url))[0] for url in (first, first, second)]
        for websocket in sockets:
            errors_of(websocket)
        accepted, refusals, number = 0, [], 0
        begun = time.monotonic()
        # Three devices, each faster than all of them may be; answers come in the order of the frames.
        while time.monotonic() - begun < 5:
            for websocket in sockets:
                websocket.send("".join(send(conversation, f"{number}-{place}") for place in range(3)))
                number += 1
            for websocket in sockets:
                for _ in range(3):
                    command, _, body = parse(websocket.recv(timeout=10))
                    if command == "RECEIPT":
                        accepted += 1
                    else:
                        refusals.append(json.loads(body))
            time.sleep(0.02)
        allowed = 40 + 20 * (time.monotonic() - begun)
        assert 0.9 * allowed <= accepted <= 1.1 * allowed, (accepted, allowed)
        assert {refusal["code"] for refusal in refusals} == {"too-fast"}
        assert all(0 < refusal["retryAfterMs"] <= 1000 and refusal["clientMessageId"] for refusal in refusals)
        # The same bucket for REST, with what HTTP has for it.
        answers = [
            parley.call("POST", f"/api/conversations/{conversation}/messages", one, {"content": "x"}, url=second)
            for _ in range(20)]
        late = [answer for answer in answers if answer.status == 429]
        assert late and all(answer.json["code"] == "too-fast" and int(answer.headers["Retry-After"]) >= 1 for answer in late)
        # Nobody else waits for him, and he himself only for a moment.
        other = parley.call("POST", f"/api/conversations/{conversation}/messages", pair[1], {"content": "x"}, url=second)
        assert other.status == 201
        time.sleep(1)
        again = parley.call("POST", f"/api/conversations/{conversation}/messages", one, {"content": "x"}, url=first)
        assert again.status == 201
        metrics = parley.call("GET", "/metrics", url=first).text
        assert float(metrics.split("\nparley_rate_limited_total ")[1].split()[0]) > 0
        for websocket in sockets:
            websocket.close()


def test_typing_and_subscribing_are_limited(pair):
    one, _, conversation = pair
    with own_gateway(RATE_TYPING="1/s:3", RATE_SUBSCRIBES="1/s:20") as url:
        websocket, _ = connected(one, url=path(url))
        errors_of(websocket)

        def codes(frames):
            codes = []
            for text in frames:
                websocket.send(text)
                command, _, body = parse(websocket.recv(timeout=10))
                codes.append("ok" if command == "RECEIPT" else json.loads(body)["code"])
            return codes

        typing = json.dumps({"conversationId": conversation, "typing": True})
        found = codes([frame("SEND", typing, destination="/app/chat.typing", receipt=n) for n in range(8)])
        assert found[:3] == ["ok"] * 3 and set(found[5:]) == {"too-fast"}
        topic = f"/topic/conversation/{conversation}/typing"
        found = codes([frame("SUBSCRIBE", id=n, destination=topic, receipt=n) for n in range(40)])
        assert 17 <= found.count("ok") <= 23 and set(found) == {"ok", "too-fast"}
        websocket.close()


def refused(url, user=None, bearer=None, address=None):
    """What a handshake is refused with, or None; `address` is told by the PROXY protocol."""
    keywords = {}
    if address:
        keywords["sock"] = socket.create_connection(parley.address(url))
        keywords["sock"].sendall(f"PROXY TCP4 {address} 192.0.2.1 1 2\r\n".encode())
    try:
        open_socket(user, url=path(url), bearer=bearer, **keywords).close()
    except InvalidStatus as refusal:
        response = refusal.response
        return response.status_code, json.loads(response.body)["code"], int(response.headers.get("Retry-After", 0))
    return None


def test_handshakes_of_a_user_are_limited():
    user = parley.new_user()
    with own_gateway(RATE_HANDSHAKES="1/m:10") as url:
        answers = [refused(url, user) for _ in range(20)]
        assert 9 <= answers.count(None) <= 11
        status, code, retry_after = answers[-1]
        assert (status, code) == (429, "too-fast") and 1 <= retry_after <= 60
        assert refused(url, parley.new_user()) is None


def test_handshakes_from_an_address_are_limited_whoever_they_claim_to_be():
    # Nobody else's bucket: those of the set-up are in the same Redis.
    address, other = (f"198.51.100.{number}" for number in random.sample(range(1, 255), 2))
    with own_gateway(RATE_HANDSHAKES_PER_ADDRESS="1/m:10", TRUSTED_PROXIES="127.0.0.1") as url:
        answers = [refused(url, bearer="x.y.z", address=address) for _ in range(20)]
        assert 9 <= sum(answer[0] == 401 for answer in answers) <= 11 and answers[-1][:2] == (429, "too-fast")
        assert refused(url, parley.new_user(), address=address)[0] == 429
        assert refused(url, parley.new_user(), address=other) is None


def test_a_flood_of_handshakes_costs_no_cryptography():
    with own_gateway(RATE_HANDSHAKES_PER_NODE="1/s:5", RATE_HANDSHAKES_PER_ADDRESS="off") as url:
        answers = [refused(url, bearer="x.y.z") for _ in range(12)]
        assert [answer[0] for answer in answers][:5] == [401] * 5
        assert answers[-1][:2] == (503, "try-later") and answers[-1][2] >= 1
        # Other requests aren't handshakes.
        assert parley.call("GET", "/api/conversations", parley.new_user(), url=url).status == 200


def test_buckets_reach_no_disk():
    script = (pathlib.Path(__file__).parents[2] / "Sources/Shared/Redis/Scripts/take.lua").read_text()

    def size():
        return int(re.search(r"aof_current_size:(\d+)", redis("INFO", "persistence"))[1])

    before = size()
    for number in range(200):
        redis("EVAL", script, 1, f"rate:test:{parley.new_user()}", "1000.0", 10, 0, 1)
    # A write in the file would have some hundred bytes; heartbeats write a few meanwhile.
    assert size() - before < 200 * 30


def refusals(answers):
    late = [answer for answer in answers if answer.status == 429]
    assert all(answer.json["code"] == "too-fast" and answer.headers["Retry-After"] for answer in late)
    return len(late)


def test_changes_tickets_and_reads_have_buckets_of_their_own(pair):
    """With the default limits nobody makes 400 groups, 600 changes or 600 tickets at once."""
    one, other, conversation = pair
    body = {"type": "GROUP", "participantIds": [one, other]}
    groups = [parley.call("POST", "/api/conversations", one, body) for _ in range(140)]
    assert {answer.status for answer in groups} == {201, 429} and refusals(groups) >= 10
    group = groups[0].json["id"]
    # Whoever has used up one bucket still has the others.
    assert parley.call("GET", f"/api/conversations/{group}", one).status == 200
    answer = parley.call("POST", f"/api/conversations/{conversation}/messages", one, {"content": "x"})
    assert answer.status == 201
    member, path = parley.new_user(), f"/api/conversations/{group}/participants"
    admin = parley.new_user()
    group = parley.create("GROUP", [admin, other])
    path = f"/api/conversations/{group}/participants"
    changes = []
    for _ in range(70):
        changes.append(parley.call("POST", path, admin, {"userId": member}))
        changes.append(parley.call("DELETE", f"{path}/{member}", admin))
    assert refusals(changes) >= 10
    tickets = [parley.call("POST", "/api/tickets", other) for _ in range(100)]
    assert {answer.status for answer in tickets} == {201, 429} and refusals(tickets) >= 10


def test_a_large_group_costs_as_much_as_it_has_members():
    one = parley.new_user()
    strangers = [parley.new_user() for _ in range(999)]
    body = {"type": "GROUP", "participantIds": strangers}
    answers = [parley.call("POST", "/api/conversations", one, body) for _ in range(3)]
    assert [answer.status for answer in answers] == [201, 201, 429]
    # A small one fits in what is left, and what comes in by the second.
    wait = int(answers[2].headers["Retry-After"])
    assert 10 <= wait <= 60
    body = {"type": "GROUP", "participantIds": strangers[:2]}
    parley.wait_for(lambda: parley.call("POST", "/api/conversations", one, body).status == 201, what="a small group")


def test_frames_of_any_kind_are_held_up_not_refused():
    """One user's sessions share the bucket; frames that write nothing count as well."""
    user = parley.new_user()
    with own_gateway(NODE_ID="frames", RATE_FRAMES="100/s:200") as url:
        sockets = [connected(user, url=path(url))[0] for _ in range(2)]
        begun = time.monotonic()
        for websocket in sockets:
            for number in range(250):
                websocket.send(frame("BEGIN", transaction=f"t{number}") + frame("ABORT", transaction=f"t{number}", receipt=f"r{number}"))
        for websocket in sockets:
            for number in range(250):
                command, headers, _ = parse(websocket.recv(timeout=30))
                assert (command, headers["receipt-id"]) == ("RECEIPT", f"r{number}")
        # 1,000 frames, of which 200 are the bucket's and 64 each session's own.
        assert time.monotonic() - begun > 5
