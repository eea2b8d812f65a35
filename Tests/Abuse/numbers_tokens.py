"""Tokens that are signed as they should be and claim boundary numbers."""

import time

import boundaries
import http_wire
import websocket_wire
from attack import attack
from dice import Deck
from session import Session
from stomp_wire import send, subscribe
from tokens import signed, token

HAND = 10
CLAIMS = ("exp", "nbf", "iat", "jti", "sub", "sender_type", "role", "roles", "aud", "iss")


def claims():
    """The raw text of a claim, each once without and once beside the others."""
    for name in CLAIMS:
        values = boundaries.json_values() if name in CLAIMS[:3] else boundaries.json_values()[::7]
        for value in values:
            yield name, value
    # Seconds around now: a session's timer is set by them.
    for name in CLAIMS[:3]:
        for shift in (-86_400, -31, -30, -29, -1, 0, 1, 29, 30, 31, 2**31, 2**33, 2**43, 2**53):
            yield name, f"now{shift:+d}"


DECK = Deck(claims(), HAND)


def claiming(user, name, value, secret):
    if value.startswith("now"):
        value = str(int(time.time()) + int(value[3:]))
    members = {"sub": f'"{user}"', "exp": str(int(time.time()) + 600)} | {name: value}
    return signed("{" + ",".join(f'"{key}":{text}' for key, text in members.items()) + "}", secret)


@attack("tokens", "a token claims a boundary number: for a REST call, a handshake, and /app/auth.refresh")
async def tokens(run):
    user = run.ground.users[2]
    caller = run.caller()
    refreshing = run.session(user)
    await refreshing.open()
    await refreshing.send(subscribe("e", "/user/queue/errors"))
    for name, value in run.deal(DECK):
        run.say(f"{name}={value[:40]}")
        bearer = claiming(user, name, value, run.world.secret)
        await caller.call("GET", "/api/conversations?limit=1", bearer)
        await refreshing.send(send("/app/auth.refresh", {"token": bearer}, receipt="r"))
        session = run.keep(Session(run.tally, run.address, bearer))
        if await session.open():
            await session.send(subscribe("q", "/user/queue/messages", receipt="q"))
            await session.receive("RECEIPT", 0.5)
        await session.peer.leave(run.way(), 0.05)
        if not refreshing.peer.is_open:
            refreshing = run.session(user)
            await refreshing.open()
            await refreshing.send(subscribe("e", "/user/queue/errors"))
    await refreshing.drain(0.3)


HEADERS = [
    "{}", "[]", "null", "", "{", '{"alg":"none"}', '{"alg":null}', '{"alg":"HS256","typ":1}',
    '{"alg":"HS256","kid":1e400}',
    '{"alg":"hs256"}', '{"alg":"RS256"}', '{"alg":"HS256","crit":["x"]}', '{"alg":"HS256","alg":"none"}', "[" * 3_000]
SHAPES = [
    "", ".", "..", "...", "a.b.c", "{0}.", ".{0}", "{0}.{0}", "{0}=", " {0}", "{0} ", "{0}\t", "\u00e4", "%00",
    "a" * 7_000]


@attack("token-shapes", "texts that are no tokens, heads that no issuer writes, wherever a token may stand")
async def shapes(run):
    user = run.ground.users[2]
    good = token(user, run.world.secret)
    texts = [shape.format(good) for shape in SHAPES]
    texts += [signed(f'{{"sub":"{user}","exp":9999999999}}', run.world.secret, header) for header in HEADERS]
    run.dice.shuffle(texts)
    for text in texts[:HAND]:
        run.say(repr(text[:40]))
        caller = run.caller()
        await caller.raw(http_wire.request("GET", "/api/conversations", [http_wire.bearer(text)]), 1)
        for target, extra in (
                ("/ws", [("Sec-WebSocket-Protocol", f"v12.stomp, bearer.{text}")]), (f"/ws?ticket={text}", []),
                (f"/ws?access_token={text}&explain=1", []), ("/ws?explain=1", [("Authorization", f"Bearer {text}")])):
            peer = run.peer()
            await peer.open()
            run.tally.requests += 1
            await peer.send(websocket_wire.handshake(None, target, extra))
            await peer.leave("half and reading", 0.2)
