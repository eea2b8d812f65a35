"""Delivered and read: cursors that go forward only, and the status that follows from them."""

import parley
from stores import calls, query

FIRST, SECOND = parley.GATEWAYS[0], parley.GATEWAYS[-1]


def send(conversation, user, content):
    return parley.call("POST", f"/api/conversations/{conversation}/messages", user, {"content": content}).json["messageId"]


def statuses(conversation, user):
    return [item["status"] for item in parley.history(conversation, user)][::-1]


def test_receipts_reach_the_senders_devices_and_the_status_follows(clients, pair):
    one, other, conversation = pair
    phone, laptop, reader = clients(one, FIRST), clients(one, SECOND), clients(other, SECOND)
    queues = [(client, client.subscribe("/user/queue/receipts")[0]) for client in (phone, laptop)]
    device = clients(other, FIRST)
    own, _ = device.subscribe("/user/queue/conversations")
    ids = [send(conversation, one, f"text {number}") for number in range(3)]
    assert statuses(conversation, other) == ["SENT"] * 3

    def notice(delivered, read):
        return {"conversationId": conversation, "userId": other, "lastDeliveredMessageId": delivered,
                "lastReadMessageId": read}

    reader.command("/app/chat.delivered", {"conversationId": conversation, "messageId": ids[1]}, "d")
    reader.receipt("d")
    for client, queue in queues:
        assert client.next(queue) == notice(ids[1], 0)
    assert statuses(conversation, one) == ["DELIVERED", "DELIVERED", "SENT"]
    reader.command("/app/chat.read", {"conversationId": conversation, "messageId": ids[0]}, "r")
    reader.receipt("r")
    for client, queue in queues:
        assert client.next(queue) == notice(ids[1], ids[0])
    # The reader's other devices take it for read, too.
    assert device.next(own) == {"event": "read", "conversation": {"id": conversation, "lastReadMessageId": ids[0]}}
    assert statuses(conversation, one) == ["READ", "DELIVERED", "SENT"]
    # Back is no move; beyond the last is the last.
    reader.command("/app/chat.read", {"conversationId": conversation, "messageId": 1}, "back")
    reader.receipt("back")
    assert parley.call("POST", f"/api/conversations/{conversation}/read", other, {"messageId": 2**53 - 1}).status == 204
    for client, queue in queues:
        assert client.next(queue) == notice(ids[2], ids[2])
    assert statuses(conversation, one) == ["READ"] * 3
    replay = clients(one)
    topic, _ = replay.subscribe(f"/topic/conversation/{conversation}", **{"resume-after": "0"})
    assert [replay.next(topic)["status"] for _ in range(3)] == ["READ"] * 3
    listed = parley.call("GET", "/api/conversations", one).json["items"][0]
    assert listed["lastMessage"]["status"] == "READ"


def test_unread_counts_what_others_wrote_and_one_has_not_read(pair):
    one, other, conversation = pair
    ids = [send(conversation, one, f"text {number}") for number in range(5)]
    send(conversation, other, "mine")

    def unread(user):
        return parley.call("GET", "/api/conversations", user).json["items"][0]["unread"]

    parley.wait_for(lambda: unread(other) == 5, what="five unread messages")
    parley.call("POST", f"/api/conversations/{conversation}/read", other, {"messageId": ids[2]})
    parley.wait_for(lambda: unread(other) == 2, what="two unread messages")
    assert unread(one) == 1
    sql = f"select read_id from participants where conversation_id = '{conversation}' and user_id = '{other}'"
    parley.wait_for(lambda: int(query(sql)) == ids[2], what="the cursor in PostgreSQL")


def test_in_a_group_the_slowest_decides_and_a_newcomer_changes_nothing():
    users = [parley.new_user() for _ in range(3)]
    conversation = parley.create("GROUP", users)
    id = send(conversation, users[0], "text")
    for user in users[1:]:
        assert statuses(conversation, users[0]) == ["SENT"]
        parley.call("POST", f"/api/conversations/{conversation}/read", user, {"messageId": id})
    assert statuses(conversation, users[0]) == ["READ"]
    late = parley.new_user()
    parley.call("POST", f"/api/conversations/{conversation}/participants", users[0], {"userId": late})
    assert statuses(conversation, users[0])[0] == "READ"
    parley.call("DELETE", f"/api/conversations/{conversation}/participants/{late}", users[0])
    assert statuses(conversation, users[0])[0] == "READ"


def test_strangers_move_nothing(clients, pair):
    _, _, conversation = pair
    stranger = clients(parley.new_user())
    errors, _ = stranger.subscribe("/user/queue/errors")
    stranger.command("/app/chat.read", {"conversationId": conversation, "messageId": 1}, "r")
    assert stranger.next(errors)["code"] == "not-found"
    stranger.command("/app/chat.read", {"conversationId": conversation}, "r")
    assert stranger.next(errors)["field"] == "messageId"
    path = f"/api/conversations/{conversation}/read"
    assert parley.call("POST", path, parley.new_user(), {"messageId": 1}).status == 404


