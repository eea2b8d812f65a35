"""Large groups: nothing that is answered, published or asked of the stores grows with the square of their members."""

import json
import re

import parley
from stores import calls, query, redis

FIRST, SECOND = parley.GATEWAYS[0], parley.GATEWAYS[-1]
MEMBERS = 1000


def received():
    """How many bytes Redis has been sent."""
    return int(re.search(r"total_net_input_bytes:(\d+)", redis("INFO", "stats"))[1])


def large_group(admin):
    return parley.create("GROUP", [admin] + [parley.new_user() for _ in range(MEMBERS - 1)], title="all of us")


def test_making_and_changing_a_large_group_costs_by_its_members_not_by_their_square():
    admin = parley.new_user()
    before = received(), calls("publish")
    group = large_group(admin)
    # Their ids once, and what they are told once: not a description of all to each of them, which was 126 MB.
    assert received() - before[0] < 400_000
    assert calls("publish") - before[1] < MEMBERS + 100
    before = received(), calls("publish")
    assert parley.call("POST", f"/api/conversations/{group}/archive", admin).status == 200
    assert parley.call("POST", f"/api/conversations/{group}/unarchive", admin).status == 200
    # The members are loaded anew for the SYSTEM messages; nobody is told one by one.
    assert received() - before[0] < 800_000
    assert calls("publish") - before[1] < 100


def test_a_large_group_shows_its_first_members_and_pages_of_all():
    admin = parley.new_user()
    group = large_group(admin)
    one = parley.call("GET", f"/api/conversations/{group}", admin)
    assert one.json["participantCount"] == MEMBERS and 50 <= len(one.json["participants"]) <= 51
    assert admin in [person["userId"] for person in one.json["participants"]]
    listed = parley.call("GET", "/api/conversations", admin).json["items"][0]
    assert listed["participantCount"] == MEMBERS and 10 <= len(listed["participants"]) <= 11
    seen, after = [], ""
    while after is not None:
        page = parley.call("GET", f"/api/conversations/{group}/participants?limit=200{after and '&after=' + after}", admin)
        assert len(page.json["items"]) <= 200
        seen += [person["userId"] for person in page.json["items"]]
        after = page.json["nextAfter"]
    assert len(seen) == len(set(seen)) == MEMBERS and seen == sorted(seen)
    path = f"/api/conversations/{group}/participants"
    assert parley.call("GET", path, parley.new_user()).status == 404
    assert parley.call("GET", f"{path}?after=x", admin).json["field"] == "after"


def test_a_list_of_large_groups_is_small():
    admin = parley.new_user()
    groups = [large_group(admin) for _ in range(2)]
    # More than a user may make at once: the members are there already.
    for _ in range(8):
        groups.append(query(
            "with made as (insert into conversations (id, type, created_by) values (gen_random_uuid(), 'GROUP', "
            f"'{admin}') returning id), joined as (insert into participants (conversation_id, user_id, role) select made.id, "
            f"user_id, role from made, participants where conversation_id = '{groups[0]}') select id from made"))
    answer = parley.call("GET", "/api/conversations?limit=200", admin)
    assert {item["id"] for item in answer.json["items"]} == set(groups)
    assert all(item["participantCount"] == MEMBERS for item in answer.json["items"])
    assert len(answer.text) < 3_000 * len(groups)


def test_moving_in_a_large_group_reads_no_list_of_its_members(clients):
    admin = parley.new_user()
    group = large_group(admin)
    id = parley.call("POST", f"/api/conversations/{group}/messages", admin, {"content": "x"}).json["messageId"]
    before = {name: calls(name) for name in ("hkeys", "hgetall", "publish")}
    client = clients(admin)
    for place in range(20):
        client.command("/app/chat.read", {"conversationId": group, "messageId": id - 20 + place}, f"r{place}")
    for place in range(20):
        client.receipt(f"r{place}")
    assert calls("hkeys") == before["hkeys"]
    assert calls("publish") - before["publish"] < 30


def test_unread_messages_are_looked_for_among_the_newest(pair):
    """A bot that has written much is no reason to read all of it for each list."""
    one, other, conversation = pair
    parley.call("POST", f"/api/conversations/{conversation}/messages", one, {"content": "first"})
    parley.wait_for(lambda: query(f"select count(*) from messages where conversation_id = '{conversation}'") == "1", what="it")
    query(
        "insert into messages (conversation_id, id, last_event_id, previous_event_id, sender_id, sender_type, message_type, "
        "content, client_message_id, created_at) select conversation_id, id + n, id + n, id + n - 1, sender_id, sender_type, "
        "message_type, content, 'bot-' || n, created_at from messages, generate_series(1, 5000) as n where conversation_id = "
        f"'{conversation}'")
    query("analyze messages")
    plan = query(
        "explain (analyze, timing off, format json) select count(*) from (select from (select m.sender_id, m.is_deleted from "
        f"messages m where m.conversation_id = '{conversation}' and m.id > 0 and m.id <= 9007199254740991 and m.duplicate_of "
        "is null order by m.id desc limit 200) as newest where newest.sender_id <> "
        f"'{one}' and not newest.is_deleted limit 100) as unread")
    rows = []

    def walk(node):
        rows.append(node["Actual Rows"] * node["Actual Loops"])
        for child in node.get("Plans", []):
            walk(child)

    walk(json.loads(plan)[0]["Plan"])
    assert max(rows) <= 200
    listed = parley.call("GET", "/api/conversations", other).json["items"][0]
    assert listed["unread"] == 100
    assert parley.call("GET", "/api/conversations", one).json["items"][0]["unread"] == 0


def test_members_with_the_topic_hear_of_changes_and_the_subject_by_their_own_queue(clients):
    admin, member, late = parley.new_user(), parley.new_user(), parley.new_user()
    group = parley.create("GROUP", [admin, member])
    device, reader, guest = clients(member, SECOND), clients(member, FIRST), clients(late, SECOND)
    device.subscribe(f"/topic/conversation/{group}")
    queues = [(client, client.subscribe("/user/queue/conversations")[0]) for client in (device, reader, guest)]
    path = f"/api/conversations/{group}"
    assert parley.call("POST", f"{path}/participants", admin, {"userId": late}, url=FIRST).status == 200
    for client, queue in (queues[0], queues[2]):
        notice = client.next(queue)
        assert (notice["event"], notice["conversation"]["participantCount"]) == ("added", 3)
    assert parley.call("DELETE", f"{path}/participants/{late}", admin, url=FIRST).status == 200
    for client, queue in (queues[0], queues[2]):
        assert client.next(queue)["event"] == "removed"
    assert parley.call("POST", f"{path}/archive", admin, url=FIRST).status == 200
    assert device.next(queues[0][1])["event"] == "archived"
    # Once each, and nothing where the topic isn't heard.
    for client, queue in queues:
        assert client.queue(queue).empty()
