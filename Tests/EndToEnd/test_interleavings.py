"""Changes of members and archive, held at each step while others load, send and subscribe, and broken off at each step.

A gateway of the test's own makes the change; its wires to Redis and PostgreSQL are held behind a number of requests. All
others go on by the gateways of the set-up.
"""

import os
import threading
import time
import urllib.parse

import pytest

import parley
from servers import Gateway
from stores import query
from wire import Steps, Wire

OTHER = parley.GATEWAYS[0]
# More than any change takes; the loops end when a change came through without a hold.
MAXIMUM = 60


def through(url, wire):
    parts = urllib.parse.urlsplit(url)
    credentials, at, _ = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{credentials}{at}127.0.0.1:{wire.port}").geturl()


class Wired:
    """A gateway whose requests can be held."""

    def __init__(self):
        self.steps = Steps()
        self.wires = []
        settings = {}
        for name in ("REDIS_URL", "DATABASE_URL"):
            url = os.environ["PARLEY_" + name]
            parts = urllib.parse.urlsplit(url)
            self.wires.append(Wire(parts.hostname, parts.port, self.steps))
            settings[name] = through(url, self.wires[-1])
        self.gateway = Gateway(**settings)

    def change(self, method, path, user, body=None):
        """Starts a call; the thread, and where its answer will be."""
        answers = []

        def call():
            try:
                answers.append(parley.call(method, path, user, body, url=self.gateway.url))
            except OSError as error:
                answers.append(error)

        thread = threading.Thread(target=call)
        thread.start()
        return thread, answers

    def end(self):
        self.steps.release()
        if self.gateway.process.poll() is None:
            self.gateway.kill()
        for wire in self.wires:
            wire.close()


@pytest.fixture
def wired():
    made = []

    def make():
        made.append(Wired())
        return made[-1]

    yield make
    for one in made:
        one.end()


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
        if done:
            told.append((group, words))
        breaker.end()
        if not is_broken:
            assert answers[0].status == 200, answers[0]
            break
    assert not is_broken and not outcomes[0] and outcomes == sorted(outcomes), outcomes
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