def test_what_a_group_has_got_is_learnt_from_pongs(clients):
    users = [parley.new_user() for _ in range(3)]
    conversation = parley.create("GROUP", users)
    devices = [clients(users[1], FIRST), clients(users[2], SECOND)]
    topics = [device.subscribe(f"/topic/conversation/{conversation}")[0] for device in devices]
    id = send(conversation, users[0], "text")
    for device, topic in zip(devices, topics):
        assert device.next(topic)["id"] == id
    parley.wait_for(lambda: statuses(conversation, users[0]) == ["DELIVERED"], what="the status DELIVERED")


def test_a_groups_authors_hear_who_has_got_what_they_wrote(clients):
    users = [parley.new_user() for _ in range(12)]
    conversation = parley.create("GROUP", users)
    devices = [clients(user, parley.GATEWAYS[number % 2]) for number, user in enumerate(users)]
    topics = [device.subscribe(f"/topic/conversation/{conversation}")[0] for device in devices]
    receipts = [device.subscribe("/user/queue/receipts")[0] for device in devices]
    before = calls("publish")
    id = send(conversation, users[0], "text")
    for device, topic in zip(devices, topics):
        assert device.next(topic)["id"] == id
    heard = {}
    while len(heard) < 11:
        notice = devices[0].next(receipts[0])
        assert notice["conversationId"] == conversation and notice["lastReadMessageId"] == 0
        heard[notice["userId"]] = notice["lastDeliveredMessageId"]
    assert heard == {user: id for user in users[1:]}
    # The message and its moves, by loop and window, and the probes and bookkeeping of a second or two: not one publish per
    # member and member, which would be 121.
    assert calls("publish") - before < 60
    # Who wrote nothing of it isn't told.
    for device, queue in zip(devices[1:], receipts[1:]):
        assert device.queue(queue).empty()


def test_a_flood_of_moves_is_written_a_few_times(clients, pair):
    one, other, conversation = pair
    ids = [send(conversation, one, f"text {number}") for number in range(40)]
    reader = clients(other)
    before = calls("hset")
    for id in ids:
        reader.command("/app/chat.read", {"conversationId": conversation, "messageId": id}, f"r{id}")
    for id in ids:
        reader.receipt(f"r{id}")
    assert statuses(conversation, one) == ["READ"] * 40
    # Each of the 40 would have been a write of its own.
    assert calls("hset") - before < 30


def test_a_topic_that_begins_in_the_middle_does_not_deliver_what_came_before(clients, pair):
    one, other, conversation = pair
    missed = send(conversation, one, "while nobody was there")
    device = clients(other)
    topic, _ = device.subscribe(f"/topic/conversation/{conversation}", ack="client-individual")

    def acknowledge(id):
        frame = device.frame(topic)
        assert frame.headers["message-id"] == f"{conversation}.{id}"
        device.connection.ack(frame.headers["ack"], receipt=f"ack-{id}")
        device.receipt(f"ack-{id}")

    seen = send(conversation, one, "to the topic")
    acknowledge(seen)
    # Moves are gathered for a moment: the RECEIPT of one that moves nothing tells that the others are written.
    device.command("/app/chat.delivered", {"conversationId": conversation, "messageId": 1}, "written")
    device.receipt("written")
    writer, late = clients(one), clients(other)
    receipts, _ = writer.subscribe("/user/queue/receipts")
    messages, _ = late.subscribe("/user/queue/messages")
    assert [late.next(messages)["id"] for _ in range(2)] == [missed, seen]
    # The other device's pong has delivered both: from here on the topic counts, too.
    assert writer.next(receipts)["lastDeliveredMessageId"] == seen
    late.close()
    later = send(conversation, one, "to both")
    acknowledge(later)
    assert writer.next(receipts)["lastDeliveredMessageId"] == later


def test_a_topic_that_begins_in_the_middle_is_looked_at_now_and_then(clients, pair):
    one, other, conversation = pair
    send(conversation, one, "while nobody was there")
    device, count = clients(other), 40
    topic, _ = device.subscribe(f"/topic/conversation/{conversation}", ack="client-individual")
    before = calls("xrange")
    for number in range(count):
        send(conversation, one, f"text {number}")
        frame = device.frame(topic)
        device.connection.ack(frame.headers["ack"], receipt=f"ack-{number}")
        device.receipt(f"ack-{number}")
    # Each of the 40 would have read a page. Nothing of it is delivered: what came before isn't.
    assert calls("xrange") - before < count / 4
    assert statuses(conversation, one) == ["SENT"] * (count + 1)
