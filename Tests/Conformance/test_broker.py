"""stomp.py against the plain broker: the gateway's STOMP machine as clients that nobody here wrote see it."""

import queue
import uuid

import pytest
import stomp

PATIENCE = 10


class Listener(stomp.ConnectionListener):
    def __init__(self):
        self.messages = queue.Queue()
        self.receipts = queue.Queue()
        self.errors = queue.Queue()
        self.ended = queue.Queue()

    def on_message(self, frame):
        self.messages.put(frame)

    def on_receipt(self, frame):
        self.receipts.put(frame.headers["receipt-id"])

    def on_error(self, frame):
        self.errors.put(frame)

    def on_disconnected(self):
        self.ended.put(True)

    def next(self):
        return self.messages.get(timeout=PATIENCE)

    def bodies(self, count):
        return [self.next().body for _ in range(count)]


@pytest.fixture
def connect(port):
    """Makes connected clients: (connection, listener)."""
    made = []

    def make(**keywords):
        connection = stomp.WSStompConnection([("127.0.0.1", port)], ws_path="/stomp", reconnect_attempts_max=1, **keywords)
        listener = Listener()
        connection.set_listener("test", listener)
        connection.connect(wait=True)
        made.append(connection)
        return connection, listener

    yield make
    for connection in made:
        if connection.is_connected():
            connection.disconnect()


@pytest.fixture
def place():
    return str(uuid.uuid4())


def confirmed(client, action):
    """Does something that takes headers, and waits for its RECEIPT."""
    receipt = str(uuid.uuid4())
    action({"receipt": receipt})
    assert client[1].receipts.get(timeout=PATIENCE) == receipt


def subscribe(client, destination, id="0", ack="auto"):
    confirmed(client, lambda headers: client[0].subscribe(destination, id=id, ack=ack, headers=headers))


def test_a_topic_reaches_everybody_who_subscribes(connect, place):
    clients = [connect(), connect()]
    for client in clients:
        subscribe(client, f"/topic/{place}")
    clients[0][0].send(f"/topic/{place}", "grüße €🙂")
    assert [client[1].next().body for client in clients] == ["grüße €🙂"] * 2


def test_a_queue_shares_its_messages_out(connect, place):
    clients = [connect(), connect()]
    for client in clients:
        subscribe(client, f"/queue/{place}")
    for number in range(4):
        clients[0][0].send(f"/queue/{place}", str(number))
    assert clients[0][1].bodies(2) == ["0", "2"]
    assert clients[1][1].bodies(2) == ["1", "3"]


def test_a_queue_keeps_what_nobody_has_taken(connect, place):
    client = connect()
    confirmed(client, lambda headers: client[0].send(f"/queue/{place}", "early", headers=headers))
    subscribe(client, f"/queue/{place}")
    assert client[1].next().body == "early"


def test_headers_are_passed_through(connect, place):
    client = connect()
    subscribe(client, f"/topic/{place}", id="mine")
    sent = {"custom": "a:b\\c\nd\re", "content-type": "text/x-custom", "umlaut": "ä"}
    client[0].send(f"/topic/{place}", "body", headers=sent)
    headers = client[1].next().headers
    assert sent.items() <= headers.items()
    assert headers["subscription"] == "mine"
    assert headers["destination"] == f"/topic/{place}"
    assert headers["content-length"] == "4"
    assert headers["message-id"]


def test_two_subscriptions_to_one_destination_both_deliver(connect, place):
    client = connect()
    subscribe(client, f"/topic/{place}", id="a")
    subscribe(client, f"/topic/{place}", id="b")
    client[0].send(f"/topic/{place}", "twice")
    assert {client[1].next().headers["subscription"] for _ in range(2)} == {"a", "b"}


def test_nothing_comes_after_unsubscribe(connect, place):
    client = connect()
    subscribe(client, f"/topic/{place}", id="a")
    subscribe(client, f"/topic/{place}", id="b")
    confirmed(client, lambda headers: client[0].unsubscribe(id="a", headers=headers))
    client[0].send(f"/topic/{place}", "one")
    client[0].send(f"/topic/{place}", "two")
    assert [client[1].next().headers["subscription"] for _ in range(2)] == ["b", "b"]


