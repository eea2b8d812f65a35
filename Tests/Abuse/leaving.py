"""Going away at every step, with everything unread: by FIN, by RST, or by half, after any number of bytes."""

import asyncio

import http_wire
import stomp_wire
import websocket_wire
from attack import attack
from http_wire import request
from stomp_wire import send, stomp, subscribe, topic
from websocket_wire import TEXT, frame

PIPELINED = 3_000
DESTINATIONS = ["/user/queue/conversations", "/user/queue/receipts", "/user/queue/messages", "/user/queue/errors",
                "/user/queue/acks"]


def message(*frames):
    return frame(TEXT, b"".join(frames))


async def go(run, about, peer, data, whole=0.5, patience=1.5, pause=0.2):
    """Sends all of it, or up to a byte of the dice's; waits a moment, in which nothing is read; is gone."""
    cut = len(data) if run.dice.random() < whole else run.dice.randrange(len(data) + 1)
    way = run.way()
    run.say(f"{about}, {cut} of {len(data)} bytes, {way}")
    run.tally.requests += 1
    await peer.send(data[:cut], patience)
    # Mostly the server has come so far that answers wait; now and then it is still at it.
    seconds = run.dice.choice([0.01, pause, 2 * pause])
    await asyncio.sleep(seconds)
    await peer.leave(way, seconds)


def http_scenarios(run):
    """(about, bytes) that need no session."""
    ground, token = run.ground, http_wire.bearer(run.ground.tokens[0])
    page = f"/api/conversations/{ground.loud}/messages?limit=200"
    large, small = f"/api/files/{ground.large_file}", f"/api/files/{ground.small_file}"
    many = run.dice.choice([10, 300, PIPELINED])
    yield "GET /", request("GET", "/") * PIPELINED
    yield "404s", request("GET", "/nothing/here") * PIPELINED
    yield "401s", request("GET", "/api/conversations") * many
    yield "a page of the history", request("GET", page, [token])
    yield "pages of the history", request("GET", page, [token]) * 20
    yield "a download", request("GET", large, [token])
    yield "downloads", (request("GET", large, [token]) + request("GET", small, [token, ("Range", "bytes=1-5")])) * 5
    yield "metrics", request("GET", "/metrics") * many
    yield "lists", request("GET", "/api/conversations?limit=50", [token]) * 30
    yield "one that ends the connection between others", (
        request("GET", "/") * 200 + request("GET", "/", [("Connection", "close")]) + request("GET", "/") * 200)
    yield "nonsense behind many", request("GET", "/") * many + b"nonsense\r\n\r\n" * 50
    yield "half a head", request("GET", "/", [("X", "y" * 2_000)])[:-2]
    yield "half of TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + run.dice.randbytes(500)
    yield "a handshake", websocket_wire.handshake(ground.tokens[0])
    yield "tickets", request("POST", "/api/tickets", [token, ("Content-Length", "0")]) * 50
    say = request("POST", f"/api/conversations/{ground.group}/messages", [token], b'{"content":"left behind"}')
    yield "messages", say * 50


@attack("leave-http", "HTTP, mostly pipelined and all unread, given up at any byte: 404s, pages, downloads, halves")
async def leave_http(run):
    for _ in range(4):
        about, data = run.dice.choice(list(http_scenarios(run)))
        peer = run.peer(small=True)
        await peer.open()
        await go(run, about, peer, data, whole=0.7)
        run.move()


@attack("leave-download", "downloads of a large file, read for a while and given up")
async def leave_download(run):
    target = f"/api/files/{run.ground.large_file}"
    for _ in range(3):
        run.say("a download")
        peer = run.peer(small=run.dice.random() < 0.7)
        await peer.open()
        headers = [http_wire.bearer(run.ground.tokens[0])]
        if run.dice.random() < 0.3:
            headers.append(("Range", f"bytes={run.dice.randrange(10**6)}-"))
        run.tally.requests += 1
        await peer.send(request("GET", target, headers))
        for _ in range(run.dice.randrange(30)):
            if await peer.receive(0.5) is None:
                break
        await peer.leave(run.way(), 0.2)
        run.move()


