"""What operators do: stop a node, look at sessions, read logs, make a mistake in the configuration."""

import json
import os
import pathlib
import signal
import socket
import subprocess

import pytest
from websockets.exceptions import InvalidStatus

import parley
import processes
from servers import run
from stores import query, redis
from test_failures import restarted  # noqa: F401
from test_websocket import closed_with, connected, frame, open_socket, parse


def test_a_node_that_stops_answers_what_is_under_way(gateway, pair):
    one, _, conversation = pair
    node = gateway(SHUTDOWN_TIMEOUT="10s", SHUTDOWN_DELAY="0s")
    websocket, _ = connected(one, url=node.websocket)
    body = json.dumps({"conversationId": conversation, "content": "in the last moment"})
    redis("CLIENT", "PAUSE", "1000", "ALL")
    websocket.send(frame("SEND", destination="/app/chat.send", receipt="r", body=body))
    websocket.send(frame("SEND", destination="/app/chat.send", receipt="s", body=body))
    # Both were read before the signal where the pong of a ping behind them has come.
    websocket.ping().wait(timeout=5)
    node.process.terminate()
    receipts = [parse(websocket.recv(timeout=10))[1]["receipt-id"] for _ in range(2)]
    assert receipts == ["r", "s"]
    assert closed_with(websocket) == 1012
    assert node.process.wait(timeout=20) == 0


def test_a_node_that_stops_takes_clients_until_balancers_have_seen_it(gateway):
    node = gateway(SHUTDOWN_TIMEOUT="10s", SHUTDOWN_DELAY="2s")
    node.process.terminate()
    parley.wait_for(lambda: not node.is_ready(), what="a red /readyz, told on a new connection")
    websocket, _ = connected(url=node.websocket)
    assert closed_with(websocket) == 1012
    assert node.process.wait(timeout=20) == 0


def test_what_was_read_in_the_last_moment_is_kept(gateway, pair):
    one, other, conversation = pair
    node = gateway()
    path = f"/api/conversations/{conversation}/messages"
    for number in range(5):
        id = parley.call("POST", path, one, {"content": str(number)}).json["messageId"]
        websocket, _ = connected(other, url=node.websocket)
        body = json.dumps({"conversationId": conversation, "messageId": id})
        websocket.send(frame("SEND", destination="/app/chat.read", receipt="r", body=body))
        assert parse(websocket.recv(timeout=10))[0] == "RECEIPT"
        node.stop()
        sql = f"select read_id from participants where conversation_id = '{conversation}' and user_id = '{other}'"
        assert query(sql) == str(id)
        node = gateway()


def test_a_node_that_stops_sends_its_clients_elsewhere(restarted):
    websocket, headers = connected(url=parley.GATEWAYS[0].replace("http", "ws") + "/ws")
    pid = int(os.environ["PARLEY_PID_GATEWAY_1"])
    os.kill(pid, signal.SIGTERM)
    assert closed_with(websocket) == 1012
    parley.wait_for(lambda: not processes.runs(pid), what="the end of the gateway")
    assert len(parley.GATEWAYS) == 2
    sessions = run("parley", "sessions").stdout
    assert headers["session"] not in sessions
    assert '"gateway-1"' not in run("parley", "nodes").stdout


def test_sessions_and_nodes_are_shown(clients):
    user = parley.new_user()
    clients(user, parley.GATEWAYS[0])
    clients(user, parley.GATEWAYS[-1])
    lines = [json.loads(line) for line in run("parley", "sessions", "--user", user).stdout.splitlines()]
    assert [line["user"] for line in lines] == [user, user]
    assert {line["node"] for line in lines} == {"gateway-1", "gateway-2"}
    assert all(line["address"] == "127.0.0.1" and line["version"] == "1.2" for line in lines)
    nodes = [json.loads(line) for line in run("parley", "nodes").stdout.splitlines()]
    assert [node["alive"] for node in nodes if node["id"] in ("gateway-1", "gateway-2")] == [True, True]


def test_a_token_of_the_command_is_good():
    user = parley.new_user()
    result = run("parley", "token", "--user", user, "--role", "admin", "--ttl", "90s")
    assert result.returncode == 0
    assert parley.call("GET", "/api/conversations", bearer=result.stdout.strip()).status == 200
    for arguments in (["token"], ["token", "--user", "me"], ["token", "--user", user, "--ttl", "soon"], ["dance"],
                      ["token", "--user", user, "--colour", "red"]):
        result = run("parley", *arguments)
        assert result.returncode == 64 and result.stderr.startswith("parley: ") and not result.stdout


def test_logs_name_what_happened_and_never_what_is_secret(clients, pair):
    one, other, conversation = pair
    secret = "a secret that nobody logs"
    sender, stranger = clients(one), clients(parley.new_user())
    sender.subscribe(f"/topic/conversation/{conversation}")
    sender.send(conversation, secret, receipt="r")
    sender.receipt("r")
    stranger.send(conversation, secret)
    stranger.ended.wait(parley.PATIENCE)
    sender.close()
    assert parley.call("GET", "/api/conversations", bearer=parley.token(one, secret=b"y" * 32)).status == 401
    logs = pathlib.Path(os.environ["PARLEY_DATA_DIR"], "log")

    def lines():
        return [line for log in logs.glob("gateway-*.log") for line in log.read_text().splitlines()]

    def has(message, *fields):
        return any(f"msg={message}" in line and all(field in line for field in fields) for line in lines())

    parley.wait_for(
        lambda: has("connected", one) and has("disconnected", one) and has("subscribed", one, conversation)
        and has("published", one, conversation) and has('"authorisation failed"', stranger.user, conversation)
        and has('"request refused"'),
        what="the lines")
    text = "\n".join(lines())
    assert secret not in text and "eyJ" not in text and os.environ["PARLEY_JWT_SECRET"] not in text


