"""Who is in a conversation, and what happens when that changes, on every node."""

import json
import queue
import re
import threading

import pytest

import parley
from stores import query, redis

FIRST, SECOND = parley.GATEWAYS[0], parley.GATEWAYS[-1]


def path(conversation, rest):
    return f"/api/conversations/{conversation}/{rest}"


def group(*users):
    return parley.create("GROUP", list(users), title="group")


def test_a_removed_member_hears_and_says_nothing_more(clients):
    admin, member, other = (parley.new_user() for _ in range(3))
    conversation = group(admin, member, other)
    removed, stays = clients(member, SECOND), clients(other, SECOND)
    errors, _ = removed.subscribe("/user/queue/errors")
    topic, _ = removed.subscribe(f"/topic/conversation/{conversation}")
    typing, _ = removed.subscribe(f"/topic/conversation/{conversation}/typing")
    kept, _ = stays.subscribe(f"/topic/conversation/{conversation}")
    sender = clients(admin, FIRST)
    sender.send(conversation, "before", receipt="r1")
    sender.receipt("r1")
    answer = parley.call("DELETE", path(conversation, f"participants/{member}"), admin, url=FIRST)
    assert answer.status == 200 and member not in answer.text
    sender.send(conversation, "after", receipt="r2")
    sender.receipt("r2")
    assert [stays.next(kept)["content"] for _ in range(3)] == ["before", f"removed {member}", "after"]
    assert removed.next(topic)["content"] == "before"
    refusals = [removed.next(errors) for _ in range(2)]
    assert {refusal["code"] for refusal in refusals} == {"not-found"}
    assert {refusal["destination"] for refusal in refusals} == {
        f"/topic/conversation/{conversation}", f"/topic/conversation/{conversation}/typing"}
    assert removed.queue(topic).empty() and removed.queue(typing).empty()
    removed.send(conversation, "am I still here?")
    assert removed.next(errors)["code"] == "not-found"
    assert parley.call("GET", path(conversation, "messages"), member).status == 404


def test_an_event_out_of_its_turn_tells_of_a_removal_too(clients):
    """Nothing else does: the word of the change itself is lost."""
    admin, member = parley.new_user(), parley.new_user()
    conversation = group(admin, member)
    removed, stays = clients(member, SECOND), clients(admin, SECOND)
    errors, _ = removed.subscribe("/user/queue/errors")
    topic, _ = removed.subscribe(f"/topic/conversation/{conversation}")
    kept, _ = stays.subscribe(f"/topic/conversation/{conversation}")
    for content in ("first", "second"):
        stays.send(conversation, content)
        assert stays.next(kept)["content"] == removed.next(topic)["content"] == content
    key = redis("--scan", "--pattern", f"*:c:{conversation}")
    _, _, head, body = redis("XREVRANGE", key + ":events", "+", "-", "COUNT", 1).split("\n")
    message = json.loads(body)
    message["id"] = message["eventId"] = message["eventId"] - 1
    message["content"], message["clientMessageId"] = "stray", parley.new_user()
    version = int(head.split()[4]) + 1
    head = re.sub(r"^1 m \d+ (\d+) \d+", rf"1 m {message['id']} \1 {version}", head)
    query(f"delete from participants where conversation_id = '{conversation}' and user_id = '{member}'")
    query(f"update conversations set version = {version} where id = '{conversation}'")
    redis("DEL", key + ":members")
    redis("PUBLISH", key.replace(":c:", ":e:"), head + "\n" + json.dumps(message, separators=(",", ":")))
    assert stays.next(kept)["content"] == "stray"
    assert removed.next(errors)["code"] == "not-found"
    with pytest.raises(queue.Empty):
        removed.next(topic, patience=0.5)


def test_a_new_member_sees_the_history_from_before(clients):
    admin, member, late = (parley.new_user() for _ in range(3))
    conversation = group(admin, member)
    parley.call("POST", path(conversation, "messages"), admin, {"content": "old"})
    news = clients(late, SECOND)
    queue, _ = news.subscribe("/user/queue/conversations")
    assert parley.call("POST", path(conversation, "participants"), late, {"userId": late}).status == 404
    assert parley.call("POST", path(conversation, "participants"), member, {"userId": late}).status == 403
    assert parley.call("POST", path(conversation, "participants"), admin, {"userId": "x"}).json["field"] == "userId"
    assert parley.call("POST", path(conversation, "participants"), admin, {"userId": late}, url=FIRST).status == 200
    notice = news.next(queue)
    assert (notice["event"], notice["conversation"]["id"]) == ("added", conversation)
    topic, _ = news.subscribe(f"/topic/conversation/{conversation}")
    messages = parley.history(conversation, late)
    assert [message["content"] for message in messages] == [f"joined {late}", "old"]
    assert (messages[0]["messageType"], messages[0]["senderType"], messages[0]["senderId"]) == ("SYSTEM", "SYSTEM", admin)
    # Twice is once.
    assert parley.call("POST", path(conversation, "participants"), admin, {"userId": late}).status == 200
    news.send(conversation, "hello", receipt="r")
    news.receipt("r")
    assert news.next(topic)["content"] == "hello"


