"""Resuming: what is replayed, what isn't, and what it costs."""

import pytest
from websockets.exceptions import ConnectionClosed

import parley
from stores import query, stored
from test_websocket import connected, frame, parse


def insert(conversation, sender, count):
    """Messages of long ago, as a persister wrote them; Redis doesn't know the conversation yet."""
    query(f"""
        insert into messages (conversation_id, id, last_event_id, previous_event_id, sender_id, sender_type,
            message_type, content, client_message_id, created_at)
        select '{conversation}', n * 4096, n * 4096, (n - 1) * 4096, '{sender}', 'USER', 'TEXT', 'text ' || n,
            'old-' || n, timestamptz '2025-01-01' + n * interval '1 ms'
        from generate_series(1, {count}) as n""")


def test_what_is_too_long_ago_is_not_replayed_and_said_so(gateway, clients, pair):
    one, other, conversation = pair
    insert(conversation, one, 250)
    node = gateway(REPLAY_MAX_EVENTS=100)
    device = clients(other, node.url)
    topic, receipt = device.subscribe(f"/topic/conversation/{conversation}", **{"resume-after": str(100 * 4096)})
    assert (receipt["recovered"], receipt["head"]) == ("false", str(250 * 4096))
    sender = clients(one)
    sender.send(conversation, "live")
    assert device.next(topic)["content"] == "live"
    again = clients(other, node.url)
    topic, receipt = again.subscribe(f"/topic/conversation/{conversation}", **{"resume-after": str(150 * 4096)})
    assert receipt["recovered"] == "true"
    expected = [f"text {number}" for number in range(151, 251)] + ["live"]
    assert [again.next(topic)["content"] for _ in expected] == expected


def test_a_hundred_thousand_events_to_a_slow_client_cost_a_page(gateway, clients, pair):
    one, other, conversation = pair
    count = 100_000
    insert(conversation, one, count)
    node = gateway(SEND_QUEUE_BYTES="64KiB")
    # What the first pages make the process grow by counts for no replay.
    warm, _ = connected(other, url=node.websocket)
    warm.send(frame("SUBSCRIBE", id="t", destination=f"/topic/conversation/{conversation}", resume_after=(count - 2_000) * 4096))
    while parse(warm.recv(timeout=10))[0] != "MESSAGE":
        pass
    warm.close()
    before = node.memory()
    websocket, _ = connected(other, url=node.websocket, max_queue=4)
    websocket.send(frame(
        "SUBSCRIBE", id="t", destination=f"/topic/conversation/{conversation}", resume_after=0, receipt="r"))
    assert parse(websocket.recv(timeout=10))[1]["recovered"] == "true"
    sender = clients(one)
    sender.send(conversation, "live", receipt="live")
    sender.receipt("live")
    most, ids = 0, []
    while len(ids) <= count:
        command, headers, _ = parse(websocket.recv(timeout=20))
        assert command == "MESSAGE"
        ids.append(int(headers["message-id"].split(".")[1]))
        if len(ids) % 5_000 == 0:
            most = max(most, node.memory())
    assert ids[:count] == [number * 4096 for number in range(1, count + 1)] and ids[count] > ids[count - 1]
    assert most - before < 16 << 20, f"{(most - before) >> 20} MiB"
    sender.send(conversation, "still live")
    assert parley.json.loads(parse(websocket.recv(timeout=10))[2])["content"] == "still live"
    websocket.close()


def test_a_client_that_never_catches_up_has_to_resume(gateway, clients, pair):
    one, other, conversation = pair
    node = gateway(REPLAY_MAX_EVENTS=100, SEND_QUEUE_BYTES="64KiB")
    websocket, _ = connected(other, url=node.websocket)
    websocket.send(frame("SUBSCRIBE", id="t", ack="client-individual", destination=f"/topic/conversation/{conversation}",
                         receipt="r"))
    assert parse(websocket.recv(timeout=10))[0] == "RECEIPT"
    sender = clients(one)
    for number in range(700):
        sender.send(conversation, f"text {number}", receipt=f"r{number}" if number == 699 else None)
    sender.receipt("r699")
    # It acknowledges one by one, far behind what is written.
    with pytest.raises(ConnectionClosed) as closing:
        for _ in range(700):
            command, headers, _ = parse(websocket.recv(timeout=10))
            if command == "MESSAGE":
                websocket.send(frame("ACK", id=headers["ack"]))
    assert (closing.value.rcvd.code, closing.value.rcvd.reason) == (4429, "too-slow")
    parley.wait_for(lambda: stored(conversation) == "700|700", what="every row")


def test_what_comes_while_a_page_is_on_its_way_is_not_passed_over(wired, clients, pair):
    one, other, conversation = pair
    node = wired()
    redis_wire = node.wires[0]
    redis_wire.slow, redis_wire.delay = b"XRANGE", 0.5
    for after in ("0", None):
        device = clients(other, node.gateway.url)
        if after is None:
            after = str(parley.history(conversation, one)[0]["eventId"])
        topic, receipt = device.subscribe(f"/topic/conversation/{conversation}", **{"resume-after": after})
        assert receipt["recovered"] == "true"
        # The page was read before this, and comes behind it.
        sender = clients(one)
        for number in range(20):
            sender.send(conversation, f"text {number}", receipt=f"r{number}")
            sender.receipt(f"r{number}")
        assert [device.next(topic)["content"] for _ in range(20)] == [f"text {number}" for number in range(20)]


def test_the_head_of_a_receipt_is_not_behind_the_room(wired, pair):
    """What comes while Redis' answer is on its way isn't brought to the new subscription: its client has to read it."""
    one, other, conversation = pair
    wire = wired()
    redis, _ = wire.wires
    path, topic = f"/api/conversations/{conversation}/messages", f"/topic/conversation/{conversation}"
    parley.call("POST", path, one, {"content": "before"})
    early, late = (connected(other, url=wire.gateway.websocket)[0] for _ in range(2))
    early.send(frame("SUBSCRIBE", id="t", destination=topic, receipt="r"))
    assert parse(early.recv(timeout=10))[0] == "RECEIPT"
    redis.slow, redis.delay = conversation.encode(), 1
    late.send(frame("SUBSCRIBE", id="t", destination=topic, receipt="r"))
    parley.wait_for(lambda: redis.is_late, what="the question about the members")
    assert parley.call("POST", path, one, {"content": "meanwhile"}).status == 201
    meanwhile = parley.json.loads(parse(early.recv(timeout=0.9))[2])["eventId"]
    command, headers, _ = parse(late.recv(timeout=10))
    assert command == "RECEIPT" and int(headers["head"]) >= meanwhile
    for websocket in (early, late):
        websocket.close()
