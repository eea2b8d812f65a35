"""Edits and deletes, as events of the conversation's one sequence."""

import os
import signal
import threading

import pytest

import parley
from stores import redis, stored
from test_endurance import start_postgres, stop_postgres

FIRST, SECOND = parley.GATEWAYS[0], parley.GATEWAYS[-1]


def send(conversation, user, content):
    return parley.call("POST", f"/api/conversations/{conversation}/messages", user, {"content": content}).json["messageId"]


def message(conversation, user, id):
    return next(item for item in parley.history(conversation, user) if item["id"] == id)


def test_an_edit_reaches_everybody_and_replaces_the_content(clients, pair):
    one, other, conversation = pair
    sender, receiver = clients(one, FIRST), clients(other, SECOND)
    topic, _ = receiver.subscribe(f"/topic/conversation/{conversation}")
    id = send(conversation, one, "first thought")
    receiver.next(topic)
    sender.command("/app/chat.edit", {"conversationId": conversation, "messageId": id, "content": "second thought"}, "r1")
    receipt = sender.receipt("r1")
    frame = receiver.frame(topic)
    edit = parley.json.loads(frame.body)
    assert frame.headers["event"] == "edited" and frame.headers["message-id"] == receipt["message-id"]
    assert (edit["id"], edit["previousEventId"], edit["content"]) == (id, id, "second thought")
    assert edit["eventId"] > id and edit["editedAt"] and not edit["isDeleted"]
    for url in parley.GATEWAYS:
        items = parley.history(conversation, other, url=url)
        assert [(item["id"], item["content"]) for item in items] == [(id, "second thought")]
    parley.wait_for(lambda: stored(conversation) == "1|1", what="the row")


def test_an_edit_tells_how_far_its_message_has_got(clients, pair):
    one, other, conversation = pair
    receiver = clients(other, SECOND)
    topic, _ = receiver.subscribe(f"/topic/conversation/{conversation}")
    id = send(conversation, one, "first thought")
    receiver.next(topic)
    parley.call("POST", f"/api/conversations/{conversation}/read", other, {"messageId": id})
    path = f"/api/conversations/{conversation}/messages/{id}"
    assert parley.call("PATCH", path, one, {"content": "second thought"}).status == 200
    edit = receiver.next(topic)
    assert (edit["content"], edit["status"]) == ("second thought", "READ")
    assert parley.call("DELETE", path, one).status == 200
    assert receiver.next(topic)["status"] == "READ"


def test_who_may_change_what(clients):
    admin, member, other = (parley.new_user() for _ in range(3))
    conversation = parley.create("GROUP", [admin, member, other])
    id = send(conversation, member, "mine")
    path = f"/api/conversations/{conversation}/messages/{id}"
    assert parley.call("PATCH", path, admin, {"content": "yours"}).status == 403
    assert parley.call("PATCH", path, parley.new_user(), {"content": "x"}).status == 404
    assert parley.call("PATCH", path, member, {"content": ""}).json["field"] == "content"
    assert parley.call("PATCH", path, member, {}).json["code"] == "missing-field"
    assert parley.call("PATCH", f"{path}1", member, {"content": "x"}).status == 404
    assert parley.call("DELETE", path, other).status == 403
    assert parley.call("PATCH", path, member, {"content": "edited"}).json["messageId"] == id
    # An ADMIN of the group may delete; what is deleted can't be edited, and is deleted once.
    deleted = parley.call("DELETE", path, admin).json
    assert parley.call("DELETE", path, member).json["eventId"] == deleted["eventId"]
    assert parley.call("PATCH", path, member, {"content": "back"}).status == 403
    gone = message(conversation, other, id)
    assert (gone["content"], gone["isDeleted"]) == ("", True)


def test_late_joiners_and_replays_see_the_newest_state_only(clients, pair):
    one, other, conversation = pair
    ids = [send(conversation, one, f"text {number}") for number in range(10)]
    for number in (2, 5):
        path = f"/api/conversations/{conversation}/messages/{ids[number]}"
        assert parley.call("PATCH", path, one, {"content": f"secret {number}"}).status == 200
        assert parley.call("PATCH", path, one, {"content": f"edited {number}"}).status == 200
    assert parley.call("DELETE", f"/api/conversations/{conversation}/messages/{ids[7]}", one).status == 200
    expected = ["text 0", "text 1", "edited 2", "text 3", "text 4", "edited 5", "text 6", "", "text 8", "text 9"]

    def check():
        assert [item["content"] for item in parley.history(conversation, other)][::-1] == expected
        path = f"/api/conversations/{conversation}/messages"
        assert [item["content"] for item in parley.call("GET", f"{path}?limit=4", other).json["items"]] == expected[:5:-1]
        page = parley.call("GET", f"{path}?limit=4&before={ids[6]}", other).json
        assert [item["content"] for item in page["items"]] == expected[5:1:-1]
        page = parley.call("GET", f"{path}?limit=4&after={ids[1]}", other).json
        assert [item["content"] for item in page["items"]] == expected[2:6]

    check()
    receiver = clients(other)
    topic, _ = receiver.subscribe(f"/topic/conversation/{conversation}", **{"resume-after": "0"})
    replayed = [receiver.next(topic) for _ in range(10)]
    assert {item["id"]: item["content"] for item in replayed} == dict(zip(ids, expected))
    assert [item["eventId"] for item in replayed] == sorted(item["eventId"] for item in replayed)
    assert not [item for item in replayed if "secret" in item["content"]]
    parley.wait_for(lambda: stored(conversation) == "10|10", what="the rows")
    check()


