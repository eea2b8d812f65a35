"""REST as a client sees it."""

import uuid

import pytest

import parley
from stores import carried_out


def test_a_direct_conversation_is_one_for_its_pair():
    one, other = parley.new_user(), parley.new_user()
    first = parley.call("POST", "/api/conversations", one, {"type": "DIRECT", "participantIds": [one, other]})
    second = parley.call("POST", "/api/conversations", other, {"type": "DIRECT", "participantIds": [one]})
    assert (first.status, second.status) == (201, 200)
    assert first.json["id"] == second.json["id"]
    assert {person["userId"] for person in first.json["participants"]} == {one, other}


@pytest.mark.parametrize(
    "body, field",
    [
        ({"type": "DIRECT", "participantIds": []}, "participantIds"),
        ({"type": "CLUB", "participantIds": []}, "type"),
        ({"participantIds": []}, "type"),
        ({"type": "GROUP"}, "participantIds"),
        ({"type": "GROUP", "participantIds": ["somebody"]}, "participantIds"),
        ({"type": "GROUP", "participantIds": [], "title": "x" * 201}, "title"),
    ],
)
def test_a_bad_conversation_names_the_field(body, field):
    answer = parley.call("POST", "/api/conversations", parley.new_user(), body)
    assert answer.status == 400 and answer.json["field"] == field
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_only_participants_see_a_conversation(pair):
    one, _, conversation = pair
    stranger = parley.new_user()
    path = f"/api/conversations/{conversation}"
    assert parley.call("GET", path, one).json["id"] == conversation
    for method, path in (("GET", path), ("GET", path + "/messages"), ("POST", path + "/messages")):
        answer = parley.call(method, path, stranger, {"content": "x"} if method == "POST" else None)
        assert (answer.status, answer.json["code"]) == (404, "not-found")
    assert parley.call("GET", f"/api/conversations/{uuid.uuid4()}", one).status == 404


def test_history_is_paged_in_both_directions(pair):
    one, other, conversation = pair
    path = f"/api/conversations/{conversation}/messages"
    ids = [parley.call("POST", path, one, {"content": f"m{n}"}).json["messageId"] for n in range(25)]
    assert ids == sorted(ids)
    assert [item["id"] for item in parley.history(conversation, other)] == ids[::-1]
    page = parley.call("GET", path + "?limit=10", other).json
    assert [item["id"] for item in page["items"]] == ids[:14:-1]
    older = parley.call("GET", f"{path}?limit=10&before={page['nextBefore']}", other).json
    assert [item["id"] for item in older["items"]] == ids[14:4:-1]
    newer = parley.call("GET", f"{path}?limit=10&after={ids[4]}", other).json
    assert [item["id"] for item in newer["items"]] == ids[5:15]
    assert parley.call("GET", f"{path}?before=5&after=5", other).status == 400
    assert parley.call("GET", f"{path}?limit=none", other).status == 400


def test_mine_are_listed_by_activity_with_their_last_message():
    me = parley.new_user()
    conversations = [parley.create("GROUP", [me, parley.new_user()], title=f"g{n}") for n in range(5)]
    answer = parley.call("POST", f"/api/conversations/{conversations[1]}/messages", parley.new_user(), {"content": "no"})
    assert answer.status == 404
    parley.call("POST", f"/api/conversations/{conversations[1]}/messages", me, {"content": "newest"})
    listed = parley.wait_for(
        lambda: (items := parley.call("GET", "/api/conversations", me).json["items"])[0]["id"] == conversations[1] and items,
        what="the order by activity")
    assert listed[0]["lastMessage"]["content"] == "newest"
    assert [item["id"] for item in listed[1:]] == [conversations[n] for n in (4, 3, 2, 0)]
    seen, cursor = [], ""
    while cursor is not None:
        page = parley.call("GET", f"/api/conversations?limit=2{cursor and '&cursor=' + cursor}", me).json
        seen += [item["id"] for item in page["items"]]
        cursor = page["nextCursor"]
    assert seen == [item["id"] for item in listed]


