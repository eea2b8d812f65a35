"""A standby of PostgreSQL that lags and is promoted: what it lacks and Redis knows comes back."""

import contextlib
import glob
import os
import shutil
import signal
import subprocess
import tempfile

import pytest

import parley
from servers import Gateway, Server, free_port
from stores import query
from test_operations import run

PROGRAMS = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
# PostgreSQL refuses to run as root.
AS_POSTGRES = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []


class Postgres:
    def __init__(self, folder):
        self.folder = folder
        self.port = free_port()
        self.url = f"postgresql://parley@127.0.0.1:{self.port}/postgres"

    @staticmethod
    def tool(name, *arguments):
        subprocess.run([*AS_POSTGRES, f"{PROGRAMS}/{name}", *arguments], check=True, cwd="/", stdout=subprocess.DEVNULL)

    def start(self):
        self.process = subprocess.Popen(
            [*AS_POSTGRES, f"{PROGRAMS}/postgres", "-D", self.folder, "-p", str(self.port), "-c",
             "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off"], cwd="/",
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        parley.wait_for(self.answers, what="a PostgreSQL of the test's own")

    def answers(self):
        try:
            return self.query("select true") == "t"
        except subprocess.CalledProcessError:
            return False

    def query(self, sql):
        return query(sql, self.url)

    def end(self):
        """At once, as when its machine loses power."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(timeout=20)


@pytest.fixture
def servers(tmp_path):
    """A primary, its standby, and a Redis."""
    folder = tempfile.mkdtemp(prefix="parley-standby-", dir="/var/tmp")
    redis_port, redis_folder = free_port(), tmp_path / "redis"
    redis_folder.mkdir()
    if AS_POSTGRES:
        shutil.chown(folder, "postgres", "postgres")
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        redis = subprocess.Popen(
            ["redis-server", "--port", str(redis_port), "--bind", "127.0.0.1", "--dir", str(redis_folder), "--appendonly",
             "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"], stdout=subprocess.DEVNULL)
        stack.callback(redis.wait, timeout=10)
        stack.callback(redis.terminate)
        primary, standby = Postgres(folder + "/primary"), Postgres(folder + "/standby")
        Postgres.tool("initdb", "--pgdata", primary.folder, "--username=parley", "--auth=trust", "--encoding=UTF8",
                      "--locale=C.UTF-8", "--no-sync")
        primary.start()
        stack.callback(primary.end)
        Postgres.tool("pg_basebackup", "--pgdata", standby.folder, "--write-recovery-conf", "--checkpoint=fast", "--no-sync",
                      "--dbname", f"postgresql://parley@127.0.0.1:{primary.port}/")
        standby.start()
        stack.callback(standby.end)
        yield primary, standby, f"redis://127.0.0.1:{redis_port}"


def members(conversation, user, node):
    answer = parley.call("GET", f"/api/conversations/{conversation}", user, url=node.url)
    return {entry["userId"] for entry in answer.json["participants"]} if answer.status == 200 else answer.status


def send(conversation, user, text, node):
    answer = parley.call("POST", f"/api/conversations/{conversation}/messages", user, {"content": text}, url=node.url)
    assert answer.status == 201, answer.text


def test_what_the_standby_lacks_comes_back(servers, tmp_path):
    primary, standby, redis = servers
    alice, bob, carol, dave = (parley.new_user() for _ in range(4))
    file = tmp_path / "keys"
    file.write_text(run("parley", "keys", "new", "first").stdout)
    file.chmod(0o600)
    settings = {
        "REDIS_URL": redis,
        "DATABASE_URL": f"postgresql://parley@127.0.0.1:{primary.port},127.0.0.1:{standby.port}/postgres"}
    node = Gateway(ENCRYPTION_KEYS_FILE=file, **settings)
    persister = Server("persister", **settings)
    known = parley.create("GROUP", [alice, bob, carol], url=node.url)
    send(known, alice, "before", node)
    place = primary.query("select pg_current_wal_lsn()")
    parley.wait_for(lambda: standby.query(f"select pg_last_wal_replay_lsn() >= '{place}'") == "t", what="the standby")

    # From here on the standby hears nothing.
    standby.query("alter system set primary_conninfo = 'host=127.0.0.1 port=1'")
    standby.query("select pg_reload_conf()")
    parley.wait_for(
        lambda: primary.query("select count(*) from pg_stat_replication") == "0", what="the standby's being cut off")
    answer = parley.call("DELETE", f"/api/conversations/{known}/participants/{carol}", alice, url=node.url)
    assert answer.status == 200, answer.text
    lost = parley.create("GROUP", [alice, bob], url=node.url, title="Lost")
    send(lost, alice, "sealed", node)
    parley.wait_for(
        lambda: primary.query(f"select count(*) from messages where conversation_id = '{lost}'") == "1",
        what="the lost commit")

    primary.end()
    assert standby.query(f"select count(*) from conversations where id = '{lost}'") == "0"
    assert carol in standby.query(f"select user_id from participants where conversation_id = '{known}'")
    standby.query("select pg_promote()")

    parley.wait_for(lambda: node.metric("parley_conversations_restored_total") >= 2, what="what was lost")
    parley.wait_for(lambda: members(known, alice, node) == {alice, bob}, what="the removal")
    assert members(known, carol, node) == 404
    parley.wait_for(lambda: members(lost, bob, node) == {alice, bob}, what="the conversation")
    assert standby.query(f"select count(*) from data_keys where conversation_id = '{lost}'") == "1"
    assert "sealed" in [item["content"] for item in parley.history(lost, bob, url=node.url)]

    # Everything goes on, and no version is given twice.
    send(lost, bob, "after", node)
    parley.wait_for(
        lambda: standby.query(f"select count(*) from messages where conversation_id = '{lost}' and "
                              f"sender_id = '{bob}'") == "1", what="the next message")
    answer = parley.call(
        "POST", f"/api/conversations/{known}/participants", alice, {"userId": dave}, url=node.url)
    assert answer.status == 200, answer.text
    assert int(standby.query(f"select version from conversations where id = '{known}'")) > 1_000_000
    assert standby.query("select count(*) from parley_meta where key = 'timeline_to_recover'") == "0"
    persister.stop()
    node.stop()
