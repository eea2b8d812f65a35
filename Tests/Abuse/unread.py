"""Asks for more and more and reads nothing of it: the gateway has to stop reading before its memory is full."""

import asyncio
import time

import http_wire
from attack import attack
from http_wire import request
from stomp_wire import send, stomp, subscribe, topic
from websocket_wire import PING, TEXT, frame

SECONDS = 5
# Of requests, not of answers: so that a run ends on a machine of any speed.
MOST = 24 * 2**20
BATCH = 64 * 2**10


async def pump(run, peer, one):
    """Sends a request again and again, until the server has taken none for a while, or it was enough."""
    count = max(1, BATCH // len(one))
    batch, sent, deadline = one * count, 0, time.monotonic() + SECONDS
    while peer.is_open and sent < MOST and (left := deadline - time.monotonic()) > 0:
        run.tally.requests += count
        if not await peer.send(batch, left):
            break
        sent += len(batch)
    # What waits stays a while, seen by who watches the memory.
    if peer.is_open:
        await asyncio.sleep(min(1, max(0.3, deadline - time.monotonic())))
    await peer.leave(run.way(), 0.1)


@attack("unread-http", "requests without a token, pipelined for seconds, their answers never read", heavy=True)
async def http(run):
    target = run.dice.choice(["/", "/nothing/here", "/api/conversations", "/healthz", "/metrics", "/ws"])
    run.say(f"GET {target}")
    peer = run.peer(small=True)
    await peer.open()
    await pump(run, peer, request("GET", target))


@attack("unread-rest", "REST calls with a token, pipelined for seconds, their answers never read", heavy=True)
async def rest(run):
    ground = run.ground
    target = run.dice.choice([
        f"/api/conversations/{ground.loud}/messages?limit=200", "/api/conversations?limit=50",
        f"/api/files/{ground.large_file}", f"/api/files/{ground.small_file}", "/api/admin/sessions"])
    run.say(f"GET {target}")
    token = ground.admin if "admin" in target else ground.tokens[0]
    peer = run.peer(small=True)
    await peer.open()
    await pump(run, peer, request("GET", target, [http_wire.bearer(token)]))


@attack("unread-websocket", "pings for seconds, their pongs never read", heavy=True)
async def websocket(run):
    run.say("pings")
    session = run.session(run.ground.users[6], small=True)
    if await session.shake():
        await pump(run, session.peer, frame(PING, b"p" * run.dice.choice([0, 125])))


@attack("unread-stomp", "frames for seconds, their receipts, refusals and messages never read", heavy=True)
async def frames(run):
    ground = run.ground
    pair = {"conversationId": ground.pairs[3], "content": "x" * 3_000}
    shapes = {
        "receipts": [stomp("BEGIN", {"transaction": "t"}), stomp("ABORT", {"transaction": "t", "receipt": "r" * 200})],
        "refusals": [send("/app/chat.send", "{}", receipt="r")],
        "sends": [send("/app/chat.send", pair, receipt="r")],
        "histories": [subscribe("s", topic(ground.loud), resume_after="0"), stomp("UNSUBSCRIBE", {"id": "s"})],
        "typing": [send("/app/chat.typing", {"conversationId": ground.pairs[3], "typing": True}, receipt="r")]}
    about = run.dice.choice(sorted(shapes))
    run.say(about)
    session = run.session(ground.users[6], small=True)
    if await session.open():
        await session.send(subscribe("e", "/user/queue/errors"), subscribe("t", topic(ground.pairs[3])))
        await pump(run, session.peer, frame(TEXT, b"".join(shapes[about])))


@attack("unread-queues", "hundreds of subscriptions to the user's queues, and what others or itself cause on them, never read",
        heavy=True)
async def queues(run):
    ground = run.ground
    about = run.dice.choice(["errors", "acks", "receipts", "conversations"])
    run.say(about)
    deaf = run.session(ground.users[6], small=True)
    if not await deaf.open():
        return
    id = "x" * 240
    await deaf.send(*(subscribe(f"{id}{number}", f"/user/queue/{about}") for number in range(480)), together=False)
    if about in ("errors", "acks"):
        cold = send("/app/chat.send", {"conversationId": run.user("nowhere"), "content": "a"})
        refused = send("\x01" * 250, "x", receipt="\x01" * 250) + send("/app/chat.typing", '{"' + "n" * 30_000 + '"}')
        accepted = send("/app/chat.send", {"conversationId": ground.pairs[3], "content": "x"})
        await pump(run, deaf.peer, frame(TEXT, cold) + frame(TEXT, accepted if about == "acks" else refused))
        return
    await others(run, about)
    await deaf.peer.leave(run.way(), 0.1)


async def others(run, about):
    """What the friend does reaches all queues of the one who doesn't read."""
    ground = run.ground
    friend = run.session(ground.users[7])
    if not await friend.open():
        return
    if about == "receipts":
        begin, conversation = ground.message - 20_000, ground.pairs[3]
        reads = [send("/app/chat.read", {"conversationId": conversation, "messageId": begin + number})
                 for number in range(8_000)]
        for start in range(0, len(reads), 200):
            if not await friend.send(*reads[start:start + 200], together=False):
                return
    else:
        caller = run.caller()
        for number in range(12):
            way = "unarchive" if number % 2 else "archive"
            await caller.call("POST", f"/api/conversations/{ground.group}/{way}", ground.tokens[0])
