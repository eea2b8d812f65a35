"""Messages between people, by stomp.py, over two gateways and the balancer."""

import uuid

import pytest

import parley

FIRST, SECOND = parley.GATEWAYS[0], parley.GATEWAYS[-1]


def test_a_message_reaches_the_other_gateway(clients, pair):
    one, other, conversation = pair
    sender, receiver = clients(one, FIRST), clients(other, SECOND)
    topic, _ = receiver.subscribe(f"/topic/conversation/{conversation}")
    acks, _ = sender.subscribe("/user/queue/acks")
    sender.send(conversation, "Grüße 😀", "mine-1", receipt="r1")
    receipt = sender.receipt("r1")
    frame = receiver.frame(topic)
    assert frame.headers["destination"] == f"/topic/conversation/{conversation}"
    assert frame.headers["event"] == "message"
    assert frame.headers["message-id"] == receipt["message-id"]
    assert int(frame.headers["content-length"]) == len(frame.body.encode())
    message = parley.json.loads(frame.body)
    assert message["content"] == "Grüße 😀"
    assert (message["senderId"], message["senderType"]) == (one, "USER")
    assert (message["messageType"], message["status"]) == ("TEXT", "SENT")
    assert (message["editedAt"], message["isDeleted"], message["file"]) == (None, False, None)
    assert message["id"] == message["eventId"] and message["previousEventId"] == 0
    ack = sender.next(acks)
    assert ack == {
        "clientMessageId": "mine-1", "conversationId": conversation, "messageId": message["id"], "status": "SENT"}


def test_direct_messages_come_on_the_users_queue(clients, pair):
    one, other, conversation = pair
    sender, phone, laptop = clients(one, FIRST), clients(other, SECOND), clients(other, FIRST)
    phone_queue, _ = phone.subscribe("/user/queue/messages")
    laptop_queue, _ = laptop.subscribe("/user/queue/messages")
    sender.send(conversation, "hello")
    for client, queue in ((phone, phone_queue), (laptop, laptop_queue)):
        frame = client.frame(queue)
        assert frame.headers["destination"] == "/user/queue/messages"
        assert parley.json.loads(frame.body)["content"] == "hello"


def test_a_session_with_the_topic_gets_a_message_once(clients, pair):
    one, other, conversation = pair
    sender, receiver = clients(one), clients(other)
    queue, _ = receiver.subscribe("/user/queue/messages")
    first, _ = receiver.subscribe(f"/topic/conversation/{conversation}")
    second, _ = receiver.subscribe(f"/topic/conversation/{conversation}")
    for number in range(3):
        sender.send(conversation, f"text {number}")
    for topic in (first, second):
        assert [receiver.next(topic)["content"] for _ in range(3)] == ["text 0", "text 1", "text 2"]
    assert receiver.queue(queue).empty()
    receiver.connection.unsubscribe(first)
    receiver.connection.unsubscribe(second)
    sender.send(conversation, "later")
    assert receiver.next(queue)["content"] == "later"


def test_a_repeated_client_message_id_gets_the_first_answer(clients, pair):
    one, other, conversation = pair
    sender, receiver = clients(one), clients(other)
    topic, _ = receiver.subscribe(f"/topic/conversation/{conversation}")
    sender.send(conversation, "once", "same", receipt="r1")
    sender.send(conversation, "once", "same", receipt="r2")
    assert sender.receipt("r1")["message-id"] == sender.receipt("r2")["message-id"]
    sender.send(conversation, "twice")
    assert [receiver.next(topic)["content"] for _ in range(2)] == ["once", "twice"]


def test_typing_reaches_others_and_not_the_sender(clients, pair):
    one, other, conversation = pair
    typist, watcher = clients(one, FIRST), clients(other, SECOND)
    own, _ = typist.subscribe(f"/topic/conversation/{conversation}/typing")
    topic, _ = watcher.subscribe(f"/topic/conversation/{conversation}/typing")
    typist.command("/app/chat.typing", {"conversationId": conversation, "typing": True}, receipt="t1")
    typist.receipt("t1")
    assert watcher.next(topic) == {"conversationId": conversation, "userId": one, "typing": True}
    # It ends by itself.
    assert watcher.next(topic) == {"conversationId": conversation, "userId": one, "typing": False}
    assert typist.queue(own).empty()


def test_strangers_are_refused_and_told_no_more_than_not_found(clients, pair):
    _, _, conversation = pair
    stranger = clients(parley.new_user())
    errors, _ = stranger.subscribe("/user/queue/errors")
    stranger.send(conversation, "let me in", "c1", receipt="r1")
    stranger.connection.subscribe(f"/topic/conversation/{conversation}", id="x", headers={"receipt": "r2"})
    stranger.command("/app/chat.typing", {"conversationId": conversation, "typing": True}, receipt="r3")
    stranger.connection.subscribe(f"/topic/conversation/{uuid.uuid4()}", id="y", headers={"receipt": "r4"})
    refusals = [stranger.next(errors) for _ in range(4)]
    assert [refusal["code"] for refusal in refusals] == ["not-found"] * 4
    assert [refusal["receipt-id"] for refusal in refusals] == ["r1", "r2", "r3", "r4"]
    assert refusals[0]["clientMessageId"] == "c1" and refusals[0]["destination"] == "/app/chat.send"
    assert stranger.receipts.empty()


