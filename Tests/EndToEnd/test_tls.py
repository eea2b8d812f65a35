"""TLS: to clients by the gateway itself, behind a balancer too, and to the stores."""

import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import time

import pytest

import parley
from balancers import Balancer
from certificates import Authority
from servers import Server, free_port
from stores import query, stored
from test_slow_consumers import small_socket
from test_websocket import connected, frame, parse


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def secure(gateway, authority):
    """A gateway with a certificate."""
    certificate, key = authority.issue("gateway")

    def start(**settings):
        return gateway(tls=authority.trust(), TLS_CERTIFICATE_FILE=certificate, TLS_KEY_FILE=key, **settings)

    return start


def test_rest_and_websocket_over_tls(secure, authority, pair):
    one, other, conversation = pair
    node = secure()
    path = f"/api/conversations/{conversation}/messages"
    assert parley.call("POST", path, one, {"content": "by https"}, url=node.url, tls=node.tls).status == 201
    listener, _ = connected(other, url=node.websocket, ssl=authority.trust_with_threads())
    listener.send(frame("SUBSCRIBE", id="t", destination=f"/topic/conversation/{conversation}", resume_after=0, receipt="r"))
    assert parse(listener.recv(timeout=10))[0] == "RECEIPT"
    assert parley.json.loads(parse(listener.recv(timeout=10))[2])["content"] == "by https"
    # More than a record and more than the socket takes, in both directions.
    sender, _ = connected(one, url=node.websocket, ssl=authority.trust_with_threads())
    contents = [f"{number} " + "ä" * 3_900 for number in range(1_000)]
    for number, content in enumerate(contents):
        sender.send(frame("SEND", parley.json.dumps({"conversationId": conversation, "content": content}),
                          destination="/app/chat.send", **({"receipt": "end"} if number == 999 else {})))
    assert parse(sender.recv(timeout=20))[1]["receipt-id"] == "end"
    received = [parley.json.loads(parse(listener.recv(timeout=10))[2])["content"] for _ in contents]
    assert received == contents
    for websocket in (sender, listener):
        websocket.send(frame("DISCONNECT", receipt="bye"))
        assert parse(websocket.recv(timeout=10))[1]["receipt-id"] == "bye"
        websocket.close()


def test_new_versions_are_spoken_old_ones_and_plain_http_refused(secure):
    node = secure()
    port = parley.address(node.url.replace("https", "http"))[1]
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)), socket.create_connection(("127.0.0.1", port)) as plain:
        old.wrap_socket(plain)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            assert not plain.recv(1 << 16).startswith(b"HTTP/")
        except ConnectionError:
            pass
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        node.tls.maximum_version = version
        node.tls.minimum_version = version
        assert parley.call("GET", "/healthz", url=node.url, tls=node.tls).status == 200
    assert node.metric("parley_greetings_failed_total") >= 2


def test_who_never_ends_the_handshake_is_closed(secure):
    node = secure(HANDSHAKE_TIMEOUT="1s")
    with socket.create_connection(parley.address(node.url.replace("https", "http")), timeout=10) as silent:
        silent.sendall(b"\x16\x03\x01")
        assert silent.recv(1) == b""


def serial(node, authority):
    with socket.create_connection(parley.address(node.url.replace("https", "http"))) as plain:
        with authority.trust().wrap_socket(plain, server_hostname="localhost") as connection:
            return int(connection.getpeercert()["serialNumber"], 16)


def test_a_renewed_certificate_is_taken_on_sighup(secure, authority):
    node = secure()
    kept, _ = connected(url=node.websocket, ssl=authority.trust_with_threads())
    assert serial(node, authority) == 1
    certificate, _ = authority.issue("gateway", serial=7)
    node.process.send_signal(signal.SIGHUP)
    parley.wait_for(lambda: serial(node, authority) == 7, what="the new certificate")
    certificate.write_text("broken")
    node.process.send_signal(signal.SIGHUP)
    parley.wait_for(lambda: any("can't be read again" in line for line in node.lines), what="the log line")
    assert serial(node, authority) == 7
    kept.send(frame("SUBSCRIBE", id="a", destination="/user/queue/acks", receipt="r"))
    assert parse(kept.recv(timeout=10))[0] == "RECEIPT"
    kept.close()


