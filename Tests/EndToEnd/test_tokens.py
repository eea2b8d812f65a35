"""Tokens that live and die: key sets, tickets, refreshing, revocation, and what admins may do."""

import contextlib
import http.server
import json
import ssl
import subprocess
import threading
import time

import pytest
from websockets.exceptions import InvalidStatus

import parley
from servers import own_gateway
from test_operations import run
from test_websocket import closed_with, connected, frame, open_socket, parse


def ended(websocket):
    """The code of the ERROR that ends a session, and its close code."""
    while True:
        command, headers, _ = parse(websocket.recv(timeout=10))
        if command == "ERROR":
            return headers["code"], closed_with(websocket)


def ticket_url(ticket, url=parley.URL):
    return url.replace("http", "ws") + "/ws?ticket=" + ticket


def by_ticket(ticket, url=parley.URL):
    from websockets.sync.client import connect
    return connect(ticket_url(ticket, url), compression=None, legacy=True)


def test_a_ticket_opens_one_session_on_any_node():
    user = parley.new_user()
    answer = parley.call("POST", "/api/tickets", user, url=parley.GATEWAYS[0])
    assert answer.status == 201 and answer.json["expiresInMs"] == 60000
    ticket = answer.json["ticket"]
    with by_ticket(ticket, parley.GATEWAYS[-1]) as websocket:
        websocket.send(frame("CONNECT", accept_version="1.2", host="x"))
        assert parse(websocket.recv(timeout=10))[1]["user-name"] == user
    for worthless in (ticket, "made-up"):
        with pytest.raises(InvalidStatus) as refusal:
            by_ticket(worthless)
        assert refusal.value.response.status_code == 401
        assert json.loads(refusal.value.response.body)["code"] == "ticket-refused"


def test_a_ticket_lives_no_longer_than_its_token():
    user = parley.new_user()
    # The leeway is 30 s.
    bearer = parley.token(user, lifetime=-29)
    ticket = parley.call("POST", "/api/tickets", bearer=bearer).json["ticket"]
    time.sleep(1.5)
    with pytest.raises(InvalidStatus):
        by_ticket(ticket)


def test_a_session_lives_on_by_a_newer_token():
    user = parley.new_user()
    websocket, _ = connected(user, bearer=parley.token(user, lifetime=-28))
    websocket.send(frame("SUBSCRIBE", id="e", destination="/user/queue/errors", receipt="s"))
    assert parse(websocket.recv(timeout=10))[1]["receipt-id"] == "s"

    def refresh(token, receipt):
        websocket.send(frame("SEND", json.dumps({"token": token}), destination="/app/auth.refresh", receipt=receipt))
        return parse(websocket.recv(timeout=10))

    _, _, body = refresh(parley.token(parley.new_user()), "other")
    assert json.loads(body)["code"] == "not-allowed" and json.loads(body)["receipt-id"] == "other"
    _, _, body = refresh(parley.token(user, lifetime=-29), "earlier")
    assert json.loads(body)["code"] == "invalid-field" and json.loads(body)["field"] == "token"
    _, _, body = refresh(parley.token(user, secret=b"wrong" * 8), "forged")
    assert json.loads(body)["code"] == "invalid-field"
    assert refresh(parley.token(user, lifetime=60), "good")[1]["receipt-id"] == "good"
    time.sleep(3)
    websocket.send(frame("UNSUBSCRIBE", id="e", receipt="alive"))
    assert parse(websocket.recv(timeout=10))[1]["receipt-id"] == "alive"
    websocket.close()


