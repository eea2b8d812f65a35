"""How far a device has got on its queue: what one conversation brings says nothing of another that is late."""

import os
import queue
import re
import time
import urllib.parse
import uuid

import pytest

import parley
from servers import Gateway
from stores import redis
from wire import Steps, Wire, through

QUEUE = "/user/queue/messages"
# 2025-01-01 in ms, from which ids count.
EPOCH = 1_735_689_600_000


def send(conversation, user, content):
    return parley.call("POST", f"/api/conversations/{conversation}/messages", user, {"content": content}).json["messageId"]


class Late:
    """A conversation of which pub/sub loses an event; a gateway has to fetch it from PostgreSQL, which takes its time."""

    def __init__(self, me, friend):
        self.me, self.friend = me, friend
        self.id = parley.create("DIRECT", [me, friend])
        parts = urllib.parse.urlsplit(os.environ["PARLEY_DATABASE_URL"])
        self.wire = Wire(parts.hostname, parts.port, Steps())
        self.url = through(os.environ["PARLEY_DATABASE_URL"], self.wire)

    @property
    def key(self):
        return redis("--scan", "--pattern", f"*:c:{self.id}")

    def next_event(self, **fields):
        """What would come behind the newest event, with other fields."""
        _, _, head, body = redis("XREVRANGE", self.key + ":events", "+", "-", "COUNT", 1).split("\n")
        message = parley.json.loads(body)
        last = message["eventId"]
        message |= {"id": last + 1, "eventId": last + 1, "previousEventId": last, "clientMessageId": str(uuid.uuid4())} | fields
        head = re.sub(r"^1 m \d+ \d+", f"1 m {message['eventId']} {message['previousEventId']}", head)
        return message["id"], head + "\n" + parley.json.dumps(message, separators=(",", ":"))

    def lose(self, content):
        """An event is accepted, stored and out of the cache, and nobody was told."""
        id, event = self.next_event(content=content)
        prefix = self.key.split("c:")[0]
        redis("XADD", self.key + ":events", f"{id}-0", "e", event)
        redis("HSET", self.key, "last", id)
        redis("INCRBY", prefix + "bytes", len(event))
        redis("XADD", prefix + "stream", "*", "e", event)
        parley.wait_for(lambda: redis("HGET", self.key, "done") == str(id), what="the commit")
        redis("XTRIM", self.key + ":events", "MAXLEN", 0)
        redis("HSET", self.key, "floor", id)
        return id

    def slow_down(self, seconds):
        self.wire.slow, self.wire.delay = uuid.UUID(self.id).bytes, seconds


@pytest.fixture
def late():
    made = Late(parley.new_user(), parley.new_user())
    yield made
    made.wire.close()


def contents(client, subscription, until, patience=parley.PATIENCE):
    """What comes up to a content, and the last position."""
    found = []
    while not found or found[-1] != until:
        frame = client.frame(subscription, patience)
        found.append(parley.json.loads(frame.body)["content"])
    return found, frame.headers["position"]


def test_the_position_stays_while_something_older_is_being_fetched(late, gateway, clients):
    friend = parley.new_user()
    quick = parley.create("DIRECT", [late.me, friend])
    node = gateway(DATABASE_URL=late.url)
    device = clients(late.me, node.url)
    messages, _ = device.subscribe(QUEUE)
    first = send(late.id, late.friend, "first")
    assert int(device.frame(messages).headers["position"]) == first
    late.lose("lost")
    late.slow_down(2)
    third = send(late.id, late.friend, "third")
    parley.wait_for(lambda: node.metric("parley_holes_total") == 1, what="the hole")
    assert send(quick, friend, "quick") > third
    frame = device.frame(messages)
    assert (parley.json.loads(frame.body)["content"], int(frame.headers["position"])) == ("quick", first)
    assert contents(device, messages, "third")[0] == ["lost", "third"]
    fifth = send(quick, friend, "quick, too")
    assert int(device.frame(messages).headers["position"]) == fifth


@pytest.mark.parametrize("is_readable", [True, False])
def test_nothing_is_missed_that_was_fetched_for_longer_than_queues_look_back(late, gateway, clients, is_readable):
    friend = parley.new_user()
    quick = parley.create("DIRECT", [late.me, friend])
    node = gateway(DATABASE_URL=late.url, DATABASE_TIMEOUT="30s" if is_readable else "12s")
    device = clients(late.me, node.url)
    messages, _ = device.subscribe(QUEUE)
    send(late.id, late.friend, "first")
    late.lose("lost")
    late.slow_down(13)
    send(late.id, late.friend, "third")
    parley.wait_for(lambda: node.metric("parley_holes_total") == 1, what="the hole")
    found, position = contents(device, messages, "first")
    until = time.monotonic() + 11.5
    while time.monotonic() < until:
        send(quick, friend, "quick")
        more, position = contents(device, messages, "quick")
        found += more
        time.sleep(0.25)
    assert "lost" not in found
    late.wire.slow = None
    if is_readable:
        # He doesn't wait for it, and comes back elsewhere.
        device.close()
        device = clients(late.me)
        messages, receipt = device.subscribe(QUEUE, **{"resume-after": position})
        assert receipt["recovered"] == "true"
    found = contents(device, messages, "third")[0]
    assert [content for content in found if content not in ("first", "quick")] == ["lost", "third"]


