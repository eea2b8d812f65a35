"""Encryption at rest: contents in clear lie nowhere, and whoever may read them does, whatever key they stand under."""

import http.client
import os
import pathlib
import subprocess

import pytest

import parley
from servers import Gateway, Server, free_port
from stores import query
from test_files import ask, uploaded
from test_operations import run
from test_websocket import connected, frame, parse

SECRET = "a word that lies nowhere in clear"


@pytest.fixture
def stores(tmp_path):
    """A Redis and a database of the test's own: what is encrypted there must not keep other gateways from starting."""
    port, name = free_port(), f"sealed_{free_port()}"
    folder = tmp_path / "redis"
    folder.mkdir()
    process = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--appendonly", "yes",
         "--appendfsync", "always", "--maxmemory-policy", "noeviction"], stdout=subprocess.DEVNULL)
    query(f"create database {name}")
    url = os.environ["PARLEY_DATABASE_URL"].rsplit("/", 1)[0] + "/" + name
    yield {"REDIS_URL": f"redis://127.0.0.1:{port}", "DATABASE_URL": url}, folder
    query(f"drop database {name} with (force)")
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture
def keys(tmp_path):
    """Writes the file of master keys; what `parley keys new` prints for each name is made once."""
    file, lines = tmp_path / "keys", {}

    def write(*names):
        for name in names:
            lines.setdefault(name, run("parley", "keys", "new", name).stdout)
        file.write_text("".join(lines[name] for name in names))
        return file

    return write


def keys_command(settings, *arguments):
    return run("parley", "keys", *arguments, **{"PARLEY_" + name: str(value) for name, value in settings.items()})


def texts(conversation, user, node):
    return [item["content"] for item in parley.history(conversation, user, url=node.url)][::-1]


def rows(settings, sql):
    return query(sql, settings["DATABASE_URL"])


def files_with(text, *folders):
    """Files below the folders in which a text stands in clear, JSON's and UTF-16's way to write it included."""
    wanted = [text.encode(), text.encode("utf-16-le")]
    return [
        path for folder in folders for path in pathlib.Path(folder).rglob("*")
        if path.is_file() and any(one in path.read_bytes() for one in wanted)]


def test_contents_lie_nowhere_in_clear(stores, keys):
    settings, folder = stores
    settings = settings | {"ENCRYPTION_KEYS_FILE": keys("first")}
    node, other_node = Gateway(**settings), Gateway(**settings)
    one, other = parley.new_user(), parley.new_user()
    conversation = parley.create("DIRECT", [one, other], url=node.url)
    path = f"/api/conversations/{conversation}/messages"
    listener, _ = connected(other, url=other_node.websocket)
    listener.send(frame("SUBSCRIBE", id="t", destination=f"/topic/conversation/{conversation}", receipt="r"))
    assert parse(listener.recv(timeout=10))[0] == "RECEIPT"
    written = [f"{number} {SECRET}" for number in range(130)]
    ids = []
    for content in written:
        answer = parley.call("POST", path, one, {"content": content}, url=node.url)
        assert answer.status == 201, answer.text
        ids.append(answer.json["messageId"])
    # Live, by the other node.
    assert [parley.json.loads(parse(listener.recv(timeout=10))[2])["content"] for _ in written] == written
    # An edit that only Redis has, and the list.
    assert parley.call("PATCH", f"{path}/{ids[0]}", one, {"content": f"edited {SECRET}"}, url=node.url).status == 200
    written[0] = f"edited {SECRET}"
    assert texts(conversation, other, other_node) == written
    listed = parley.call("GET", "/api/conversations", other, url=other_node.url).json["items"][0]
    assert (listed["lastMessage"]["content"], listed["unread"]) == (written[-1], 100)
    # From PostgreSQL, and by resuming over both.
    persister = Server("persister", PERSISTER_ID="sealed", **{
        name: settings[name] for name in ("REDIS_URL", "DATABASE_URL")})
    parley.wait_for(lambda: rows(settings, "select count(*), count(*) filter (where last_event_id > id) from messages") == "130|1", what="the rows")
    parley.call("PATCH", f"{path}/{ids[1]}", one, {"content": f"again {SECRET}"}, url=other_node.url)
    parley.call("DELETE", f"{path}/{ids[2]}", one, url=other_node.url)
    written[1:3] = [f"again {SECRET}", ""]
    assert texts(conversation, one, node) == written
    listener.send(frame("SUBSCRIBE", id="u", destination=f"/topic/conversation/{conversation}", resume_after=ids[3], receipt="u"))
    received = []
    while len(received) < 129:
        command, headers, body = parse(listener.recv(timeout=10))
        if command == "MESSAGE" and headers["subscription"] == "u":
            received.append(parley.json.loads(body))
    state = {message["id"]: message["content"] for message in received}
    assert [state[id] for id in ids[4:]] == written[4:] and state[ids[1]] == written[1] and state[ids[2]] == ""
    parley.wait_for(lambda: rows(settings, "select count(*) from messages where is_deleted") == "1", what="the deletion")
    rows(settings, "checkpoint")
    data = query("show data_directory")
    assert files_with("sealed", data), "the search looks where messages are"
    assert files_with(SECRET, folder, data) == []
    assert any(conversation.encode() in path.read_bytes() for path in folder.rglob("*.aof")), "the AOF was searched"
    persister.stop()
    for server in (node, other_node):
        assert not any(SECRET in line for line in server.stop())
    listener.close()


