"""Clients that others wrote, unchanged: directly and behind HAProxy, with and without its PROXY header, plain and over TLS."""

import asyncio
import http.server
import json
import os
import pathlib
import ssl
import subprocess
import threading

import aiohttp
import pytest
from playwright.sync_api import sync_playwright

import parley
from balancers import Balancer
from certificates import Authority
from servers import ROOT
from test_websocket import connected, frame, parse

CLIENTS = pathlib.Path(__file__).parent / "clients"
STOMPJS = ROOT / ".build" / "stompjs" / "stomp.js"
WAYS = ["direct", "balanced", "balanced with PROXY"]


class Way:
    """How a client reaches a gateway."""

    def __init__(self, url, authority):
        self.url, self.authority = url, authority

    @property
    def tls(self):
        return self.authority.trust() if self.authority else None


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(params=[f"{way}, {kind}" for way in WAYS for kind in ("plain", "TLS")])
def way(request, gateway, authority, tmp_path):
    kind = request.param
    settings = {}
    if kind.endswith("TLS"):
        certificate, key = authority.issue("gateway")
        settings = {"tls": authority.trust(), "TLS_CERTIFICATE_FILE": certificate, "TLS_KEY_FILE": key}
    node = gateway(TRUSTED_PROXIES="127.0.0.3", **settings)
    port = parley.address(node.url.replace("https", "http"))[1]
    balancer = None
    if kind.startswith("balanced"):
        balancer = Balancer(port, "send-proxy-v2" if "PROXY" in kind else "", tmp_path)
        port = balancer.port
    scheme = "wss" if kind.endswith("TLS") else "ws"
    yield Way(f"{scheme}://localhost:{port}/ws", authority if kind.endswith("TLS") else None)
    if balancer:
        balancer.stop()


def test_stompjs_on_node(way, pair):
    assert STOMPJS.is_file(), "scripts/test fetches it"
    one, _, conversation = pair
    environment = dict(os.environ)
    if way.authority:
        environment["NODE_EXTRA_CA_CERTS"] = str(way.authority.file)
    result = subprocess.run(
        ["node", CLIENTS / "stompjs.js", STOMPJS, way.url, parley.token(one), conversation], env=environment,
        capture_output=True, text=True, timeout=30)
    assert result.returncode == 0, result.stdout + result.stderr
    seen = json.loads(result.stdout)
    assert seen["subprotocol"] == "v12.stomp" and seen["acks"] == ["one", "two", "three"]
    assert seen["contents"] == ["grüße, 世界 😀 \\ : \n end", "in a transaction", "x" * 3000]
    assert [item["content"] for item in parley.history(conversation, one)][::-1] == seen["contents"]


def test_aiohttp(way, pair):
    one, _, conversation = pair

    async def talk():
        headers = {"Authorization": "Bearer " + parley.token(one)}
        async with aiohttp.ClientSession(headers=headers) as session:
            async with session.ws_connect(
                way.url, protocols=["v12.stomp"], ssl=way.tls or True, compress=15, heartbeat=5
            ) as socket:
                await socket.send_str(frame("CONNECT", accept_version="1.2", host="x"))
                assert parse((await socket.receive()).data)[0] == "CONNECTED"
                destination = f"/topic/conversation/{conversation}"
                await socket.send_str(frame("SUBSCRIBE", id="t", destination=destination, receipt="s"))
                assert parse((await socket.receive()).data)[0] == "RECEIPT"
                contents = [f"{number} " + "é" * 2_000 for number in range(100)]
                for content in contents:
                    body = json.dumps({"conversationId": conversation, "content": content})
                    await socket.send_str(frame("SEND", body, destination="/app/chat.send"))
                received = [json.loads(parse((await socket.receive()).data)[2])["content"] for _ in contents]
                assert received == contents
                await socket.send_str(frame("DISCONNECT", receipt="bye"))
                assert parse((await socket.receive()).data)[1]["receipt-id"] == "bye"

    asyncio.run(talk())


def test_websockets(way, pair):
    one, _, conversation = pair
    tls = {"ssl": way.authority.trust_with_threads()} if way.authority else {}
    websocket, _ = connected(one, url=way.url, **tls)
    websocket.send(frame("SUBSCRIBE", id="t", destination=f"/topic/conversation/{conversation}", receipt="s"))
    assert parse(websocket.recv(timeout=10))[0] == "RECEIPT"
    websocket.send(frame("SEND", json.dumps({"conversationId": conversation, "content": "hello"}),
                         destination="/app/chat.send"))
    assert json.loads(parse(websocket.recv(timeout=10))[2])["content"] == "hello"
    websocket.close()


def test_stomp_py(way, pair):
    one, _, conversation = pair
    host, port = way.url.split("/")[2].split(":")
    client = parley.Client(one, url=f"http://{host}:{port}", connect=False)
    if way.tls:
        client.connection.set_ssl([(host, int(port))], ca_certs=str(way.authority.file), ssl_version=ssl.PROTOCOL_TLS_CLIENT)
    client.connection.connect(wait=True)
    topic, _ = client.subscribe(f"/topic/conversation/{conversation}")
    client.send(conversation, "by stomp.py")
    assert client.next(topic)["content"] == "by stomp.py"
    client.close()


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        # The tests' authority is nobody's whom a browser knows.
        arguments = ["--no-sandbox", "--ignore-certificate-errors"]
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def page_url():
    """A page from elsewhere: not from the gateway."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=CLIENTS)

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/page.html"
    server.shutdown()


def test_a_plain_websocket_in_a_browser(way, pair, browser, page_url):
    one, _, conversation = pair
    page = browser.new_page()
    page.goto(page_url)
    seen = page.evaluate("([url, token, conversation]) => talk(url, token, conversation)",
                         [way.url, parley.token(one), conversation])
    page.close()
    assert seen["contents"] == ["grüße 😀", "x" * 3000]
    assert (seen["subprotocol"], seen["code"]) == ("v12.stomp", 1000)
    assert "permessage-deflate" in seen["extensions"]