def test_a_device_that_is_cut_off_at_first_still_gets_what_no_device_has_got(pair, clients):
    one, me, conversation = pair
    missed = [f"missed {number}" for number in range(150)]
    for content in missed:
        send(conversation, one, content)
    # Longer ago than queues look back.
    time.sleep(11)
    device = clients(me)
    messages, receipt = device.subscribe(QUEUE, ack="client-individual")
    frames = [device.frame(messages) for _ in range(10)]
    assert {frame.headers["position"] for frame in frames} == {receipt["position"]}
    device.close()
    # Meanwhile the phone gets and acknowledges something of it, and something new.
    phone = clients(me)
    on_phone, _ = phone.subscribe(QUEUE, ack="client")
    send(conversation, one, "new")
    new = phone.frame(on_phone)
    while parley.json.loads(new.body)["content"] != "new":
        new = phone.frame(on_phone)
    phone.connection.ack(new.headers["ack"])
    parley.wait_for(lambda: parley.history(conversation, one)[0]["status"] == "DELIVERED", what="the phone's delivery")
    device = clients(me)
    messages, receipt = device.subscribe(QUEUE, **{"resume-after": receipt["position"]})
    assert receipt["recovered"] == "true"
    assert contents(device, messages, "new")[0][-1] == "new"
    last = clients(me)
    messages, receipt = last.subscribe(QUEUE)
    send(conversation, one, "live")
    frame = last.frame(messages)
    assert parley.json.loads(frame.body)["content"] == "live" and frame.headers["position"].isdigit()


def test_what_was_missed_comes_though_the_topic_was_opened_first(pair, clients):
    one, me, conversation = pair
    missed = [f"missed {number}" for number in range(120)]
    for content in missed:
        send(conversation, one, content)
    device = clients(me)
    topic, _ = device.subscribe(f"/topic/conversation/{conversation}")
    messages, _ = device.subscribe(QUEUE)
    assert contents(device, messages, missed[-1])[0] == missed
    send(conversation, one, "live")
    assert device.next(topic)["content"] == "live"
    with pytest.raises(queue.Empty):
        device.next(messages, patience=1)


def test_a_message_that_a_failover_puts_behind_others_reaches_the_queue(late, clients):
    device = clients(late.me)
    messages, _ = device.subscribe(QUEUE)
    send(late.id, late.friend, "first")
    _, stray = late.next_event(content="stray")
    send(late.id, late.friend, "second")
    assert contents(device, messages, "second")[0] == ["first", "second"]
    redis("PUBLISH", f"u:{late.me}", stray)
    assert device.next(messages)["content"] == "stray"


def test_nothing_is_missed_that_came_after_the_clock_went_back(pair, clients):
    one, me, conversation = pair
    missed = send(conversation, one, "missed")
    moment = time.time_ns() // 1_000_000
    # A device has a position from when the clock was ahead by more than queues look back, and then the clock went back.
    position = (moment + 15_000 - EPOCH) * 4_096
    jump = f"{moment} {moment - 1_000} {moment + 20_000}"
    redis("ZADD", "{clock}:jumps", moment, jump)

    def resumed():
        device = clients(me)
        messages, receipt = device.subscribe(QUEUE, **{"resume-after": position})
        # Once the position isn't in the future any more, and every gateway has looked.
        if receipt["recovered"] == "true" and int(receipt["position"].split("-")[0]) < position:
            return device.next(messages)
        device.close()

    assert parley.wait_for(resumed, what="resuming from where the clock went back to")["id"] == missed
    redis("ZREM", "{clock}:jumps", jump)


def test_a_position_from_after_a_long_jump_is_simply_resumed(pair, clients):
    one, me, conversation = pair
    moment = time.time_ns() // 1_000_000
    # The clock had been ahead by a day, and was put right a second ago.
    jump = f"{moment} {moment - 1_000} {moment + 86_400_000}"
    redis("ZADD", "{clock}:jumps", moment, jump)
    try:
        for url in parley.GATEWAYS:
            def knows():
                device = clients(me, url)
                _, receipt = device.subscribe(QUEUE)
                device.close()
                return receipt["position"].endswith(f"-{moment}")

            parley.wait_for(knows, what="the gateway to look at the clock")
        device = clients(me)
        messages, _ = device.subscribe(QUEUE)
        send(conversation, one, "brought")
        position = contents(device, messages, "brought")[1]
        assert position.endswith(f"-{moment}")
        device.close()
        missed = send(conversation, one, "missed")
        # Far enough for what is read again anyway not to reach back to the jump.
        time.sleep(11)
        device = clients(me)
        messages, receipt = device.subscribe(QUEUE, **{"resume-after": position})
        assert (receipt["recovered"], receipt["position"]) == ("true", position)
        frame = device.next(messages)
        while frame["content"] != "missed":
            frame = device.next(messages)
        assert frame["id"] == missed
    finally:
        redis("ZREM", "{clock}:jumps", jump)