BAD_BODIES = [
    ('{"conversationId":"%s","content":"\\u0000"}', "malformed-json", "content"),
    ('{"conversationId":"%s","content":"\\ud800 alone"}', "malformed-json", "content"),
    ('{"conversationId":"%s"', "malformed-json", None),
    ('["%s"]', "malformed-json", None),
    ('{"conversationId":"%s"}', "missing-field", "content"),
    ('{"content":"%s"}', "missing-field", "conversationId"),
    ('{"conversationId":"not %s","content":"x"}', "invalid-field", "conversationId"),
    ('{"conversationId":"%s","content":""}', "invalid-field", "content"),
    ('{"conversationId":"%s","content":7}', "invalid-field", "content"),
    ('{"conversationId":"%s","content":"' + "x" * 4001 + '"}', "content-too-long", "content"),
    ('{"conversationId":"%s","content":"x","messageType":"POEM"}', "invalid-field", "messageType"),
    ('{"conversationId":"%s","content":"x","messageType":"SYSTEM"}', "not-allowed", "messageType"),
    ('{"conversationId":"%s","content":"x","clientMessageId":"' + "y" * 129 + '"}', "invalid-field", "clientMessageId"),
]


@pytest.mark.parametrize("body, code, field", BAD_BODIES)
def test_bad_bodies_name_the_field_and_the_session_lives(clients, pair, body, code, field):
    one, _, conversation = pair
    client = clients(one)
    errors, _ = client.subscribe("/user/queue/errors")
    client.command("/app/chat.send", body % conversation, receipt="r1")
    refusal = client.next(errors)
    assert (refusal["code"], refusal.get("field")) == (code, field)
    assert refusal["receipt-id"] == "r1"
    client.send(conversation, "still here", receipt="r2")
    assert client.receipt("r2")["message-id"].startswith(conversation)


def test_unknown_destinations_are_refused(clients, pair):
    one, _, conversation = pair
    client = clients(one)
    errors, _ = client.subscribe("/user/queue/errors")
    client.command("/app/chat.sing", {"conversationId": conversation})
    for destination in ("/topic/everything", "/user/somebody/queue/messages", "/topic/conversation/*", "u:somebody"):
        client.connection.subscribe(destination, id=destination)
    assert [client.next(errors)["code"] for _ in range(5)] == ["unknown-destination"] * 5


def test_without_the_errors_queue_a_refusal_is_error_and_close(clients, pair):
    _, _, conversation = pair
    stranger = clients(parley.new_user())
    stranger.send(conversation, "hello?", receipt="r1")
    error = stranger.errors.get(timeout=parley.PATIENCE)
    assert error.headers["code"] == "not-found" and error.headers["receipt-id"] == "r1"
    assert stranger.ended.wait(parley.PATIENCE)


def test_resuming_replays_what_was_missed(clients, pair):
    one, other, conversation = pair
    sender, receiver = clients(one, FIRST), clients(other, FIRST)
    topic, _ = receiver.subscribe(f"/topic/conversation/{conversation}")
    sender.send(conversation, "seen")
    seen = receiver.next(topic)["eventId"]
    receiver.close()
    for number in range(250):
        sender.send(conversation, f"missed {number}")
    sender.send(conversation, "last missed", receipt="r1")
    head = sender.receipt("r1")["message-id"].split(".")[1]
    again = clients(other, SECOND)
    topic, receipt = again.subscribe(f"/topic/conversation/{conversation}", **{"resume-after": str(seen)})
    assert (receipt["recovered"], receipt["head"]) == ("true", head)
    contents = [again.next(topic)["content"] for _ in range(251)]
    assert contents == [f"missed {number}" for number in range(250)] + ["last missed"]
    sender.send(conversation, "live")
    assert again.next(topic)["content"] == "live"


def test_created_conversations_are_announced(clients):
    one, other = parley.new_user(), parley.new_user()
    client = clients(other)
    queue, _ = client.subscribe("/user/queue/conversations")
    conversation = parley.create("GROUP", [one, other], title="Plans")
    notice = client.next(queue)
    assert notice["event"] == "created"
    assert (notice["conversation"]["id"], notice["conversation"]["title"]) == (conversation, "Plans")


def test_a_transaction_sends_all_or_stops_where_it_is_refused(clients, pair):
    one, other, conversation = pair
    sender, receiver = clients(one), clients(other)
    errors, _ = sender.subscribe("/user/queue/errors")
    topic, _ = receiver.subscribe(f"/topic/conversation/{conversation}")
    destination = "/app/chat.send"

    def hold(transaction, content):
        body = parley.json.dumps({"conversationId": conversation, "content": content})
        sender.connection.send(destination, body, headers={"transaction": transaction})

    sender.connection.begin("t1")
    hold("t1", "a")
    hold("t1", "b")
    sender.connection.commit("t1")
    sender.connection.begin("t2")
    hold("t2", "c")
    hold("t2", "")
    hold("t2", "never")
    sender.connection.commit("t2")
    assert sender.next(errors)["code"] == "transaction-stopped"
    sender.send(conversation, "after")
    assert [receiver.next(topic)["content"] for _ in range(4)] == ["a", "b", "c", "after"]