def test_files_lie_nowhere_in_clear(stores, keys, tmp_path):
    settings, folder = stores
    files = tmp_path / "files"
    files.mkdir()
    settings = settings | {"ENCRYPTION_KEYS_FILE": keys("first"), "FILES_DIR": files}
    node = Gateway(**settings)
    one, other = parley.new_user(), parley.new_user()
    conversation = parley.create("DIRECT", [one, other], url=node.url)
    data = (SECRET * 10_000).encode()
    file = uploaded(conversation, one, data, "a.txt", "text/plain", url=node.url)
    empty = uploaded(conversation, one, b"", "b.txt", "text/plain", url=node.url)
    stored = next(files.rglob(file["fileId"]))
    assert stored.stat().st_size == len(data) + 16 * (len(data) // 65_536 + 1)
    assert files_with(SECRET, files, folder, query("show data_directory")) == []
    path = file["downloadUrl"]
    assert ask("GET", path, node.url, user=other).bytes == data
    assert ask("GET", empty["downloadUrl"], node.url, user=other).bytes == b""
    for start, end in ((0, 0), (65_535, 65_536), (60_000, 200_000), (len(data) - 3, len(data) - 1)):
        answer = ask("GET", path, node.url, headers={"Range": f"bytes={start}-{end}"}, user=other)
        assert (answer.status, answer.bytes) == (206, data[start:end + 1])
    # A file that was cut off, or whose records were exchanged, isn't passed off as whole.
    sealed = stored.read_bytes()
    size = 65_536 + 16
    for damaged in (sealed[:size * 2], sealed[:size] + sealed[size * 2:size * 3] + sealed[size:size * 2], sealed[:-1]):
        stored.write_bytes(damaged)
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            ask("GET", path, node.url, user=other)
    stored.write_bytes(sealed[size:size * 2] + sealed[size:])
    answer = ask("GET", path, node.url, user=other)
    assert (answer.status, answer.json["code"]) == (500, "internal-error")
    stored.write_bytes(sealed)
    # Another master key: the file stays as it is.
    node.stop()
    keys("new", "first")
    assert keys_command(settings, "rotate").stdout.startswith("1 data key")
    keys("new")
    node = Gateway(**settings)
    assert ask("GET", path, node.url, user=other).bytes == data
    node.stop()


def test_the_master_key_changes_and_messages_stay_as_they_are(stores, keys):
    settings, _ = stores
    settings = settings | {"ENCRYPTION_KEYS_FILE": keys("old")}
    one, other = parley.new_user(), parley.new_user()
    node = Gateway(**settings)
    persister = Server("persister", PERSISTER_ID="sealed", **{
        name: settings[name] for name in ("REDIS_URL", "DATABASE_URL")})
    conversations = []
    for number in range(3):
        conversations.append(parley.create("GROUP", [one, other], url=node.url, title=str(number)))
        path = f"/api/conversations/{conversations[-1]}/messages"
        assert parley.call("POST", path, one, {"content": f"{number} {SECRET}"}, url=node.url).status == 201
    parley.wait_for(lambda: rows(settings, "select count(*) from messages") == "3", what="the rows")
    before = rows(settings, "select id, content from messages order by id")
    # The new key is known everywhere first, then it becomes the first one, then the data keys follow.
    node.stop()
    keys("new", "old")
    node = Gateway(**settings)
    conversations.append(parley.create("GROUP", [one, other], url=node.url))
    path = f"/api/conversations/{conversations[-1]}/messages"
    assert parley.call("POST", path, one, {"content": f"3 {SECRET}"}, url=node.url).status == 201
    listed = keys_command(settings, "list").stdout
    assert '{"master":"new","dataKeys":1}' in listed and '{"master":"old","dataKeys":3}' in listed
    result = keys_command(settings, "rotate")
    assert (result.returncode, result.stdout) == (0, "3 data keys wrapped with the master key new\n"), result.stderr
    assert keys_command(settings, "rotate").stdout.startswith("0 data keys")
    assert rows(settings, "select id, content from messages order by id limit 3") == before
    # The old key can go; what Redis has under it is no loss.
    node.stop()
    keys("new")
    node = Gateway(**settings)
    for number, conversation in enumerate(conversations):
        assert texts(conversation, other, node) == [f"{number} {SECRET}"]
    node.stop()
    persister.stop()


def test_wrong_and_missing_keys_stop_the_start(stores, keys, tmp_path):
    settings, _ = stores
    node = Gateway(**settings, ENCRYPTION_KEYS_FILE=keys("first"))
    one, other = parley.new_user(), parley.new_user()
    path = f"/api/conversations/{parley.create('DIRECT', [one, other], url=node.url)}/messages"
    assert parley.call("POST", path, one, {"content": "x"}, url=node.url).status == 201
    node.stop()
    impostor, broken = tmp_path / "impostor", tmp_path / "broken"
    impostor.write_text(run("parley", "keys", "new", "first").stdout)
    broken.write_text("first AAAA\n")
    for file, why in (
        (None, "under the master key first, but PARLEY_ENCRYPTION_KEYS_FILE isn't set"),
        (keys("second"), "under the master key first, which isn't in PARLEY_ENCRYPTION_KEYS_FILE"),
        (impostor, "names first isn't the one that contents are encrypted under"),
        (broken, "line 1 isn't a name"), (tmp_path / "none", "the file can't be read"),
    ):
        more = {"ENCRYPTION_KEYS_FILE": file} if file else {}
        server = Server("gateway", LISTEN=f"127.0.0.1:{free_port()}", **settings, **more)
        assert any(why in line for line in server.refuses()), server.lines
    result = keys_command(settings | {"ENCRYPTION_KEYS_FILE": keys("second")}, "rotate")
    assert result.returncode == 1 and "1 data keys can't be unwrapped" in result.stderr and "under the master key first" in result.stderr
    assert keys_command(settings, "rotate").returncode == 1
    assert run("parley", "keys", "new", "No Name").returncode == 64 and run("parley", "keys").returncode == 64


def test_conversations_in_use_go_on_while_postgresql_is_away(stores, keys):
    """A node that never saw the conversation reads its key in Redis."""
    settings, _ = stores
    settings = settings | {"ENCRYPTION_KEYS_FILE": keys("first")}
    first, second = Gateway(**settings), Gateway(**settings)
    one, other = parley.new_user(), parley.new_user()
    conversation = parley.create("DIRECT", [one, other], url=first.url)
    path = f"/api/conversations/{conversation}/messages"
    assert parley.call("POST", path, one, {"content": "before"}, url=first.url).status == 201
    name = settings["DATABASE_URL"].rsplit("/", 1)[1]
    query(f"alter database {name} allow_connections false")
    try:
        query(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'")
        assert parley.call("POST", path, one, {"content": "meanwhile"}, url=second.url).status == 201
        assert texts(conversation, other, second) == ["before", "meanwhile"]
    finally:
        query(f"alter database {name} allow_connections true")
    first.stop()
    second.stop()