def test_the_last_admin_who_leaves_is_followed_by_the_oldest_member():
    admin, member = parley.new_user(), parley.new_user()
    conversation = group(admin, member)
    assert parley.call("DELETE", path(conversation, f"participants/{admin}"), member).status == 403
    answer = parley.call("DELETE", path(conversation, f"participants/{admin}"), admin)
    assert [(person["userId"], person["role"]) for person in answer.json["participants"]] == [(member, "ADMIN")]
    contents = [message["content"] for message in parley.history(conversation, member)]
    assert contents == [f"left {admin}"]


def test_an_archived_conversation_is_read_only(clients, pair):
    one, other, conversation = pair
    client = clients(other, SECOND)
    errors, _ = client.subscribe("/user/queue/errors")
    topic, _ = client.subscribe(f"/topic/conversation/{conversation}")
    assert parley.call("POST", path(conversation, "archive"), one, url=FIRST).json["isArchived"] is True
    assert client.next(topic)["content"] == "archived"
    client.send(conversation, "one more")
    assert client.next(errors)["code"] == "archived"
    assert parley.call("POST", path(conversation, "messages"), one, {"content": "x"}).status == 409
    again = parley.call("POST", "/api/conversations", one, {"type": "DIRECT", "participantIds": [other]})
    assert (again.status, again.json["conversationId"]) == (409, conversation)
    assert len(parley.history(conversation, one)) == 1
    assert parley.call("POST", path(conversation, "unarchive"), other, url=SECOND).json["isArchived"] is False
    client.send(conversation, "back", receipt="r")
    client.receipt("r")
    assert [client.next(topic)["content"] for _ in range(2)] == ["unarchived", "back"]


def test_the_two_of_a_direct_conversation_dont_change(pair):
    one, other, conversation = pair
    assert parley.call("DELETE", path(conversation, f"participants/{one}"), one).status == 403
    assert parley.call("POST", path(conversation, "participants"), one, {"userId": parley.new_user()}).status == 403


def test_nobody_who_was_removed_gets_a_message_whatever_happens_at_once(clients):
    """Adding and removing one member again and again, while messages flow and he subscribes whenever he may."""
    admin, member = parley.new_user(), parley.new_user()
    conversation = group(admin, member)
    sender, guest = clients(admin, FIRST), clients(member, SECOND)
    # It stands on the guest's node: what it has got the node has passed on.
    witness = clients(admin, SECOND)
    witnessed, _ = witness.subscribe(f"/topic/conversation/{conversation}")
    guest.subscribe("/user/queue/errors")
    topics, stop = [], threading.Event()

    def subscribe_again_and_again():
        number = 0
        while not stop.wait(0.01):
            number += 1
            topics.append(f"t{number}")
            guest.connection.subscribe(f"/topic/conversation/{conversation}", id=f"t{number}")

    subscriber = threading.Thread(target=subscribe_again_and_again)
    subscriber.start()
    forbidden = []
    try:
        for turn in range(25):
            # Acknowledged while he is a member: he may get it or not.
            sender.send(conversation, f"allowed {turn}", receipt=f"a{turn}")
            sender.receipt(f"a{turn}")
            url = parley.GATEWAYS[turn % 2]
            assert parley.call("DELETE", path(conversation, f"participants/{member}"), admin, url=url).status == 200
            sender.send(conversation, f"forbidden {turn}", receipt=f"f{turn}")
            sender.receipt(f"f{turn}")
            forbidden.append(f"forbidden {turn}")
            while witness.next(witnessed)["content"] != f"forbidden {turn}":
                pass
            assert parley.call("POST", path(conversation, "participants"), admin, {"userId": member}, url=url).status == 200
    finally:
        stop.set()
        subscriber.join()
    seen = set()
    for topic in topics:
        while not guest.queue(topic).empty():
            seen.add(guest.next(topic)["content"])
    assert not seen & set(forbidden)
    assert any(content.startswith("allowed") for content in seen), "the test has to be able to fail"