def test_revoking_a_user_ends_his_sessions_on_every_node_within_a_second():
    user = parley.new_user()
    old = parley.token(user, iat=int(time.time()) - 5)
    ticket = parley.call("POST", "/api/tickets", bearer=old).json["ticket"]
    sessions = [connected(user, bearer=old, url=url.replace("http", "ws") + "/ws")[0] for url in parley.GATEWAYS]
    begun = time.monotonic()
    assert run("parley", "revoke", "--user", user).returncode == 0
    assert [ended(session) for session in sessions] == [("token-revoked", 4401)] * len(sessions)
    # The second is the gateways'; the command's own start is on top.
    assert time.monotonic() - begun < 2
    assert parley.call("GET", "/api/conversations", bearer=old).status == 401
    with pytest.raises(InvalidStatus):
        open_socket(bearer=old)
    with pytest.raises(InvalidStatus):
        by_ticket(ticket)
    # The clock of who made a token may be ahead by PARLEY_JWT_LEEWAY, here 30 s: one that may be from before doesn't count.
    doubtful = parley.token(user, iat=int(time.time()) + 2)
    assert parley.call("GET", "/api/conversations", bearer=doubtful).status == 401

    def is_good():
        new = parley.token(user, iat=int(time.time()) + 30)
        return parley.call("GET", "/api/conversations", bearer=new).status == 200
    parley.wait_for(is_good, what="a token that is surely younger")
    future = parley.token(user, iat=int(time.time()) + 60)
    assert parley.call("GET", "/api/conversations", bearer=future).status == 401


def test_revoking_one_token_leaves_the_others():
    user = parley.new_user()
    one, other = (parley.token(user, jti=parley.new_user()) for _ in range(2))
    first, _ = connected(bearer=one)
    second, _ = connected(bearer=other)
    identifier = json.loads(parley.decoded(one.split(".")[1]))["jti"]
    assert run("parley", "revoke", "--jti", identifier).returncode == 0
    assert ended(first) == ("token-revoked", 4401)
    assert parley.call("GET", "/api/conversations", bearer=one).status == 401
    assert parley.call("GET", "/api/conversations", bearer=other).status == 200
    second.send(frame("BEGIN", transaction="t", receipt="alive"))
    assert parse(second.recv(timeout=10))[1]["receipt-id"] == "alive"
    second.close()


def test_tokens_that_live_too_long_are_refused(gateway):
    node = gateway(JWT_MAX_LIFETIME="10m", NODE_ID="bounded")
    user, now = parley.new_user(), int(time.time())

    def status(**claims):
        return parley.call("GET", "/api/conversations", bearer=parley.token(user, **claims), url=node.url).status
    assert status(iat=now, exp=now + 600) == 200
    assert status(iat=now, exp=now + 601) == 401
    assert status(exp=now + 60) == 401
    nodes = {entry["id"]: entry for entry in map(json.loads, run("parley", "nodes").stdout.splitlines())}
    # Twice the leeway of 30 s, and an hour.
    assert nodes["bounded"]["revocationSeconds"] == 600 + 60 + 3_600
    assert "revocationSeconds" not in nodes["gateway-1"]


def test_the_command_wants_one_of_two():
    assert run("parley", "revoke").returncode == 64
    assert run("parley", "revoke", "--user", "x").returncode == 64
    assert run("parley", "revoke", "--user", parley.new_user(), "--jti", "x").returncode == 64


def test_admins_see_and_end_sessions():
    user = parley.new_user()
    admin = parley.token(parley.new_user(), role="admin")
    websocket, headers = connected(user, url=parley.GATEWAYS[-1].replace("http", "ws") + "/ws")
    nodes = parley.call("GET", "/api/admin/nodes", bearer=admin).json["items"]
    assert {"gateway-1", "gateway-2"} <= {node["id"] for node in nodes if node["alive"]}
    path = "/api/admin/sessions"
    listed = parley.call("GET", f"{path}?user={user}", bearer=admin).json["items"]
    assert [(session["id"], session["user"]) for session in listed] == [(headers["session"], user)]
    assert headers["session"] in parley.call("GET", path, bearer=admin).text
    # From another node than the one that has it.
    answer = parley.call("DELETE", f"{path}/{headers['session']}", bearer=admin, url=parley.GATEWAYS[0])
    assert answer.status == 204
    assert ended(websocket) == ("session-ended", 4403)
    parley.wait_for(
        lambda: parley.call("DELETE", f"{path}/{headers['session']}", bearer=admin).status == 404, what="its end")
    for method, path in (("GET", path), ("GET", "/api/admin/nodes"), ("DELETE", f"{path}/x"), ("GET", "/api/admin/x")):
        assert parley.call(method, path, user).status == 403
    assert parley.call("GET", "/api/admin/x", bearer=admin).status == 404
    assert parley.call("GET", "/api/admin/sessions?user=x", bearer=admin).status == 400