def test_a_replay_from_postgresql_does_not_bring_back_what_was_changed_since(clients, pair):
    """PostgreSQL has a message whose deletion it doesn't have yet; the message has left the cache long ago."""
    one, other, conversation = pair
    ids = [send(conversation, one, f"secret {number}") for number in range(3)]
    for number in range(150):
        send(conversation, one, f"text {number}")
    parley.wait_for(lambda: stored(conversation) == "153|153", what="the rows")
    key = next(key for key in redis("--scan", "--pattern", f"*:c:{conversation}").splitlines())
    parley.wait_for(lambda: int(redis("HGET", key, "floor")) > ids[2], what="a cache that begins later")
    persister = int(os.environ["PARLEY_PID_PERSISTER_1"])
    os.kill(persister, signal.SIGSTOP)
    try:
        path = f"/api/conversations/{conversation}/messages"
        assert parley.call("DELETE", f"{path}/{ids[0]}", one).status == 200
        assert parley.call("PATCH", f"{path}/{ids[1]}", one, {"content": "edited"}).status == 200
        receiver = clients(other)
        topic, _ = receiver.subscribe(f"/topic/conversation/{conversation}", **{"resume-after": "0"})
        replayed = [receiver.next(topic) for _ in range(153)]
    finally:
        os.kill(persister, signal.SIGCONT)
    assert [item["content"] for item in replayed if "text" not in item["content"]] == ["secret 2", "", "edited"]
    events = [item["eventId"] for item in replayed]
    assert events == sorted(events) and {item["id"] for item in replayed} >= set(ids)


def test_changes_of_what_postgresql_has_and_of_what_it_has_not(clients, pair):
    one, other, conversation = pair
    old = send(conversation, one, "old")
    parley.wait_for(lambda: stored(conversation) == "1|1", what="the row")
    stop_postgres()
    try:
        young = send(conversation, one, "young")
        for id, content in ((old, "old, edited"), (young, "young, edited")):
            path = f"/api/conversations/{conversation}/messages/{id}"
            assert parley.call("PATCH", path, one, {"content": content}).status == 200
        assert [item["content"] for item in parley.history(conversation, other)] == ["young, edited", "old, edited"]
        assert parley.call("DELETE", f"/api/conversations/{conversation}/messages/{young}", one).status == 200
        assert [item["content"] for item in parley.history(conversation, other)] == ["", "old, edited"]
    finally:
        start_postgres()
    parley.wait_for(lambda: stored(conversation) == "2|2", 60, "the rows")
    assert [item["content"] for item in parley.history(conversation, other)] == ["", "old, edited"]


def test_two_who_change_at_once_dont_bring_back_what_was_deleted(pair):
    one, other, conversation = pair
    for turn in range(10):
        id = send(conversation, one, "text")
        path = f"/api/conversations/{conversation}/messages/{id}"
        answers = []
        edits = [
            threading.Thread(target=lambda n=n: answers.append(
                parley.call("PATCH", path, one, {"content": f"edit {n}"}, url=parley.GATEWAYS[n % 2]).status))
            for n in range(4)
        ]
        remove = threading.Thread(target=lambda: answers.append(parley.call("DELETE", path, one, url=SECOND).status))
        for thread in [*edits[:2], remove, *edits[2:]]:
            thread.start()
        for thread in [*edits, remove]:
            thread.join()
        assert set(answers) <= {200, 403}
        gone = message(conversation, other, id)
        assert (gone["content"], gone["isDeleted"]) == ("", True)


@pytest.mark.parametrize("body", ['{"conversationId":"%s","content":"x"}', '{"conversationId":"%s","messageId":"1","content":"x"}',
                                  '{"conversationId":"%s","messageId":-1,"content":"x"}'])
def test_bad_commands_name_the_field(clients, pair, body):
    one, _, conversation = pair
    client = clients(one)
    errors, _ = client.subscribe("/user/queue/errors")
    client.command("/app/chat.edit", body % conversation, receipt="r1")
    refusal = client.next(errors)
    assert (refusal["field"], refusal["receipt-id"]) == ("messageId", "r1")


def test_a_change_that_no_store_has_hides_its_message_and_no_other(pair):
    """As after PostgreSQL was restored from a backup that is older than the change: what is there may be what was deleted."""
    one, other, conversation = pair
    ids = [send(conversation, one, f"text {number}") for number in range(5)]
    parley.wait_for(lambda: stored(conversation) == "5|5", what="the rows")
    key = redis("--scan", "--pattern", f"*:c:{conversation}")
    parley.wait_for(lambda: redis("HGET", key, "done") == str(ids[-1]), what="the commit")
    redis("XTRIM", key + ":events", "MAXLEN", 0)
    redis("HSET", key, "floor", ids[-1] + 1, "last", ids[-1] + 1, "done", ids[-1] + 1)
    redis("HSET", key + ":changes", ids[2], ids[-1] + 1)
    found, before = [], None
    while before is not None or not found:
        path = f"/api/conversations/{conversation}/messages?limit=1" + (f"&before={before}" if before else "")
        answer = parley.call("GET", path, other)
        assert answer.status == 200, answer.text
        found += [item["content"] for item in answer.json["items"]]
        before = answer.json["nextBefore"]
    assert found == ["text 4", "text 3", "text 1", "text 0"]
    answer = parley.call("GET", f"/api/conversations/{conversation}/messages?after={ids[0]}", other)
    assert [item["content"] for item in answer.json["items"]] == ["text 1", "text 3", "text 4"]