@pytest.fixture
def balancer(tmp_path):
    """HAProxy in front of a gateway, with and without its PROXY header."""
    started = []

    def start(node, options):
        started.append(Balancer(parley.address(node.url.replace("https", "http"))[1], options, tmp_path))
        return started[-1].port

    yield start
    for one in started:
        one.stop()


@pytest.mark.parametrize("options, address", [
    ("", "127.0.0.3"), ("send-proxy", "127.0.0.1"), ("send-proxy-v2", "127.0.0.1")])
@pytest.mark.parametrize("is_secure", [False, True])
def test_behind_a_balancer(gateway, secure, balancer, is_secure, options, address):
    node = (secure if is_secure else gateway)(TRUSTED_PROXIES="127.0.0.3", LOG_FORMAT="json")
    port = balancer(node, options)
    url = f"{'wss' if is_secure else 'ws'}://127.0.0.1:{port}/ws"
    websocket, headers = connected(url=url, **({"ssl": node.tls} if is_secure else {}))
    websocket.close()
    line = next(line for line in node.stop() if '"connected"' in line and headers["session"] in line)
    assert parley.json.loads(line)["address"] == address


def test_a_proxy_header_in_pieces(secure, authority):
    node = secure(TRUSTED_PROXIES="127.0.0.3", LOG_FORMAT="json")
    with socket.socket() as plain:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.bind(("127.0.0.3", 0))
        plain.connect(parley.address(node.url.replace("https", "http")))
        for byte in b"PROXY TCP4 192.0.2.7 192.0.2.1 4000 443\r\n":
            plain.sendall(bytes([byte]))
        websocket, headers = connected(
            url=node.websocket, sock=plain, ssl=authority.trust_with_threads(), server_hostname="localhost")
        websocket.close()
    line = next(line for line in node.stop() if '"connected"' in line and headers["session"] in line)
    assert parley.json.loads(line)["address"] == "192.0.2.7"


@pytest.fixture
def secure_redis(authority, tmp_path):
    """A Redis that speaks TLS only, to a user with a password."""
    certificate, key = authority.issue("redis")
    port = free_port()
    process = subprocess.Popen(
        ["redis-server", "--port", "0", "--tls-port", str(port), "--bind", "127.0.0.1", "--dir", str(tmp_path),
         "--tls-cert-file", str(certificate), "--tls-key-file", str(key), "--tls-ca-cert-file", str(authority.file),
         "--tls-auth-clients", "no", "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction",
         "--user", "parley", "on", ">secret", "~*", "&*", "+@all", "--user", "default", "off"],
        stdout=subprocess.DEVNULL)
    yield f"rediss://parley:secret@127.0.0.1:{port}"
    process.terminate()
    process.wait(timeout=10)


def test_redis_over_tls_with_a_user_of_its_own(gateway, authority, secure_redis):
    node = gateway(REDIS_URL=secure_redis, REDIS_CA_FILE=authority.file)
    one, other = parley.new_user(), parley.new_user()
    conversation = parley.create("DIRECT", [one, other], url=node.url)
    listener, _ = connected(other, url=node.websocket)
    listener.send(frame("SUBSCRIBE", id="t", destination=f"/topic/conversation/{conversation}", receipt="r"))
    assert parse(listener.recv(timeout=10))[0] == "RECEIPT"
    for number in range(300):
        body = {"content": f"{number} " + "x" * 2_000}
        assert parley.call("POST", f"/api/conversations/{conversation}/messages", one, body, url=node.url).status == 201
    numbers = [int(parley.json.loads(parse(listener.recv(timeout=10))[2])["content"].split()[0]) for _ in range(300)]
    assert numbers == list(range(300))
    persister = Server("persister", REDIS_URL=secure_redis, REDIS_CA_FILE=authority.file, PERSISTER_ID="secure")
    parley.wait_for(lambda: stored(conversation) == "300|300", 60, "the rows")
    persister.stop()
    listener.close()


def test_a_redis_that_nobody_vouches_for_is_not_trusted(authority, secure_redis):
    server = Server("gateway", REDIS_URL=secure_redis, LISTEN=f"127.0.0.1:{free_port()}")
    parley.wait_for(lambda: any("certificate verify failed" in line for line in server.lines), what="the refusal")
    server.kill()