@pytest.mark.parametrize("mode, left", [("client", ["2"]), ("client-individual", ["0", "2"])])
def test_what_is_not_acknowledged_comes_back(connect, place, mode, left):
    sender, receiver = connect(), connect()
    subscribe(receiver, f"/queue/{place}", ack=mode)
    for number in range(3):
        sender[0].send(f"/queue/{place}", str(number))
    frames = [receiver[1].next() for _ in range(3)]
    confirmed(receiver, lambda headers: receiver[0].ack(frames[1].headers["ack"], receipt=headers["receipt"]))
    receiver[0].disconnect()
    subscribe(sender, f"/queue/{place}")
    assert sender[1].bodies(len(left)) == left


def test_a_refused_message_is_gone(connect, place):
    client = connect()
    subscribe(client, f"/queue/{place}", ack="client-individual")
    client[0].send(f"/queue/{place}", "refused")
    client[0].nack(client[1].next().headers["ack"])
    confirmed(client, lambda headers: client[0].unsubscribe(id="0", headers=headers))
    subscribe(client, f"/queue/{place}")
    client[0].send(f"/queue/{place}", "next")
    assert client[1].next().body == "next"


def test_a_transaction_takes_effect_at_commit(connect, place):
    client = connect()
    subscribe(client, f"/topic/{place}")
    transaction = client[0].begin()
    client[0].send(f"/topic/{place}", "inside", transaction=transaction)
    confirmed(client, lambda headers: client[0].send(f"/topic/{place}", "outside", headers=headers))
    client[0].commit(transaction)
    assert client[1].bodies(2) == ["outside", "inside"]


def test_an_aborted_transaction_has_no_effect(connect, place):
    client = connect()
    subscribe(client, f"/topic/{place}")
    transaction = client[0].begin()
    client[0].send(f"/topic/{place}", "inside", transaction=transaction)
    client[0].abort(transaction)
    client[0].send(f"/topic/{place}", "outside")
    assert client[1].next().body == "outside"


def test_an_acknowledgement_can_be_aborted(connect, place):
    client, other = connect(), connect()
    subscribe(client, f"/queue/{place}", ack="client-individual")
    client[0].send(f"/queue/{place}", "kept")
    frame = client[1].next()
    transaction = client[0].begin()
    client[0].ack(frame.headers["ack"], transaction=transaction)
    client[0].abort(transaction)
    client[0].disconnect()
    subscribe(other, f"/queue/{place}")
    assert other[1].next().body == "kept"


def test_every_frame_gets_its_receipt_in_order(connect, place):
    connection, listener = connect()
    destination = f"/topic/{place}"
    connection.subscribe(destination, id="0", headers={"receipt": "subscribe"})
    connection.send(destination, "x", headers={"receipt": "send"})
    connection.begin("t", headers={"receipt": "begin"})
    connection.send(destination, "y", transaction="t", headers={"receipt": "held"})
    connection.commit("t", headers={"receipt": "commit"})
    connection.begin("u", headers={"receipt": "begin again"})
    connection.abort("u", headers={"receipt": "abort"})
    connection.unsubscribe(id="0", headers={"receipt": "unsubscribe"})
    connection.disconnect(receipt="disconnect")
    expected = ["subscribe", "send", "begin", "held", "commit", "begin again", "abort", "unsubscribe", "disconnect"]
    assert [listener.receipts.get(timeout=PATIENCE) for _ in expected] == expected


def test_an_error_names_its_frame_and_ends_the_connection(connect):
    connection, listener = connect()
    connection.send("/nowhere", "x", headers={"receipt": "r"})
    frame = listener.errors.get(timeout=PATIENCE)
    assert frame.headers["receipt-id"] == "r"
    assert listener.ended.get(timeout=PATIENCE)


def test_heart_beats_keep_a_silent_client(connect, place):
    client = connect(heartbeats=(1000, 1000))
    subscribe(client, f"/topic/{place}")
    # The server beats every 3 s, and stomp.py gives up on it after half as much again.
    with pytest.raises(queue.Empty):
        client[1].ended.get(timeout=7)


@pytest.mark.parametrize("body", ["", "\0", "a\0b\n\n\0", "x" * 1_000_000], ids=["empty", "NUL", "NULs", "large"])
def test_bodies_arrive_as_they_were_sent(connect, place, body):
    client = connect()
    subscribe(client, f"/topic/{place}")
    client[0].send(f"/topic/{place}", body)
    assert client[1].next().body == body
