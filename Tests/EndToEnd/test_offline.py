"""Who was away gets what he missed, on each of his devices."""

import queue
import time

import pytest

import parley
from stores import redis

FIRST, SECOND = parley.GATEWAYS[0], parley.GATEWAYS[-1]
QUEUE = "/user/queue/messages"


def send(conversation, user, content):
    return parley.call("POST", f"/api/conversations/{conversation}/messages", user, {"content": content}).json["messageId"]


def delivered(conversation, user):
    own = [item for item in parley.history(conversation, user) if item["senderId"] == user]
    return all(item["status"] != "SENT" for item in own)


def nothing_more(client, subscription):
    with pytest.raises(queue.Empty):
        client.next(subscription, patience=1)


def test_what_came_while_one_was_away_comes_first_and_once(clients):
    me, one, other = (parley.new_user() for _ in range(3))
    conversations = [parley.create("DIRECT", [me, friend]) for friend in (one, other)]
    for number in range(150):
        send(conversations[0], one, f"one {number}")
    send(conversations[0], me, "my own")
    send(conversations[1], other, "other 0")
    device = clients(me, SECOND)
    messages, receipt = device.subscribe(QUEUE)
    assert receipt["recovered"] == "true" and receipt["position"]
    missed = [device.next(messages) for _ in range(151)]
    assert [item["content"] for item in missed if item["senderId"] == one] == [f"one {n}" for n in range(150)]
    assert [item["content"] for item in missed if item["senderId"] == other] == ["other 0"]
    send(conversations[0], one, "live")
    assert device.next(messages)["content"] == "live"
    # A pong has told that they arrived: nothing is left for another device that begins anew.
    for conversation, sender in zip(conversations, (one, other)):
        parley.wait_for(lambda: delivered(conversation, sender), what="the status DELIVERED")
    second = clients(me, FIRST)
    again, _ = second.subscribe(QUEUE)
    nothing_more(second, again)


def test_each_device_resumes_by_its_own_position(clients, pair):
    one, me, conversation = pair
    laptop, phone = clients(me, FIRST), clients(me, SECOND)
    on_laptop, _ = laptop.subscribe(QUEUE)
    on_phone, _ = phone.subscribe(QUEUE)
    send(conversation, one, "both")
    position = laptop.frame(on_laptop).headers["position"]
    assert phone.next(on_phone)["content"] == "both"
    laptop.close()
    for number in range(120):
        send(conversation, one, f"slept {number}")
    assert [phone.next(on_phone)["content"] for _ in range(120)] == [f"slept {n}" for n in range(120)]
    parley.wait_for(lambda: delivered(conversation, one), what="the phone's delivery")
    laptop = clients(me, SECOND)
    on_laptop, receipt = laptop.subscribe(QUEUE, **{"resume-after": position})
    assert receipt["recovered"] == "true"
    contents = []
    while len(contents) < 120 or contents[-1] != "slept 119":
        contents.append(laptop.next(on_laptop)["content"])
    # A little from before the position may come again.
    assert [content for content in contents if content != "both"] == [f"slept {n}" for n in range(120)]
    send(conversation, one, "live")
    assert laptop.next(on_laptop)["content"] == "live"


def test_what_was_not_acknowledged_comes_again_in_the_next_session(clients, pair):
    one, me, conversation = pair
    for number in range(4):
        send(conversation, one, f"text {number}")
    first = clients(me)
    messages, _ = first.subscribe(QUEUE, ack="client-individual")
    frames = [first.frame(messages) for _ in range(4)]
    first.connection.ack(frames[0].headers["ack"])
    first.connection.ack(frames[1].headers["ack"])
    first.connection.nack(frames[2].headers["ack"])
    first.connection.ack(frames[3].headers["ack"])
    parley.wait_for(
        lambda: [item["status"] for item in parley.history(conversation, one)][::-1] == ["DELIVERED"] * 2 + ["SENT"] * 2,
        what="two delivered")
    first.close()
    second = clients(me)
    messages, _ = second.subscribe(QUEUE, ack="client-individual")
    assert [second.next(messages)["content"] for _ in range(2)] == ["text 2", "text 3"]


def test_an_interruption_of_pubsub_loses_nothing(clients, pair):
    one, me, conversation = pair
    sender, device = clients(one, FIRST), clients(me, SECOND)
    messages, _ = device.subscribe(QUEUE)
    listener = clients(me, FIRST)
    topic, _ = listener.subscribe(f"/topic/conversation/{conversation}")
    for number in range(300):
        sender.send(conversation, f"text {number}", receipt=f"r{number}" if number % 50 == 49 else None)
        if number % 50 == 49:
            sender.receipt(f"r{number}")
            redis("CLIENT", "KILL", "TYPE", "pubsub")
            time.sleep(0.05)
    expected = [f"text {number}" for number in range(300)]
    assert [listener.next(topic)["content"] for _ in range(300)] == expected
    got = []
    while len(set(got)) < 300:
        got.append(device.next(messages)["content"])
    assert sorted(set(got)) == sorted(expected)


@pytest.mark.parametrize("position", ["4096", str(2 ** 53 - 2)])
def test_a_position_that_nobody_remembers_is_told(clients, pair, position):
    one, me, conversation = pair
    send(conversation, one, "missed")
    device = clients(me)
    messages, receipt = device.subscribe(QUEUE, **{"resume-after": position})
    assert receipt["recovered"] == "false"
    send(conversation, one, "live")
    assert "live" in [device.next(messages)["content"] for _ in range(2)]
