"""Clients that don't take what they are sent: bounded memory, a cut with a reason, and neighbours that notice nothing."""

import socket
import threading
import time

import parley
from test_websocket import connected, frame, parse

MIB = 1 << 20


def small_socket(url):
    """A connection whose kernel buffers take little, as a phone's far away."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 10)
    connection.connect(parley.address(url))
    return connection


def is_still(node, metric):
    before = node.metric(metric)
    time.sleep(0.3)
    return node.metric(metric) == before


def test_who_stops_reading_costs_little_and_is_cut(gateway, clients):
    users = [parley.new_user() for _ in range(6)]
    conversation = parley.create("GROUP", users)
    node = gateway(
        LOG_FORMAT="json", STALLED_TIMEOUT="3s", PONG_TIMEOUT="3s", PING_INTERVAL="60s", IDLE_TIMEOUT="5m",
        SEND_QUEUE_BYTES="256KiB", LOG_PUBLISH="off")
    topic = f"/topic/conversation/{conversation}"
    deaf = []
    for user in users[2:]:
        # It takes the frames of its start, and then nothing more.
        websocket, _ = connected(user, url=node.websocket, sock=small_socket(node.url), max_queue=1)
        websocket.send(frame("SUBSCRIBE", id="t", destination=topic, receipt="r"))
        assert parse(websocket.recv(timeout=10))[0] == "RECEIPT"
        deaf.append(websocket)
    neighbour = clients(users[1], node.url)
    heard, _ = neighbour.subscribe(topic)
    sender = clients(users[0], node.url)
    before, most, delays, count = node.memory(), 0, [], 3_000
    for number in range(count):
        content = f"{time.monotonic()} " + "x" * 3_900
        sender.send(conversation, content, receipt=f"r{number}" if number % 50 == 49 else None)
        if number % 50 == 49:
            sender.receipt(f"r{number}")
            most = max(most, node.memory())
        delays.append(time.monotonic() - float(neighbour.next(heard)["content"].split()[0]))
    # Four queues of a quarter of a MiB, and what the neighbours' own traffic takes; written out are 12 MB for each.
    assert most - before < 8 * MIB, f"{(most - before) / MIB:.1f} MiB"
    # Nobody waits for the deaf.
    assert sorted(delays)[int(count * 0.99)] < 1
    parley.wait_for(lambda: node.metric("parley_connections_stalled_total") == len(deaf), what="the cut")
    assert node.metric("parley_slow_consumers_total") >= len(deaf)
    reasons = [line for line in node.stop() if "the client takes nothing" in line]
    assert len(reasons) == len(deaf)


def test_typing_is_dropped_first(gateway, clients):
    users = [parley.new_user() for _ in range(3)]
    conversation = parley.create("GROUP", users)
    node = gateway(SEND_QUEUE_BYTES="256KiB", LOG_PUBLISH="off")
    topic = f"/topic/conversation/{conversation}"
    slow, _ = connected(users[2], url=node.websocket, sock=small_socket(node.url), max_queue=1)
    slow.send(frame("SUBSCRIBE", id="t", destination=topic, receipt="r"))
    slow.send(frame("SUBSCRIBE", id="y", destination=topic + "/typing", receipt="s"))
    assert {parse(slow.recv(timeout=10))[1]["receipt-id"] for _ in range(2)} == {"r", "s"}
    sender, typist = clients(users[0], node.url), clients(users[1], node.url)
    # Far more than the kernel takes for a client that reads nothing.
    count = 4_000
    for number in range(count):
        sender.send(conversation, f"{number} " + "x" * 3_900, receipt="end" if number == count - 1 else None)
    sender.receipt("end")
    numbers = []

    def read(wanted):
        while len(numbers) < wanted:
            _, headers, body = parse(slow.recv(timeout=10))
            if headers["subscription"] == "t":
                numbers.append(int(parley.json.loads(body)["content"].split()[0]))

    # How much waits when the kernel is full is chance: above a quarter of the queue typing is dropped, below it isn't.
    for _ in range(40):
        parley.wait_for(lambda: is_still(node, "parley_deliveries_total"), what="a full kernel")
        for is_typing in (True, False):
            typist.command("/app/chat.typing", {"conversationId": conversation, "typing": is_typing}, f"y{is_typing}")
            typist.receipt(f"y{is_typing}")
        if node.metric("parley_typing_dropped_total") >= 1:
            break
        read(len(numbers) + 40)
    assert node.metric("parley_typing_dropped_total") >= 1
    read(count)
    assert numbers == list(range(count))
    slow.close()


def test_who_sends_without_taking_answers_is_not_read_any_more(gateway):
    user = parley.new_user()
    conversation = parley.create("DIRECT", [user, parley.new_user()])
    node = gateway(
        SEND_QUEUE_BYTES="64KiB", STALLED_TIMEOUT="3s", PONG_TIMEOUT="3s", PING_INTERVAL="60s", IDLE_TIMEOUT="5m",
        LOG_PUBLISH="off")
    websocket, _ = connected(user, url=node.websocket, sock=small_socket(node.url), max_queue=1)
    websocket.send(frame("SUBSCRIBE", id="a", destination="/user/queue/acks"))
    before, ended = node.memory(), threading.Event()
    body = parley.json.dumps({"conversationId": conversation, "content": "x" * 100})

    def flood():
        try:
            while not ended.is_set():
                websocket.send(frame("SEND", body, destination="/app/chat.send", receipt="r" * 250))
        except Exception:
            ended.set()

    thread = threading.Thread(target=flood, daemon=True)
    thread.start()
    most, deadline = 0, time.monotonic() + 20
    while not ended.is_set() and time.monotonic() < deadline:
        most = max(most, node.memory())
        time.sleep(0.02)
    assert ended.is_set(), "it was never cut"
    assert most - before < 8 * MIB, f"{(most - before) / MIB:.1f} MiB"
    assert node.metric("parley_connections_stalled_total") == 1, "".join(node.lines[-5:])


def test_what_waits_for_all_clients_together_is_bounded(gateway, clients):
    one, count = parley.new_user(), 8
    others = [parley.new_user() for _ in range(count + 1)]
    conversations = [parley.create("DIRECT", [one, other]) for other in others]
    # Each may have 256 KiB and one message waiting: eight of them would have two MiB.
    node = gateway(
        SEND_QUEUE_BYTES="256KiB", UNSENT_BYTES="1MiB", STALLED_TIMEOUT="10m", PONG_TIMEOUT="9m", IDLE_TIMEOUT="30m",
        MAX_CONTENT_CHARS=60_000, MAX_MESSAGE_BYTES="256KiB", LOG_FORMAT="json", LOG_PUBLISH="off")
    deaf = []
    for other, conversation in zip(others, conversations):
        websocket, _ = connected(other, url=node.websocket, sock=small_socket(node.url), max_queue=1)
        websocket.send(frame("SUBSCRIBE", id="t", destination=f"/topic/conversation/{conversation}", receipt="r"))
        assert parse(websocket.recv(timeout=10))[0] == "RECEIPT"
        deaf.append(websocket)
    sender = clients(one, node.url)
    # The last one takes nothing, too, but little waits for it.
    sender.send(conversations[-1], "x")
    for number in range(120):
        for place, conversation in enumerate(conversations[:count]):
            sender.send(conversation, "x" * 50_000, receipt=f"r{number}-{place}" if place == count - 1 else None)
        sender.receipt(f"r{number}-{count - 1}")
    cut = parley.wait_for(lambda: node.metric("parley_connections_stalled_total"), what="the first that is cut")
    assert cut < count, "those that are left have room"
    alive = deaf[-1]
    assert parley.json.loads(parse(alive.recv(timeout=10))[2])["content"] == "x"
    for websocket in deaf:
        websocket.close_socket()
    reasons = [line for line in node.stop() if "too much waits for clients" in line]
    assert 0 < len(reasons) < count
