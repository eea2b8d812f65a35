"""Conversations in which nobody has written for a long time."""

import json

import parley
from servers import Server, free_port, run
from stores import query, redis

NOTICES = "/user/queue/conversations"


def aged(conversation):
    """Makes a conversation without messages 400 days old."""
    query(f"update conversations set created_at = now() - interval '400 days' where id = '{conversation}'")
    return conversation


def archive(*arguments):
    result = run("parley", "archive", *arguments, "--after", "365d")
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def is_archived(conversation, user):
    return parley.call("GET", f"/api/conversations/{conversation}", user).json["isArchived"]


def test_an_old_group_is_archived_and_whoever_is_there_is_told(clients):
    one, other = parley.new_user(), parley.new_user()
    conversation = aged(parley.create("GROUP", [one, other], title="old"))
    young = parley.create("GROUP", [one, other], title="young")
    client = clients(other)
    notices, _ = client.subscribe(NOTICES)
    topic, _ = client.subscribe(f"/topic/conversation/{conversation}")
    errors, _ = client.subscribe("/user/queue/errors")
    counted = archive("--dry-run")
    assert counted[-1]["idle"] >= 1 and sum(line["conversations"] for line in counted[:-1]) == counted[-1]["idle"]
    assert not is_archived(conversation, one)
    assert archive("--now")[0]["archived"] == counted[-1]["idle"]
    assert is_archived(conversation, one) and not is_archived(young, one)
    notice = client.next(notices)
    assert (notice["event"], notice["conversation"]["id"]) == ("archived", conversation)
    # Nothing of it is in the conversation itself.
    assert parley.history(conversation, one) == [] and client.queue(topic).empty()
    client.send(conversation, "still there?")
    assert client.next(errors)["code"] == "archived"
    assert parley.call("POST", f"/api/conversations/{conversation}/unarchive", one).status == 200
    assert not is_archived(conversation, one)


def test_a_direct_conversation_comes_out_with_its_next_message(clients):
    one, other = parley.new_user(), parley.new_user()
    conversation = aged(parley.create("DIRECT", [one, other]))
    assert archive("--now")[0]["archived"] >= 1
    assert is_archived(conversation, one)
    listener, sender = clients(other), clients(one)
    notices, _ = listener.subscribe(NOTICES)
    messages, _ = listener.subscribe("/user/queue/messages")
    for number in range(5):
        sender.send(conversation, f"hello {number}", receipt=f"r{number}")
    for number in range(5):
        sender.receipt(f"r{number}")
    assert [listener.next(messages)["content"] for _ in range(5)] == [f"hello {number}" for number in range(5)]
    notice = listener.next(notices)
    assert (notice["event"], notice["conversation"]["isArchived"]) == ("unarchived", False)
    assert listener.queue(notices).empty()
    assert not is_archived(conversation, one)


def test_a_direct_conversation_comes_out_when_its_pair_asks_for_it():
    one, other = parley.new_user(), parley.new_user()
    conversation = aged(parley.create("DIRECT", [one, other]))
    archive("--now")
    answer = parley.call("POST", "/api/conversations", other, {"type": "DIRECT", "participantIds": [one]})
    assert (answer.status, answer.json["id"], answer.json["isArchived"]) == (200, conversation, False)


def test_what_somebody_has_archived_stays(clients):
    one, other = parley.new_user(), parley.new_user()
    conversation = aged(parley.create("DIRECT", [one, other]))
    archive("--now")
    # By hand, too: now it is meant.
    assert parley.call("POST", f"/api/conversations/{conversation}/archive", one).status == 200
    answer = parley.call("POST", "/api/conversations", other, {"type": "DIRECT", "participantIds": [one]})
    assert (answer.status, answer.json["code"], answer.json["conversationId"]) == (409, "archived", conversation)
    answer = parley.call("POST", f"/api/conversations/{conversation}/messages", one, {"content": "no"})
    assert (answer.status, answer.json["code"]) == (409, "archived")


def test_who_is_not_in_it_takes_nothing_out():
    one, other = parley.new_user(), parley.new_user()
    conversation = aged(parley.create("DIRECT", [one, other]))
    archive("--now")
    answer = parley.call(
        "POST", f"/api/conversations/{conversation}/messages", parley.new_user(), {"content": "open"})
    assert answer.status == 404
    assert is_archived(conversation, one)


def test_a_persister_archives_by_itself():
    one, other = parley.new_user(), parley.new_user()
    conversation = aged(parley.create("DIRECT", [one, other]))
    port = free_port()
    persister = Server(
        "persister", ARCHIVE_AFTER="365d", PERSISTER_ID="archives", OPERATOR_LISTEN=f"127.0.0.1:{port}")
    parley.wait_for(lambda: is_archived(conversation, one), what="the archive")
    metrics = parley.call("GET", "/metrics", url=f"http://127.0.0.1:{port}").text
    assert "parley_conversations_archived_total 1" in metrics
    persister.stop()
    assert redis("--scan", "--pattern", f"*:c:{conversation}:members") == ""


def test_a_wrong_call_is_explained():
    for arguments in ([], ["--now"], ["--now", "--dry-run", "--after", "1d"], ["--now", "--after", "0s"]):
        result = run("parley", "archive", *arguments)
        assert result.returncode == 64 and "see parley --help" in result.stderr
