"""The promise: what was acknowledged is in PostgreSQL and reached everybody, whatever is stopped meanwhile."""

import os
import pathlib
import signal
import subprocess
import threading
import time

import parley
from stores import stored

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"


def stop_postgres():
    """A fast shutdown, as an operator would do it."""
    pid = int(os.environ["PARLEY_PID_POSTGRES"])
    os.kill(pid, signal.SIGINT)
    parley.wait_for(lambda: not pathlib.Path(f"/proc/{pid}").exists(), what="the end of PostgreSQL")


def start_postgres():
    """scripts/up starts what has ended and leaves the rest alone."""
    result = subprocess.run([SCRIPTS / "up", "--detach"], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    state = pathlib.Path(os.environ["PARLEY_DATA_DIR"], "state.env").read_text()
    line = next(line for line in state.splitlines() if line.startswith("PARLEY_PID_POSTGRES="))
    os.environ["PARLEY_PID_POSTGRES"] = line.split("=")[1].strip("'\"")
    # Each loop of each gateway tries again by itself, after a pause; calls land on any of them.
    user = parley.new_user()
    parley.wait_for(lambda: all(
        parley.call("GET", "/api/conversations", user, url=url).status == 200 for url in parley.GATEWAYS for _ in range(10)),
        what="gateways that have PostgreSQL again")


class Correspondent:
    """Sends its messages with so many under way, sends again what wasn't acknowledged, and keeps what it gets."""

    WINDOW = 100

    def __init__(self, user, url, conversation, name, count):
        self.conversation, self.name, self.count = conversation, name, count
        self.client = parley.Client(user, url)
        self.topic, _ = self.client.subscribe(f"/topic/conversation/{conversation}")
        self.acks, _ = self.client.subscribe("/user/queue/acks")
        self.errors, _ = self.client.subscribe("/user/queue/errors")
        self.acknowledged = {}
        self.received = []

    def run(self, pause):
        under_way, following = {}, 0
        while len(self.acknowledged) < self.count:
            while following < self.count and len(under_way) < self.WINDOW:
                under_way[f"{self.name}-{following}"] = None
                self.client.send(self.conversation, f"{self.name} {following}", f"{self.name}-{following}")
                following += 1
                time.sleep(pause)
            ack = self.client.next(self.acks, patience=60)
            self.acknowledged[ack["clientMessageId"]] = ack["messageId"]
            under_way.pop(ack["clientMessageId"], None)

    def collect(self, total):
        while len(self.received) < total:
            self.received.append(self.client.next(self.topic, patience=60))


def exchange(pair, count, pause, meanwhile=lambda: None):
    """Both write `count` messages at once over different gateways; everybody gets all of them, once and in order."""
    one, other, conversation = pair
    people = [
        Correspondent(one, parley.GATEWAYS[0], conversation, "one", count),
        Correspondent(other, parley.GATEWAYS[-1], conversation, "other", count),
    ]
    threads = [threading.Thread(target=person.run, args=(pause,)) for person in people]
    threads += [threading.Thread(target=person.collect, args=(2 * count,)) for person in people]
    for thread in threads:
        thread.start()
    meanwhile()
    for thread in threads:
        thread.join(timeout=240)
        assert not thread.is_alive()
    acknowledged = {**people[0].acknowledged, **people[1].acknowledged}
    assert len(acknowledged) == 2 * count
    for person in people:
        ids = [message["id"] for message in person.received]
        assert ids == sorted(set(ids)), "once and in order"
        assert {message["clientMessageId"]: message["id"] for message in person.received} == acknowledged
        chain = [message["previousEventId"] for message in person.received]
        assert chain == [0] + ids[:-1]
        person.client.close()
    parley.wait_for(lambda: stored(conversation) == f"{2 * count}|{2 * count}", 60, "every row in PostgreSQL")
    assert [item["id"] for item in parley.history(conversation, one)][::-1] == sorted(acknowledged.values())


def test_ten_thousand_messages_while_postgresql_is_away_for_twenty_seconds(pair):
    def interrupt():
        time.sleep(3)
        stop_postgres()
        time.sleep(20)
        start_postgres()

    exchange(pair, 5_000, 0.004, interrupt)


def test_history_and_resuming_stay_whole_while_postgresql_is_away(pair, clients):
    one, other, conversation = pair
    sender = clients(one)
    # The conversation is hot: Redis knows its members.
    sender.send(conversation, "first", receipt="first")
    first = int(sender.receipt("first")["message-id"].split(".")[1])
    parley.wait_for(lambda: stored(conversation) == "1|1", what="the first row")
    stop_postgres()
    try:
        for number in range(2_000):
            sender.send(conversation, f"text {number}", receipt=f"r{number}" if number == 1_999 else None)
        sender.receipt("r1999")
        expected = [f"text {number}" for number in range(2_000)]
        assert [item["content"] for item in parley.history(conversation, other)] == expected[::-1] + ["first"]
        reader = clients(other)
        topic, receipt = reader.subscribe(f"/topic/conversation/{conversation}", **{"resume-after": str(first)})
        assert receipt["recovered"] == "true"
        assert [reader.next(topic)["content"] for _ in range(2_000)] == expected
        for url in parley.GATEWAYS:
            assert parley.call("GET", "/readyz", url=url).status == 200
        # What only PostgreSQL knows has to wait, and says so.
        answer = parley.call("GET", "/api/conversations", one)
        assert (answer.status, answer.json["code"]) == (503, "try-later")
        assert int(answer.headers["Retry-After"]) >= 1
    finally:
        start_postgres()
    parley.wait_for(lambda: stored(conversation) == "2001|2001", 60, "every row in PostgreSQL")
    assert [item["content"] for item in parley.history(conversation, other)] == expected[::-1] + ["first"]