@pytest.fixture
def secure_postgres(authority):
    """The set-up's PostgreSQL speaks TLS as well for a while."""
    folder = pathlib.Path(query("show data_directory"))
    owner = folder.stat()
    for source, name in zip(authority.issue("postgres"), ("server.crt", "server.key")):
        shutil.copy(source, folder / name)
        os.chown(folder / name, owner.st_uid, owner.st_gid)
        os.chmod(folder / name, 0o600)
    query("alter system set ssl = on")
    query("select pg_reload_conf()")
    yield f"{os.environ['PARLEY_DATABASE_URL']}?sslmode=verify-full&sslrootcert={authority.file}"
    query("alter system reset ssl")
    query("select pg_reload_conf()")


def test_postgresql_over_tls(gateway, secure_postgres, pair):
    one, other, conversation = pair
    for number in range(250):
        body = {"content": f"{number} " + "x" * 3_000}
        assert parley.call("POST", f"/api/conversations/{conversation}/messages", one, body).status == 201
    parley.wait_for(lambda: stored(conversation) == "250|250", what="the rows")
    node = gateway(DATABASE_URL=secure_postgres, NODE_ID="by-tls")
    assert len(parley.history(conversation, other, url=node.url)) == 250
    encrypted = "select bool_and(ssl) from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'parley-by-tls'"
    assert query(encrypted) == "t"


@pytest.mark.parametrize("program", ["gateway", "persister"])
def test_a_postgresql_of_another_authority_is_not_trusted(program, secure_postgres, tmp_path):
    other = Authority(tmp_path)
    address = secure_postgres.replace(secure_postgres.partition("sslrootcert=")[2], str(other.file))
    server = Server(program, DATABASE_URL=address, LISTEN=f"127.0.0.1:{free_port()}")
    line = parley.wait_for(
        lambda: next((line for line in server.lines if "certificate verify failed" in line), None), what="the refusal")
    assert "PARLEY_DATABASE_URL" in line
    server.kill()


def is_answered(node, authority, keys):
    """Whether a health check is answered behind so many new keys (RFC 8446, section 4.6.3), asked for by `openssl s_client`."""
    host, port = node.url.removeprefix("https://").split(":")
    command = ["openssl", "s_client", "-tls1_3", "-connect", f"{host}:{port}", "-CAfile", authority.file]
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0)
    try:
        # Each line is read by itself: one that is `k` alone asks for new keys.
        for _ in range(keys):
            client.stdin.write(b"k\n")
            time.sleep(0.005)
        client.stdin.write(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        output = b""
        # Its input stays open: at the end of that it leaves. The gateway ends the connection in either case.
        while data := client.stdout.read(1 << 16):
            output += data
        return b"HTTP/1.1 200 OK" in output
    except BrokenPipeError:
        return False
    finally:
        client.kill()
        client.wait()


def test_new_keys_are_counted(secure, authority):
    """Each costs the gateway more than the client, and many in a row kept a whole loop within one call."""
    node = secure()
    assert is_answered(node, authority, 10)
    assert not is_answered(node, authority, 80)
    assert parley.call("GET", "/readyz", url=node.url, tls=node.tls).status == 200


def test_a_handshake_that_nobody_reads_ends_in_time(authority, tmp_path):
    """The server's certificates are more than the socket takes, so that it waits to write; that is no reason to wait for ever."""
    certificate, key = authority.issue("large")
    chain = tmp_path / "chain.pem"
    chain.write_text(pathlib.Path(certificate).read_text() + pathlib.Path(authority.file).read_text() * 20_000)
    listen, operator = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    node = Server(
        "gateway", LISTEN=listen[7:], OPERATOR_LISTEN=operator[7:], NODE_ID="large", TLS_CERTIFICATE_FILE=chain,
        TLS_KEY_FILE=key, HANDSHAKE_TIMEOUT="2s", LOOPS=1, SHUTDOWN_TIMEOUT="0s")

    def connections():
        try:
            lines = parley.call("GET", "/metrics", url=operator).text.splitlines()
        except OSError:
            return -1
        return next(float(line.split()[-1]) for line in lines if line.startswith("parley_connections "))

    parley.wait_for(lambda: connections() >= 0, what="the gateway")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="large")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    hello = outgoing.read()
    deaf = [small_socket(listen) for _ in range(5)]
    for connection in deaf:
        connection.sendall(hello)
    parley.wait_for(lambda: connections() > 5, what="the connections")
    # The one that asks counts as well.
    parley.wait_for(lambda: connections() <= 1, 15, "their end")
    node.stop()
