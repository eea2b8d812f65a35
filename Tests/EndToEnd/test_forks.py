"""Redis has lost its latest writes, as after a failover to a replica that lagged behind."""

import parley
from stores import redis, stored

FIRST, SECOND = parley.GATEWAYS[0], parley.GATEWAYS[-1]


def forks(url):
    text = parley.call("GET", "/metrics", url=url).text
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("parley_forks_total "))


def send(conversation, user, content, url=FIRST):
    answer = parley.call("POST", f"/api/conversations/{conversation}/messages", user, {"content": content}, url=url)
    assert answer.status == 201, answer.text
    return answer.json["messageId"]


def lose(conversation, ids):
    """Takes Redis back to before some events, which PostgreSQL has: what a lagging replica knows."""
    key = redis("--scan", "--pattern", f"*:c:{conversation}")
    parley.wait_for(lambda: redis("HGET", key, "done") == str(ids[-1]), what="the commit")
    redis("XDEL", key + ":events", *(f"{id}-0" for id in ids[1:]))
    redis("HSET", key, "last", str(ids[0]), "done", str(ids[0]))


def contents(conversation, user):
    return [item["content"] for item in parley.history(conversation, user)][::-1]


def test_a_message_behind_a_fork_reaches_everybody_and_history_is_mended(clients, pair):
    one, other, conversation = pair
    receiver = clients(other, SECOND)
    topic, _ = receiver.subscribe(f"/topic/conversation/{conversation}")
    ids = [send(conversation, one, f"text {number}") for number in range(8)]
    assert [receiver.next(topic)["id"] for _ in ids] == ids
    parley.wait_for(lambda: stored(conversation) == "8|8", what="the rows")
    before = forks(SECOND)
    lose(conversation, ids[4:])
    new = send(conversation, one, "after the failover")
    assert new > ids[-1]
    message = receiver.next(topic)
    assert (message["id"], message["previousEventId"]) == (new, ids[4])
    expected = [f"text {number}" for number in range(8)] + ["after the failover"]
    parley.wait_for(lambda: contents(conversation, other) == expected, what="the whole history")
    assert forks(SECOND) > before
    late = clients(other, FIRST)
    replay, receipt = late.subscribe(f"/topic/conversation/{conversation}", **{"resume-after": str(ids[2])})
    assert receipt["recovered"] == "true"
    assert [late.next(replay)["content"] for _ in range(6)] == expected[3:]


def test_comparing_heads_proves_a_fork_before_anybody_writes(clients, pair):
    one, other, conversation = pair
    receiver = clients(other, SECOND)
    topic, _ = receiver.subscribe(f"/topic/conversation/{conversation}")
    ids = [send(conversation, one, f"text {number}") for number in range(6)]
    assert [receiver.next(topic)["id"] for _ in ids] == ids
    parley.wait_for(lambda: stored(conversation) == "6|6", what="the rows")
    lose(conversation, ids[2:])
    redis("CLIENT", "KILL", "TYPE", "pubsub")
    expected = [f"text {number}" for number in range(6)]
    parley.wait_for(lambda: contents(conversation, other) == expected, what="the whole history")
    new = send(conversation, one, "next")
    message = receiver.next(topic)
    assert (message["id"], message["previousEventId"]) == (new, ids[-1])


def test_a_hole_that_nothing_fills_is_told_and_not_waited_for(clients, pair):
    one, other, conversation = pair
    receiver = clients(other, SECOND)
    topic, _ = receiver.subscribe(f"/topic/conversation/{conversation}")
    first = send(conversation, one, "first")
    assert receiver.next(topic)["id"] == first
    key = redis("--scan", "--pattern", f"*:c:{conversation}")
    parley.wait_for(lambda: redis("HGET", key, "done") == str(first), what="the commit")
    # Redis knows of an event that no store has.
    lost = first + 4096
    redis("HSET", key, "last", lost, "done", lost)
    send(conversation, one, "next")
    frame = receiver.frame(topic)
    assert frame.headers["recovered"] == "false"
    assert parley.json.loads(frame.body)["previousEventId"] == lost
    send(conversation, one, "and on")
    assert "recovered" not in receiver.frame(topic).headers


def test_a_sender_who_saw_more_than_redis_knows_proves_a_fork(clients, pair):
    one, other, conversation = pair
    sender = clients(one, FIRST)
    topic, _ = sender.subscribe(f"/topic/conversation/{conversation}")
    ids = [send(conversation, one, f"text {number}") for number in range(4)]
    assert [sender.next(topic)["id"] for _ in ids] == ids
    parley.wait_for(lambda: stored(conversation) == "4|4", what="the rows")
    before = forks(FIRST)
    lose(conversation, ids[1:])
    sender.send(conversation, "next", receipt="r")
    assert int(sender.receipt("r")["message-id"].split(".")[1]) > ids[-1]
    assert sender.next(topic)["content"] == "next"
    parley.wait_for(lambda: forks(FIRST) > before, what="the fork")
    expected = [f"text {number}" for number in range(4)] + ["next"]
    parley.wait_for(lambda: contents(conversation, one) == expected, what="the whole history")
