"""What a process says at its start of settings that are wrong: it is started, and the line is read."""

import contextlib
import os
import re
import socket
import threading
import time

import pytest

import parley
from certificates import Authority
from servers import Server, free_port, run

PROGRAMS = ("gateway", "persister")
SOON = 2.5


@contextlib.contextmanager
def stranger(answer=b""):
    """Something that listens, takes connections and answers what it hears, if at all; its port and who has come."""
    came = []

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                came.append(connection)
                if answer:
                    connection.recv(4096)
                    connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        try:
            yield listener.getsockname()[1], came
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for connection in came:
                connection.close()


def started(program, **settings):
    """A process that has begun to wait."""
    own = {"LISTEN": f"127.0.0.1:{free_port()}", "NODE_ID": "waits"} if program == "gateway" else {}
    server = Server(program, **own, **settings)
    parley.wait_for(lambda: any("starting" in line for line in server.lines), what="its first line")
    return server


def waits_for(server):
    """The reason that it gives for waiting, and that it is soon."""
    def reason():
        return next((line for line in server.lines if '"waiting for the stores"' in line), None)

    began = time.monotonic()
    line = parley.wait_for(reason, what="the line")
    assert time.monotonic() - began < SOON
    assert server.process.poll() is None
    return line


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("setting,scheme,path", [("DATABASE_URL", "postgresql", "/parley"), ("REDIS_URL", "redis", "")])
def test_a_store_that_says_nothing_is_named_and_tried_again(program, setting, scheme, path):
    with stranger() as (port, came):
        server = started(
            program, DATABASE_TIMEOUT="1s", REDIS_TIMEOUT="1s", **{setting: f"{scheme}://127.0.0.1:{port}{path}"})
        assert f"PARLEY_{setting}: " in waits_for(server)
        parley.wait_for(lambda: len(came) > 2, what="further attempts")
        server.kill()


@pytest.mark.parametrize("program", PROGRAMS)
def test_redis_in_place_of_postgresql_is_told(program):
    place = re.sub(r"^redis", "postgresql", os.environ["PARLEY_REDIS_URL"])
    server = started(program, DATABASE_URL=place)
    assert "PARLEY_DATABASE_URL: " in waits_for(server)
    server.kill()


@pytest.mark.parametrize("program", PROGRAMS)
def test_postgresql_in_place_of_redis_is_told(program):
    host, port = re.search(r"@?([\w.]+):(\d+)/", os.environ["PARLEY_DATABASE_URL"]).groups()
    server = started(program, REDIS_URL=f"redis://{host}:{port}")
    assert "PARLEY_REDIS_URL: connection lost: closed before it answered" in waits_for(server)
    server.kill()


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("setting,scheme,heard", [
    ("DATABASE_URL", "postgresql", "received invalid response to SSL negotiation: H"),
    ("REDIS_URL", "redis", r'got \"H\" as reply type byte')])
def test_what_a_stranger_answers_is_told(program, setting, scheme, heard):
    with stranger(b"HTTP/1.1 400 Bad Request\r\n\r\n") as (port, _):
        server = started(program, **{setting: f"{scheme}://127.0.0.1:{port}"})
        line = waits_for(server)
        assert f"PARLEY_{setting}: " in line and heard in line, line
        server.kill()


def test_more_connections_than_descriptors_are_told(gateway):
    server = gateway(MAX_CONNECTIONS=1_000_000, descriptors=2_000)
    # 125 for who is sent away, as many for transfers, 64 for the process, 16 for its loop.
    assert server.metric("parley_connections_maximum") == 1_670
    line = next(line for line in server.lines if '"fewer connections are taken"' in line)
    assert "PARLEY_MAX_CONNECTIONS=1000000" in line and "1670" in line and "limit=2000" in line
    assert "level=warn" in line, line


def test_enough_descriptors_are_no_matter(gateway):
    server = gateway(MAX_CONNECTIONS=1_000, descriptors=2_000)
    assert server.metric("parley_connections_maximum") == 1_000
    assert not any("fewer connections" in line for line in server.lines)


def test_an_address_that_is_not_ours_is_named():
    address = f"203.0.113.1:{free_port()}"
    assert f"PARLEY_LISTEN={address}: " in "".join(Server("gateway", LISTEN=address).refuses())


def test_a_key_of_another_algorithm_is_named(tmp_path):
    key = tmp_path / "rsa.pem"
    private = tmp_path / "private.pem"
    Authority.run("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", private)
    Authority.run("pkey", "-in", private, "-pubout", "-out", key)
    text = "".join(Server(
        "gateway", LISTEN=f"127.0.0.1:{free_port()}", JWT_ALGORITHM="ES256", JWT_PUBLIC_KEY_FILE=key).refuses())
    assert f"PARLEY_JWT_ALGORITHM=ES256, PARLEY_JWT_PUBLIC_KEY_FILE={key}: " in text


@pytest.mark.parametrize("program", PROGRAMS)
def test_other_partitions_than_at_the_first_start_are_named(program):
    own = {"LISTEN": f"127.0.0.1:{free_port()}"} if program == "gateway" else {}
    text = "".join(Server(program, PARTITIONS=128, **own).refuses())
    assert "PARLEY_PARTITIONS can't be changed" in text and '1 crc32 64' in text and '1 crc32 128' in text


def test_a_secret_of_one_letter_is_refused():
    text = "".join(Server("gateway", JWT_SECRET="a" * 32).refuses())
    assert "PARLEY_JWT_SECRET=(hidden): must be a text of 32 bytes or more, and of at least 8 different ones" in text
    assert "a" * 32 not in text


def test_a_token_for_nobody_is_not_made():
    result = run("parley", "token", "--user", parley.new_user(), "--sender-type", "X")
    assert result.returncode == 64
    assert "--sender-type must be one of" in result.stderr and not result.stdout
