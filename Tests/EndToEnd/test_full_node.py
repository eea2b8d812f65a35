"""A node that has as many connections as it takes."""

import contextlib
import re
import socket
import ssl
import time

import pytest

import parley
from certificates import Authority
from servers import free_port
from stores import query, redis
from test_websocket import connected, frame, parse


def place(node):
    return parley.address(node.url.replace("https", "http"))


@contextlib.contextmanager
def full(node, count):
    """The node with as many connections as it takes; they say nothing."""
    held = [socket.create_connection(place(node), timeout=10) for _ in range(count)]
    parley.wait_for(node.refuses_clients, what="a full node")
    try:
        yield
    finally:
        for one in held:
            one.close()


def read_all(connection):
    data = b""
    while part := connection.recv(4096):
        data += part
    return data


@pytest.fixture
def crowded(gateway):
    """Starts a gateway for few, with its metrics on a port of their own."""

    def start(**settings):
        operator = f"127.0.0.1:{free_port()}"
        node = gateway(OPERATOR_LISTEN=operator, **settings)
        node.operator_url = f"http://{operator}"

        def metric(name):
            text = parley.call("GET", "/metrics", url=node.operator_url).text
            return next(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name + " "))

        node.metric = metric
        # Who asks for it is a connection too, and is always let in.
        node.refuses_clients = lambda: metric("parley_connections") > metric("parley_connections_maximum")
        return node

    return start


def test_who_says_nothing_is_told_at_once(crowded):
    node = crowded(MAX_CONNECTIONS=4)
    with full(node, 4):
        began = time.monotonic()
        with socket.create_connection(place(node), timeout=10) as late:
            text = read_all(late).decode()
        assert time.monotonic() - began < 1
        assert text.startswith("HTTP/1.1 503 ") and "Retry-After: 5" in text and "too-many-connections" in text
        # Who has asked already gets the same.
        answer = parley.call("GET", "/api/conversations", parley.new_user(), url=node.url)
        assert answer.status == 503 and answer.json["number"] == 404
        assert node.metric("parley_connections_turned_away_total") == 2
        assert node.metric("parley_connections") == 5
    parley.wait_for(lambda: parley.call("GET", "/healthz", url=node.url).status == 200, what="room")


def test_with_tls_nobody_beyond_costs_a_handshake(crowded, tmp_path):
    authority = Authority(tmp_path)
    certificate, key = authority.issue("gateway")
    node = crowded(
        tls=authority.trust(), MAX_CONNECTIONS=4, TLS_CERTIFICATE_FILE=certificate, TLS_KEY_FILE=key)
    with full(node, 4):
        with socket.create_connection(place(node), timeout=10) as late:
            assert read_all(late) == bytes([21, 3, 3, 0, 2, 2, 80])
        with socket.create_connection(place(node), timeout=10) as late, pytest.raises(ssl.SSLError, match="internal error"):
            node.tls.wrap_socket(late, server_hostname="localhost")


def test_who_does_not_go_is_held_for_a_moment_and_few_of_them(crowded):
    node = crowded(MAX_CONNECTIONS=4)
    with full(node, 4):
        late = [socket.create_connection(place(node), timeout=10) for _ in range(300)]
        parley.wait_for(lambda: node.metric("parley_connections_turned_away_total") == 300, what="all of them")
        # They read their answers, and don't close.
        answered = sum(bool(read_all(one)) for one in late)
        assert answered == 256
        parley.wait_for(lambda: descriptors(node) < 100, patience=5, what="their end")
        for one in late:
            one.close()


def descriptors(node):
    return int(node.metric("process_open_fds"))


def test_a_flood_takes_no_descriptors_from_the_stores(crowded, pair):
    one, _, conversation = pair
    node = crowded(MAX_CONNECTIONS=1_000_000, descriptors=600, NODE_ID="flooded", HANDSHAKE_TIMEOUT="2m")
    session, _ = connected(one, url=node.websocket)
    session.send(frame("SUBSCRIBE", id="a", destination="/user/queue/acks"))
    flood = [socket.create_connection(place(node), timeout=10) for _ in range(900)]
    parley.wait_for(lambda: node.metric("parley_connections_turned_away_total") > 400, what="the flood")
    for client in re.findall(r"^id=(\d+) .*? name=parley-flooded", redis("CLIENT", "LIST"), re.MULTILINE):
        redis("CLIENT", "KILL", "ID", client)
    query("select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'parley-flooded%'")
    for number in range(20):
        content = parley.json.dumps({"conversationId": conversation, "content": f"number {number}"})
        session.send(frame("SEND", content, destination="/app/chat.send", receipt=number))
    receipts = set()
    while len(receipts) < 20:
        command, headers, _ = parse(session.recv(timeout=10))
        if command == "RECEIPT":
            receipts.add(headers["receipt-id"])
    parley.wait_for(
        lambda: parley.call("GET", "/readyz", url=node.operator_url).status == 200, what="a ready node")
    assert len(parley.history(conversation, one)) >= 20
    for late in flood:
        late.close()
    session.close()
