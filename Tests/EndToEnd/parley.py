"""What the tests know of a running Parley: where it is, tokens, REST, and a STOMP client on top of stomp.py."""

import base64
import hashlib
import hmac
import json
import os
import queue
import threading
import time
import urllib.error
import urllib.request
import uuid

import stomp

URL = os.environ["PARLEY_URL"]
GATEWAYS = os.environ["PARLEY_GATEWAY_URLS"].split()
SECRET = os.environ["PARLEY_JWT_SECRET"].encode()
PATIENCE = 20


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def token(user, secret=SECRET, algorithm="HS256", lifetime=3600, **claims):
    """A token of our own making; `claims` are added, None removes one."""
    payload = {"sub": user, "exp": int(time.time()) + lifetime, **claims}
    payload = {name: value for name, value in payload.items() if value is not None}
    message = encoded(json.dumps({"alg": algorithm, "typ": "JWT"}).encode()) + b"." + encoded(json.dumps(payload).encode())
    signature = b"" if algorithm == "none" else hmac.new(secret, message, hashlib.sha256).digest()
    return (message + b"." + encoded(signature)).decode()


def new_user():
    return str(uuid.uuid4())


def address(url):
    host, port = url.removeprefix("http://").split(":")
    return host, int(port)


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.text = body.decode()

    @property
    def json(self):
        return json.loads(self.text)


def call(method, path, user=None, body=None, url=URL, bearer=None, tls=None):
    """A REST call; `body` is sent as JSON, or as it is where it is bytes."""
    data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data=data, method=method)
    if user or bearer:
        request.add_header("Authorization", "Bearer " + (bearer or token(user)))
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE, context=tls) as response:
            return Answer(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers, error.read())


def create(kind, users, url=URL, **fields):
    answer = call("POST", "/api/conversations", users[0], {"type": kind, "participantIds": users, **fields}, url=url)
    assert answer.status in (200, 201), answer.text
    return answer.json["id"]


def history(conversation, user, url=URL):
    """All messages of a conversation, newest first."""
    items, before = [], None
    while True:
        suffix = f"&before={before}" if before else ""
        answer = call("GET", f"/api/conversations/{conversation}/messages?limit=200{suffix}", user, url=url)
        assert answer.status == 200, answer.text
        items += answer.json["items"]
        before = answer.json["nextBefore"]
        if before is None:
            return items


def wait_for(condition, patience=PATIENCE, what="condition"):
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come true in {patience} s")


class Client(stomp.ConnectionListener):
    """A user's STOMP session; what comes in is kept in queues by subscription id and by kind."""

    def __init__(self, user, url=URL, connect=True, version="1.2", heartbeats=(0, 0)):
        self.user = user
        self.lock = threading.Lock()
        self.messages = {}
        self.receipts = queue.Queue()
        self.errors = queue.Queue()
        self.ended = threading.Event()
        kinds = {"1.2": stomp.WSStompConnection}
        self.connection = kinds[version](
            [address(url)], ws_path="/ws", header={"Authorization": "Bearer " + token(user)}, heartbeats=heartbeats,
            reconnect_attempts_max=1, auto_content_length=False)
        self.connection.set_listener("client", self)
        self.count = 0
        if connect:
            self.connection.connect(wait=True)

    def on_message(self, frame):
        self.queue(frame.headers["subscription"]).put(frame)

    def on_receipt(self, frame):
        self.receipts.put(frame.headers)

    def on_error(self, frame):
        self.errors.put(frame)

    def on_disconnected(self):
        self.ended.set()

    def queue(self, subscription):
        with self.lock:
            return self.messages.setdefault(subscription, queue.Queue())

    def subscribe(self, destination, id=None, ack="auto", **headers):
        """Subscribes, waits for the RECEIPT, and returns the id and the RECEIPT's headers."""
        self.count += 1
        id = id or f"sub-{self.count}"
        self.connection.subscribe(
            destination, id=id, ack=ack, headers={"receipt": f"receipt-{self.count}", **headers})
        return id, self.receipt(f"receipt-{self.count}")

    def receipt(self, id):
        while True:
            headers = self.receipts.get(timeout=PATIENCE)
            if headers["receipt-id"] == id:
                return headers

    def next(self, subscription, patience=PATIENCE):
        """The next message of a subscription, as JSON."""
        return json.loads(self.queue(subscription).get(timeout=patience).body)

    def frame(self, subscription, patience=PATIENCE):
        return self.queue(subscription).get(timeout=patience)

    def send(self, conversation, content, client_message_id=None, receipt=None, **fields):
        body = {"conversationId": conversation, "content": content, **fields}
        if client_message_id:
            body["clientMessageId"] = client_message_id
        self.command("/app/chat.send", body, receipt)

    def command(self, destination, body, receipt=None):
        text = body if isinstance(body, str) else json.dumps(body)
        headers = {"receipt": receipt} if receipt else {}
        self.connection.send(destination, text, content_type="application/json", headers=headers)

    def close(self):
        if self.connection.is_connected():
            try:
                self.connection.disconnect()
            except stomp.exception.NotConnectedException:
                # The server has closed it between the two lines.
                pass
