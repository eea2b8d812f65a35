"""Changes of members and archive, held at each step while others load, send and subscribe, and broken off at each step.

A gateway of the test's own makes the change; its wires to Redis and PostgreSQL are held behind a number of requests. All
others go on by the gateways of the set-up.
"""

import os
import signal
import threading
import time

import pytest

import parley
from stores import query

OTHER = parley.GATEWAYS[0]
# More than any change takes; the loops end when a change came through without a hold.
MAXIMUM = 60


class Group:
    def __init__(self):
        self.admin, self.member, self.newcomer = (parley.new_user() for _ in range(3))
        self.id = parley.create("GROUP", [self.admin, self.member])
        self.path = f"/api/conversations/{self.id}"
        # Redis knows the members.
        assert self.send(self.member) == 201

    def send(self, user):
        return parley.call("POST", self.path + "/messages", user, {"content": "text"}, url=OTHER).status

    def rows(self, user):
        return int(query(f"select count(*) from participants where conversation_id = '{self.id}' and user_id = '{user}'"))

    def is_archived(self):
        return query(f"select archived_at is not null from conversations where id = '{self.id}'") == "t"

    def announced(self):
        items = parley.history(self.id, self.admin, url=OTHER)
        return [item["content"] for item in items if item["messageType"] == "SYSTEM"]


CHANGES = {
    "remove": lambda group: ("DELETE", f"{group.path}/participants/{group.member}", group.admin, None),
    "add": lambda group: ("POST", f"{group.path}/participants", group.admin, {"userId": group.newcomer}),
    "archive": lambda group: ("POST", f"{group.path}/archive", group.admin, {}),
}


def holds(name, group):
    """Whether the change is committed, and whether everybody is treated so."""
    if name == "remove":
        removed = group.rows(group.member) == 0
        assert group.send(group.member) == (404 if removed else 201)
        return removed, f"removed {group.member}"
    if name == "add":
        added = group.rows(group.newcomer) == 1
        assert group.send(group.newcomer) == (201 if added else 404)
        return added, f"joined {group.newcomer}"
    archived = group.is_archived()
    assert group.send(group.member) == (409 if archived else 201)
    return archived, "archived"


@pytest.mark.parametrize("name", CHANGES)
def test_a_gateway_killed_at_any_step_leaves_no_half_change(name, wired, clients):
    outcomes, told = [], []
    for step in range(MAXIMUM):
        group, breaker = Group(), wired()
        listener = clients(group.member, OTHER)
        errors, _ = listener.subscribe("/user/queue/errors")
        topic, _ = listener.subscribe(f"/topic/conversation/{group.id}")
        breaker.steps.hold_after(step)
        thread, answers = breaker.change(*CHANGES[name](group))
        is_broken = breaker.steps.wait_until_held(thread)
        breaker.gateway.kill()
        breaker.steps.release()
        thread.join()
        # PostgreSQL notices the end of the connection, and rolls back.
        parley.wait_for(lambda: query(
            "select count(*) from pg_locks l join pg_class c on c.oid = l.relation where c.relname = 'conversations' "
            "and l.mode = 'RowExclusiveLock' and l.granted") == "0", what="the end of the transaction")
        done, words = holds(name, group)
        outcomes.append(done)
        if name != "archive":
            parley.call("POST", group.path + "/messages", group.admin, {"content": "last"}, url=OTHER)
        if name == "remove" and done:
            # The live subscription is cut, though nobody told the node.
            assert listener.next(errors)["code"] == "not-found"
        elif name == "remove":
            while listener.next(topic)["content"] != "last":
                pass
            # The same again, by another gateway: what was rolled back has told its nodes nothing that this one has to tell.
            assert parley.call(*CHANGES[name](group), url=OTHER).status == 200
            done = True
            parley.call("POST", group.path + "/messages", group.admin, {"content": "secret"}, url=OTHER)
            assert listener.next(errors)["code"] == "not-found"
            assert listener.queue(topic).empty()
        if done:
            told.append((group, words))
        breaker.end()
        if not is_broken:
            assert answers[0].status == 200, answers[0]
            break
    # Requests that the gateway makes all the time are steps, too: so the outcomes needn't come in order.
    assert not is_broken and not outcomes[0] and outcomes[-1], outcomes
    # What was changed is announced, once, though its gateway died before it could.
    for group, words in told:
        parley.wait_for(lambda: group.announced() == [words], 40, "the announcement")