class Issuer:
    """An identity provider with RSA keys, made by the openssl command."""

    def __init__(self, folder):
        self.folder = folder
        self.keys = []
        self.fetches = 0

    def openssl(self, *arguments, input=None):
        return subprocess.run(["openssl", *arguments], input=input, capture_output=True, check=True).stdout

    def new_key(self, kid):
        path = self.folder / f"{kid}.pem"
        self.openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", str(path))
        modulus = self.openssl("rsa", "-in", str(path), "-noout", "-modulus").decode().strip().split("=")[1]
        number = parley.encoded(bytes.fromhex(modulus)).decode()
        self.keys.append({"kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "e": "AQAB", "n": number})

    def token(self, kid, user, signer=None):
        head = {"alg": "RS256", "typ": "JWT", "kid": kid}
        claims = {"sub": user, "exp": int(time.time()) + 600}
        message = b".".join(parley.encoded(json.dumps(part).encode()) for part in (head, claims))
        key = self.folder / f"{signer or kid}.pem"
        return (message + b"." + parley.encoded(self.openssl("dgst", "-sha256", "-sign", str(key), input=message))).decode()

    @property
    def document(self):
        return json.dumps({"keys": self.keys}).encode()

    @contextlib.contextmanager
    def serving(self):
        certificate, key = self.folder / "certificate.pem", self.folder / "tls.pem"
        self.openssl(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate), "-days", "1",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.fetches += 1
                self.send_response(200)
                self.end_headers()
                self.wfile.write(issuer.document)

            def log_message(self, *arguments):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"https://127.0.0.1:{server.server_address[1]}/keys", str(certificate)
        finally:
            server.shutdown()
            server.server_close()


@pytest.fixture
def issuer(tmp_path):
    issuer = Issuer(tmp_path)
    issuer.new_key("first")
    return issuer


def test_keys_from_a_url_change_and_strangers_cause_few_fetches(issuer):
    user = parley.new_user()
    with issuer.serving() as (url, authorities), own_gateway(
            JWT_ALGORITHM="RS256", JWT_JWKS_URL=url, JWT_JWKS_CA_FILE=authorities) as gateway:
        def status(token):
            return parley.call("GET", "/api/conversations", bearer=token, url=gateway).status

        parley.wait_for(lambda: status(issuer.token("first", user)) == 200, what="the first keys")
        assert status(parley.token(user)) == 401
        websocket = open_socket(bearer=issuer.token("first", user), url=gateway.replace("http", "ws") + "/ws")
        websocket.close()
        # Rotation: the new key is learned with the first token that has it, once the gap between fetches is over.
        issuer.new_key("second")
        token = issuer.token("second", user)
        parley.wait_for(lambda: status(token) == 200, what="the new key")
        assert status(issuer.token("first", user)) == 200
        # A key that nobody told, by the dozen.
        fetches = issuer.fetches
        assert {status(issuer.token(f"made-up-{number}", user, signer="first")) for number in range(20)} == {401}
        assert issuer.fetches <= fetches + 1


def test_keys_from_a_url_that_cannot_be_trusted_are_not_used(issuer):
    with issuer.serving() as (url, _), own_gateway(JWT_ALGORITHM="RS256", JWT_JWKS_URL=url) as gateway:
        token = issuer.token("first", parley.new_user())
        assert parley.call("GET", "/api/conversations", bearer=token, url=gateway).status == 401
        assert issuer.fetches == 0


def test_keys_from_a_file(issuer):
    path = issuer.folder / "keys.json"
    path.write_bytes(issuer.document)
    with own_gateway(JWT_ALGORITHM="RS256", JWT_JWKS_FILE=str(path)) as gateway:
        token = issuer.token("first", parley.new_user())
        parley.wait_for(
            lambda: parley.call("GET", "/api/conversations", bearer=token, url=gateway).status == 200, what="the keys")
    path.write_text("{}")
    result = run("gateway", PARLEY_JWT_ALGORITHM="RS256", PARLEY_JWT_JWKS_FILE=str(path))
    assert result.returncode != 0 and "not a JSON Web Key Set" in result.stderr