def test_tokens_that_are_refused():
    user = parley.new_user()
    bad = {
        "none": parley.token(user, algorithm="none"),
        "expired": parley.token(user, lifetime=-120),
        "too early": parley.token(user, nbf=2**33),
        "wrong key": parley.token(user, secret=b"x" * 32),
        "without end": parley.token(user, exp=None),
        "no uuid": parley.token("somebody"),
        "other algorithm": parley.token(user, algorithm="HS512"),
        "noise": "a.b.c",
    }
    for name, token in bad.items():
        answer = parley.call("GET", "/api/conversations", bearer=token)
        assert answer.status == 401, name
        assert answer.headers["WWW-Authenticate"].startswith("Bearer"), name
        assert token not in answer.text, name
    assert parley.call("GET", "/api/conversations").status == 401


def test_the_operators_addresses():
    for url in [parley.URL, *parley.GATEWAYS]:
        assert parley.call("GET", "/healthz", url=url).status == 200
        assert parley.call("GET", "/readyz", url=url).json["status"] == "ready"
    metrics = parley.call("GET", "/metrics").text
    assert "# TYPE parley_messages_accepted_total counter" in metrics
    assert "parley_accept_seconds_bucket" in metrics


def test_what_is_not_there():
    user = parley.new_user()
    assert parley.call("GET", "/nowhere").status == 404
    assert parley.call("GET", "/api/nowhere", user).status == 404
    assert "SockJS" in parley.call("GET", "/ws/info").json["detail"]
    assert parley.call("DELETE", "/api/conversations", user).headers["Allow"] == "GET, HEAD, POST"


def test_broken_json_is_told_with_its_field(pair):
    one, _, conversation = pair
    path = f"/api/conversations/{conversation}/messages"
    answer = parley.call("POST", path, one, b'{"content":"\\ud800"}')
    assert (answer.status, answer.json["field"]) == (400, "content")
    assert parley.call("POST", path, one, b"{").json["code"] == "malformed-json"
    assert parley.call("POST", path, one, {"content": "x" * 4001}).status == 413
    assert parley.call("POST", path, one, b"x" * (2 << 20)).status == 413


# Each ended the node, or answered as something else, before ids and cursors became types of their own.
NO_IDS = ["-1", "9007199254740992", "9223372036854775807", "9223372036854775808", "18446744073709551616", "1e400", "NaN", ""]


@pytest.mark.parametrize("number", NO_IDS)
def test_a_number_that_is_no_id_is_refused(pair, number):
    one, _, conversation = pair
    path = f"/api/conversations/{conversation}"
    for name in ("before", "after"):
        answer = parley.call("GET", f"{path}/messages?{name}={number}", one)
        assert (answer.status, answer.json["field"]) == (400, name)
    assert parley.call("DELETE", f"{path}/messages/{number or '%20'}", one).status == 404


@pytest.mark.parametrize("activity", [*NO_IDS, "-9223372036854775808", "-300000000000000", "253402300800000"])
def test_a_cursor_that_no_list_gave_is_refused(pair, activity):
    one, _, conversation = pair
    answer = parley.call("GET", f"/api/conversations?cursor={activity}.{conversation}", one)
    assert (answer.status, answer.json["field"]) == (400, "cursor")


@pytest.mark.parametrize("number", [0, 1, 2**53 - 1])
def test_every_id_is_taken(pair, number):
    one, _, conversation = pair
    path = f"/api/conversations/{conversation}"
    for name in ("before", "after"):
        assert parley.call("GET", f"{path}/messages?{name}={number}", one).status == 200
    assert parley.call("POST", path + "/read", one, {"messageId": number}).status == 204


def test_cursors_are_read_where_no_message_waits_behind_them(gateway, pair):
    one, other, conversation = pair
    node = gateway()
    group = parley.create("GROUP", [one, other], url=node.url)

    def read():
        assert len(parley.call("GET", "/api/conversations", one, url=node.url).json["items"]) == 2
        assert parley.call("GET", f"/api/conversations/{group}/messages", one, url=node.url).status == 200

    connections = {name for name, command in carried_out(read) if ":cursors\"" in command and name}
    assert len(connections) == 1 and connections.pop().endswith("-bulk")