def test_a_bad_value_stops_the_start_and_is_named():
    result = run("gateway", PARLEY_LOOPS="many", PARLEY_HEARTBEAT="1h", PARLEY_COLOUR="red")
    assert result.returncode == 78
    for part in ("PARLEY_LOOPS", "many", "0 to 256", "PARLEY_HEARTBEAT", "1h", "PARLEY_COLOUR"):
        assert part in result.stderr
    assert os.environ["PARLEY_JWT_SECRET"] not in result.stderr
    for program in ("gateway", "persister"):
        help_text = run(program, "--help").stdout
        assert "PARLEY_REDIS_URL" in help_text and "PARLEY_DEDUPE_WINDOW" in help_text


@pytest.fixture
def small_gateway(gateway):
    """A gateway with tight limits, whose log is JSON."""
    server = gateway(
        NODE_ID="small", MAX_CONNECTIONS=5, MAX_SESSIONS_PER_USER=2, MAX_SUBSCRIPTIONS=3, HANDSHAKE_TIMEOUT="1s",
        LOG_FORMAT="json")
    yield server.url
    assert all(json.loads(line)["node"] == "small" for line in server.stop())


def test_limits_are_told(small_gateway):
    user = parley.new_user()
    url = small_gateway.replace("http", "ws") + "/ws"
    first, _ = connected(user, url=url)
    second, _ = connected(user, url=url)
    third = open_socket(user, url=url)
    third.send(frame("CONNECT", accept_version="1.2"))
    assert parse(third.recv(timeout=10))[1]["code"] == "too-many-sessions"
    assert closed_with(third) == 4429
    first.send(frame("SUBSCRIBE", id="e", destination="/user/queue/errors"))
    for number in range(4):
        first.send(frame("SUBSCRIBE", id=number, destination="/user/queue/acks", receipt=number))
    answers = [parse(first.recv(timeout=10)) for _ in range(4)]
    assert [command for command, _, _ in answers] == ["RECEIPT", "RECEIPT", "MESSAGE", "MESSAGE"]
    assert json.loads(answers[2][2])["code"] == "too-many-subscriptions"
    others = [connected(url=url)[0] for _ in range(3)]
    with pytest.raises(InvalidStatus) as refusal:
        open_socket(url=url)
    assert refusal.value.response.status_code == 503
    assert int(refusal.value.response.headers["Retry-After"]) > 0
    for websocket in [first, second, *others]:
        websocket.close()


def test_who_says_nothing_is_cut(small_gateway):
    host = parley.address(small_gateway)
    for beginning in (b"", b"GET / HTTP/1.1\r\nHost:", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n123"):
        with socket.create_connection(host, timeout=10) as connection:
            connection.sendall(beginning)
            while connection.recv(4096):
                pass
    websocket = open_socket(url=small_gateway.replace("http", "ws") + "/ws")
    assert parse(websocket.recv(timeout=10))[1]["code"] == "handshake-timeout"
    assert closed_with(websocket) == 1008


def test_dead_letters_are_listed_tried_again_and_dropped():
    def redis(*arguments):
        url = os.environ["PARLEY_REDIS_URL"]
        return subprocess.run(["redis-cli", "-u", url, *arguments], capture_output=True, text=True, check=True).stdout

    def listed():
        lines = [json.loads(line) for line in run("parley", "dead-letters", "list").stdout.splitlines()]
        return [line for line in lines if line["entry"] in entries]

    # What no gateway writes: an entry that isn't an event. The tag of partition 0 is what the first stream says.
    tag = next(tag for tag in map(str, range(100000)) if slot(tag) < 256)
    entries = [redis("XADD", f"{{{tag}}}:stream", "*", "e", "noise").strip()]
    letter = parley.wait_for(listed, what="the dead letter")[0]
    assert letter["reason"] == "it can't be read" and letter["id"].startswith("0/")
    assert run("parley", "dead-letters", "retry", letter["id"]).returncode == 0
    # It is refused again, as another entry.
    parley.wait_for(lambda: redis("XLEN", f"{{{tag}}}:dead").strip() == "1", what="the second refusal")
    again = json.loads(run("parley", "dead-letters", "list").stdout.splitlines()[0])
    assert again["id"] != letter["id"]
    assert run("parley", "dead-letters", "drop", again["id"]).returncode == 0
    assert redis("XLEN", f"{{{tag}}}:dead").strip() == "0"
    assert run("parley", "dead-letters", "drop", again["id"]).returncode == 1
    assert run("parley", "dead-letters", "drop", "x").returncode == 64


def slot(tag):
    """The cluster slot of a tag: CRC16 (XMODEM) modulo 16,384."""
    crc = 0
    for byte in tag.encode():
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1
            crc &= 0xFFFF
    return crc % 16384