@pytest.mark.parametrize("name", ["remove", "archive"])
def test_whoever_loads_during_a_change_brings_nobody_back(name, wired, clients):
    breaker = wired()
    for step in range(MAXIMUM):
        group = Group()
        listener = clients(group.member, OTHER)
        errors, _ = listener.subscribe("/user/queue/errors")
        breaker.steps.hold_after(step)
        thread, answers = breaker.change(*CHANGES[name](group))
        is_held = breaker.steps.wait_until_held(thread)
        # A send and a subscribe load the members, or wait for the change to be over.
        sent = []
        sender = threading.Thread(target=lambda: sent.append(group.send(group.member)))
        sender.start()
        destination = f"/topic/conversation/{group.id}"
        listener.connection.subscribe(destination, id="topic", headers={"receipt": "topic"})
        time.sleep(0.05)
        breaker.steps.release()
        thread.join()
        sender.join()
        assert answers[0].status == 200, answers[0].text
        assert sent[0] in (201, 404, 409), sent
        done, words = holds(name, group)
        assert done
        parley.wait_for(lambda: group.announced() == [words], what="the announcement")
        if name == "remove":
            # Whether it was subscribed before or not: what is sent now it doesn't hear.
            parley.call("POST", group.path + "/messages", group.admin, {"content": "secret"}, url=OTHER)
            assert listener.next(errors)["code"] == "not-found"
            heard = [parley.json.loads(frame.body)["content"] for frame in list(listener.queue("topic").queue)]
            assert "secret" not in heard and words not in heard, heard
        listener.close()
        if not is_held:
            break
    assert not is_held


@pytest.fixture
def uncommitted():
    """PostgreSQL gets nothing meanwhile."""
    persister = int(os.environ["PARLEY_PID_PERSISTER_1"])
    os.kill(persister, signal.SIGSTOP)
    yield
    os.kill(persister, signal.SIGCONT)


def test_a_change_finds_its_message_whatever_others_do_to_it_meanwhile(wired, uncommitted):
    """The state that was looked for is gone from the cache when it is asked for."""
    group, held = Group(), wired()
    for step in range(MAXIMUM):
        id = parley.call("POST", group.path + "/messages", group.member, {"content": "text"}, url=OTHER).json["messageId"]
        path = f"{group.path}/messages/{id}"
        held.steps.hold_after(step)
        thread, answers = held.change("PATCH", path, group.member, {"content": "held"})
        is_held = held.steps.wait_until_held(thread)
        assert parley.call("PATCH", path, group.member, {"content": "meanwhile"}, url=OTHER).status == 200
        held.steps.release()
        thread.join()
        assert answers[0].status == 200, (step, answers[0].text)
        if not is_held:
            break
    assert step >= 3


@pytest.mark.parametrize("was_edited", [False, True])
@pytest.mark.parametrize("place", ["before", "after"])
def test_a_page_has_each_message_whatever_others_do_to_it_meanwhile(wired, uncommitted, was_edited, place):
    """A message's state leaves the cache while the page is being read."""
    group, held = Group(), wired()
    for step in range(MAXIMUM):
        id = parley.call("POST", group.path + "/messages", group.member, {"content": "text"}, url=OTHER).json["messageId"]
        path = f"{group.path}/messages/{id}"
        if was_edited:
            assert parley.call("PATCH", path, group.member, {"content": "edited"}, url=OTHER).status == 200
        held.steps.hold_after(step)
        bound = id + 1 if place == "before" else id - 1
        thread, answers = held.change("GET", f"{group.path}/messages?{place}={bound}&limit=5", group.member)
        is_held = held.steps.wait_until_held(thread)
        assert parley.call("PATCH", path, group.member, {"content": "meanwhile"}, url=OTHER).status == 200
        held.steps.release()
        thread.join()
        contents = [item["content"] for item in answers[0].json["items"] if item["id"] == id]
        assert contents in (["edited" if was_edited else "text"], ["meanwhile"]), (step, answers[0].text)
        if not is_held:
            break
    assert step >= 3
