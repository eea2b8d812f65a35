"""Everything twice, and everything in the wrong order."""

import asyncio
import json

import http_wire
import websocket_wire
from attack import attack
from stomp_wire import connect, send, stomp, subscribe, topic
from websocket_wire import CLOSE, TEXT, frame


def frames(run):
    """One of each kind, by name."""
    ground = run.ground
    pair = ground.pairs[4]
    here = {"conversationId": pair}
    return {
        "CONNECT": connect(), "STOMP": stomp("STOMP", {"accept-version": "1.2", "host": "x"}),
        "SUBSCRIBE": subscribe("s", topic(pair), receipt="s"),
        "SUBSCRIBE typing": subscribe("y", topic(pair, True), receipt="s"),
        "SUBSCRIBE messages": subscribe("m", "/user/queue/messages", receipt="m"),
        "SUBSCRIBE again": subscribe("s", topic(pair), ack="client", resume_after="0", receipt="s"),
        "UNSUBSCRIBE": stomp("UNSUBSCRIBE", {"id": "s", "receipt": "u"}),
        "UNSUBSCRIBE unknown": stomp("UNSUBSCRIBE", {"id": "unknown", "receipt": "u"}),
        "SEND": send("/app/chat.send", here | {"content": "x", "clientMessageId": "same"}, receipt="r"),
        "SEND in a transaction": send("/app/chat.send", here | {"content": "x"}, transaction="t", receipt="r"),
        "edit": send("/app/chat.edit", here | {"messageId": ground.message, "content": "y"}, receipt="r"),
        "delete": send("/app/chat.delete", here | {"messageId": ground.message}, receipt="r"),
        "read": send("/app/chat.read", here | {"messageId": ground.message}, receipt="r"),
        "typing": send("/app/chat.typing", here | {"typing": True}, receipt="r"),
        "ACK": stomp("ACK", {"id": f"{pair}.1", "subscription": "s", "message-id": f"{pair}.1"}),
        "NACK": stomp("NACK", {"id": f"{pair}.1", "subscription": "s", "message-id": f"{pair}.1"}),
        "BEGIN": stomp("BEGIN", {"transaction": "t", "receipt": "b"}),
        "COMMIT": stomp("COMMIT", {"transaction": "t", "receipt": "c"}),
        "ABORT": stomp("ABORT", {"transaction": "t", "receipt": "a"}),
        "DISCONNECT": stomp("DISCONNECT", {"receipt": "d"}),
        "heart-beat": b"\n", "MESSAGE": stomp("MESSAGE", {"subscription": "s"}), "nothing": b"\0"}


@attack("twice", "frames, each sent twice with the same id, receipt, subscription and clientMessageId")
async def twice(run):
    kinds = frames(run)
    names = run.dice.sample(sorted(kinds), 8)
    session = None
    for name in names:
        run.say(name)
        if session is None or not session.peer.is_open:
            session = run.session(run.ground.users[8])
            await session.open()
            await session.send(subscribe("e", "/user/queue/errors"))
        await session.send(kinds[name], kinds[name], together=run.dice.random() < 0.5)
        await session.drain(0.15)
    await session.peer.leave(run.way(), 0.02)


@attack("twice-http", "the same ticket, handshake, request and message twice, on one connection and on two")
async def twice_http(run):
    ground = run.ground
    caller = run.caller()
    answer = await caller.call("POST", "/api/tickets", ground.tokens[8])
    ticket = json.loads(answer.body)["ticket"] if answer and answer.status == 201 else "x"
    say = http_wire.request(
        "POST", f"/api/conversations/{ground.pairs[4]}/messages", [http_wire.bearer(ground.tokens[8])],
        json.dumps({"content": "x", "clientMessageId": f"same-{run.number}"}).encode())
    shake = websocket_wire.handshake(ground.tokens[8])
    for about, data in (
            ("a ticket", websocket_wire.handshake(None, f"/ws?ticket={ticket}")), ("a handshake", shake),
            ("a message", say), ("a message, then a handshake", say + shake),
            ("a handshake, then a message", shake + say)):
        run.say(about)
        peers = [run.peer(), run.peer()]
        for peer in peers:
            await peer.open()
        run.tally.requests += 4
        pair = data + data if run.dice.random() < 0.5 else data
        await asyncio.gather(*(peer.send(pair) for peer in peers))
        for peer in peers:
            await peer.leave("half and reading", 0.1)
        run.move()


@attack("wrong-order", "frames in any order, before CONNECT, behind DISCONNECT, and behind a close")
async def wrong_order(run):
    kinds = frames(run)
    for _ in range(6):
        names = [run.dice.choice(sorted(kinds)) for _ in range(run.dice.randrange(2, 14))]
        if run.dice.random() < 0.6:
            names.insert(0, "CONNECT")
        run.say(", ".join(names)[:100])
        session = run.session(run.dice.choice(run.ground.users[8:10]))
        if not await session.shake():
            continue
        together = run.dice.random() < 0.5
        if run.dice.random() < 0.2:
            behind = [frame(CLOSE, b"\x03\xe8"), *(frame(TEXT, kinds[name]) for name in names)]
            await session.peer.send(b"".join(behind))
        await session.send(*(kinds[name] for name in names), together=together)
        await session.drain(0.25)
        await session.peer.leave(run.way(), 0.02)


@attack("many-in-one-packet", "hundreds of SUBSCRIBEs, CONNECTs and sends in one packet, split anywhere")
async def many(run):
    kinds = frames(run)
    pair = run.ground.pairs[4]
    transactions = [stomp("BEGIN", {"transaction": str(number)}) for number in range(12)]
    packets = {
        "SUBSCRIBEs": [subscribe(str(number), topic(pair), resume_after="0") for number in range(600)],
        "queues": [subscribe(str(number), "/user/queue/messages") for number in range(300)],
        "CONNECTs": [kinds["CONNECT"]] * 300, "transactions": transactions,
        "sends": [kinds["SEND"]] * 300, "heart-beats": [b"\n"] * 60_000, "NULs": [b"\0"] * 10_000,
        "in and out": [kinds["SUBSCRIBE"], kinds["UNSUBSCRIBE"]] * 300, "edits": [kinds["edit"]] * 200,
        "a transaction of too many": [kinds["BEGIN"], *[kinds["SEND in a transaction"]] * 300, kinds["COMMIT"]]}
    about = run.dice.choice(sorted(packets))
    run.say(about)
    session = run.session(run.ground.users[8])
    if not await session.open():
        return
    await session.send(subscribe("e", "/user/queue/errors"))
    data = b"".join(packets[about])
    step = run.dice.choice([len(data), 60_000, 1_000, 97])
    step = max(step, len(data) // 2_000)
    messages = b"".join(frame(TEXT, data[at : at + step]) for at in range(0, len(data), step))
    run.tally.requests += len(packets[about])
    await session.peer.send(messages)
    await session.drain(1.5)
    await session.peer.leave(run.way(), 0.02)
