"""PostgreSQL fails over to a standby that lagged: what was acknowledged is there all the same."""

import subprocess

import pytest

import parley
from databases import Databases
from servers import ROOT, Server, free_port
from stores import query


@pytest.fixture
def databases():
    made = Databases()
    yield made
    made.end()


@pytest.fixture
def own_redis(tmp_path):
    port = free_port()
    configuration = ROOT / "deploy" / "redis.conf"
    process = subprocess.Popen(
        ["redis-server", configuration, "--port", str(port), "--dir", tmp_path], stdout=subprocess.DEVNULL)
    url = f"redis://127.0.0.1:{port}"
    ping = ["redis-cli", "-u", url, "ping"]
    parley.wait_for(lambda: "PONG" in subprocess.run(ping, capture_output=True, text=True).stdout, what="Redis")
    yield url
    process.terminate()
    process.wait(timeout=20)


def send(node, user, conversation, texts):
    """Their ids; each is acknowledged."""
    ids = []
    for text in texts:
        path = f"/api/conversations/{conversation}/messages"
        answer = parley.call("POST", path, user, {"content": text}, url=node.url)
        assert answer.status == 201, answer.text
        ids.append(answer.json["messageId"])
    return ids


def test_what_a_lagging_standby_lacks_is_written_again(gateway, databases, own_redis):
    settings = {"REDIS_URL": own_redis, "DATABASE_URL": databases.address}
    persister = Server("persister", PERSISTER_ID="failing", LEASE="6s", **settings)
    node = gateway(**settings)
    users = [parley.new_user(), parley.new_user()]
    conversation = parley.create("DIRECT", users, url=node.url)

    def stored():
        rows = query(f"select id from messages where conversation_id = '{conversation}'", databases.address)
        return sorted(int(row) for row in rows.split())

    ids = send(node, users[0], conversation, [f"before {number}" for number in range(20)])
    parley.wait_for(lambda: stored() == sorted(ids), what="the first messages in PostgreSQL")
    databases.add_standby()
    databases.let_it_lag()
    lost = send(node, users[1], conversation, [f"lost {number}" for number in range(30)])
    parley.wait_for(lambda: stored() == sorted(ids + lost), what="all messages in PostgreSQL")
    databases.fail_over()
    later = send(node, users[0], conversation, ["afterwards"])
    parley.wait_for(lambda: stored() == sorted(ids + lost + later), what="what the standby lacked")
    answer = parley.history(conversation, users[0], url=node.url)
    assert [item["id"] for item in reversed(answer)] == sorted(ids + lost + later)
    log = persister.stop()
    assert any("PostgreSQL has lost what it had committed" in line for line in log), log
    assert not any("kept no longer" in line or "dead letter" in line for line in log), log


def test_an_operator_has_deleted_rows_written_again(gateway, databases, own_redis):
    settings = {"REDIS_URL": own_redis, "DATABASE_URL": databases.address}
    persister = Server("persister", PERSISTER_ID="replaying", LEASE="6s", **settings)
    node = gateway(**settings)
    users = [parley.new_user(), parley.new_user()]
    conversation = parley.create("DIRECT", users, url=node.url)
    ids = send(node, users[0], conversation, [str(number) for number in range(10)])

    def count():
        return query(f"select count(*) from messages where conversation_id = '{conversation}'", databases.address)

    parley.wait_for(lambda: count() == "10", what="the messages in PostgreSQL")
    query("delete from messages", databases.address)
    tool = Server("parley", "replay", "--since", "5m", **settings)
    assert tool.process.wait(timeout=20) == 0
    tool.reader.join(timeout=5)
    assert len(tool.lines) == 1 and '"complete":true' in tool.lines[0], tool.lines
    parley.wait_for(lambda: count() == "10", what="the messages again")
    assert len(ids) == 10
    persister.stop()