@attack("leave-upload", "uploads broken off at each stage, with a length, in chunks, with Expect, and more behind them")
async def leave_upload(run):
    target = f"/api/files?conversationId={run.ground.group}&fileName=left.bin"
    for _ in range(4):
        size = run.dice.choice([0, 1, 100, 5_000, 70_000, 900_000])
        content, token = run.dice.randbytes(size), http_wire.bearer(run.ground.tokens[0])
        shape = run.dice.choice(["length", "more than it says", "less than it says", "chunks", "expect", "two"])
        if shape == "chunks":
            body = http_wire.chunked(content[: size // 2], content[size // 2 :])
            data = request("POST", target, [token, ("Transfer-Encoding", "chunked")], body)
        else:
            says = {"more than it says": size // 2, "less than it says": size * 2 + 10}.get(shape, size)
            extra = [("Expect", "100-continue")] if shape == "expect" else []
            data = request("POST", target, [token, ("Content-Length", str(says)), *extra], content)
        peer = run.peer(small=True)
        await peer.open()
        await go(run, f"an upload, {shape}", peer, data * (2 if shape == "two" else 1), whole=0.3)
        run.move()


def stomp_scenarios(run):
    """(about, bytes) behind CONNECTED; what they send for waits unread."""
    ground, dice = run.ground, run.dice
    group = topic(ground.group)
    body = {"conversationId": ground.group, "content": "x" * dice.choice([1, 3_000])}
    say = send("/app/chat.send", body, receipt="r")
    everything = [subscribe(f"q{number}", one, receipt="r") for number, one in enumerate(DESTINATIONS)]
    yield "a subscriber of a long history", message(subscribe("s", topic(ground.loud), resume_after="0", receipt="r"))
    yield "the same four times", message(*(
        subscribe(f"s{number}", topic(ground.loud), resume_after="0") for number in range(4)))
    yield "the same, client", message(subscribe("s", topic(ground.loud), resume_after="0", ack="client"))
    yield "receipts", message(*[stomp("BEGIN", {"transaction": "t", "receipt": "r" * 250}),
                                stomp("ABORT", {"transaction": "t", "receipt": "r" * 250})] * 100) * 30
    yield "receipts of sends", message(say) * 300
    yield "refusals", message(everything[3]) + message(send("/app/chat.send", "{}", receipt="r")) * 1_000
    yield "pings", frame(websocket_wire.PING, b"p" * 125) * 20_000
    yield "every queue", message(*everything)
    yield "one queue", message(dice.choice(everything))
    yield "a queue with a position", message(subscribe("s", "/user/queue/messages", resume_after="1", receipt="r"))
    yield "topic and typing", message(subscribe("s", group), subscribe("t", topic(ground.group, True)))
    yield "subscribed and unsubscribed", message(*[subscribe("s", group), stomp("UNSUBSCRIBE", {"id": "s"})] * 100)
    yield "DISCONNECT", message(subscribe("s", group), say, stomp("DISCONNECT", {"receipt": "d"}))
    yield "DISCONNECT at once", message(stomp("DISCONNECT", {"receipt": "d"}), say)
    held = [send("/app/chat.send", body, transaction="t", receipt="r")] * 256
    yield "a COMMIT of 256", (message(stomp("BEGIN", {"transaction": "t"})) + b"".join(message(one) for one in held)
                              + message(stomp("COMMIT", {"transaction": "t", "receipt": "c"})))
    yield "half a frame of WebSocket", frame(TEXT, say, says=5_000)
    yield "a close", message(say) + frame(websocket_wire.CLOSE, b"\x03\xe8") + message(say)
    yield "typing", message(send("/app/chat.typing", {"conversationId": ground.group, "typing": True})) * 200


@attack("leave-stomp", "sessions that ask for much, read nothing and are gone: histories, receipts, COMMIT, halves")
async def leave_stomp(run):
    for _ in range(3):
        about, data = run.dice.choice(list(stomp_scenarios(run)))
        session = run.session(run.dice.choice(run.ground.users), small=True)
        run.say(about)
        if await session.open():
            # A history is read page by page from PostgreSQL.
            await go(run, about, session.peer, data, whole=0.7, pause=0.5)
        run.move()


@attack("leave-at-once", "handshake, CONNECT and a SUBSCRIBE in one packet, and gone with it, cut at any byte")
async def leave_at_once(run):
    for _ in range(12):
        number = run.dice.randrange(len(run.ground.users))
        destination = run.dice.choice([*DESTINATIONS, topic(run.ground.group), topic(run.ground.group, True)])
        data = websocket_wire.handshake(run.ground.tokens[number])
        data += message(stomp_wire.connect(), subscribe("s", destination))
        data += message(*[subscribe(f"s{at}", destination) for at in range(run.dice.randrange(5))] or [b"\n"])
        peer = run.peer(small=True)
        await peer.open()
        await go(run, destination, peer, data, whole=0.8, pause=0.01)
        run.move()
