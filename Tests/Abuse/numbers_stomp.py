"""Boundary numbers and wrong types in every header and every body of STOMP."""

import boundaries
from attack import attack
from dice import Deck
from stomp_wire import connect, send, stomp, subscribe, topic

HAND = 12
BODIES = 40
BAD = "\x01"


def escaped(text):
    """As STOMP 1.2 has it, so that a value arrives as it is meant."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace(":", "\\c").replace("\r", "\\r")


def header_frames():
    """(about, frames): frames behind a CONNECT, or the CONNECT itself. `{group}` and `{pair}` are filled in later."""
    numbers = [escaped(text) for text in boundaries.NUMBERS] + ["0,0,0", "1,", ",1", ",", "a,b"]
    for text in numbers:
        for name in ("heart-beat", "accept-version", "content-length", "host", "login"):
            yield f"CONNECT {name}", True, [{"command": "CONNECT", name: text}]
        yield "CONNECT heart-beat", True, [{"command": "CONNECT", "heart-beat": f"{text},{text}"}]
        yield "CONNECT heart-beat", True, [{"command": "CONNECT", "heart-beat": f"0,{text}"}]
        yield "CONNECT heart-beat", True, [{"command": "STOMP", "heart-beat": f"{text},0"}]
        for destination in ("/topic/conversation/{group}", "/user/queue/messages"):
            subscription = {"command": "SUBSCRIBE", "id": "s", "destination": destination, "receipt": "r"}
            for name in ("id", "ack", "resume-after", "receipt", "content-length", "selector", "durable"):
                yield f"SUBSCRIBE {name}", False, [subscription | {name: text}]
        for place in ("/topic/conversation/", "/user/queue/"):
            yield "SUBSCRIBE destination", False, [{"command": "SUBSCRIBE", "id": "s", "destination": place + text}]
        message = {"command": "SEND", "destination": "/app/chat.send", "receipt": "r", "body": True}
        for name in ("content-length", "receipt", "transaction", "destination", "content-type"):
            yield f"SEND {name}", False, [message | {name: text}]
        for command in ("ACK", "NACK"):
            subscription = {"command": "SUBSCRIBE", "id": "s", "destination": "/topic/conversation/{pair}",
                            "ack": "client", "resume-after": "0"}
            for name in ("id", "message-id", "subscription", "transaction"):
                yield f"{command} {name}", False, [subscription, {"command": command, "id": "x", name: text}]
            yield f"{command} message-id", False, [
                subscription, {"command": command, "subscription": "s", "message-id": "{pair}." + text}]
            yield f"{command} id", False, [subscription, {"command": command, "id": "{pair}." + text}]
        for command in ("BEGIN", "COMMIT", "ABORT"):
            yield f"{command} transaction", False, [{"command": command, "transaction": text}]
        yield "BEGIN, COMMIT", False, [{"command": name, "transaction": text} for name in ("BEGIN", "COMMIT")]
        yield "UNSUBSCRIBE id", False, [{"command": "UNSUBSCRIBE", "id": text}]
        yield "DISCONNECT receipt", False, [{"command": "DISCONNECT", "receipt": text}]
        yield "a command", False, [{"command": text or "x", "id": text}]
    for text in boundaries.positions():
        yield "resume-after", False, [
            {"command": "SUBSCRIBE", "id": "s", "destination": "/user/queue/messages", "receipt": "r",
             "resume-after": escaped(text)}]


DECK = Deck(header_frames(), HAND)


def built(run, fields):
    """A frame from its fields, which are told apart from headers by their names."""
    headers = {name: value.replace("{group}", run.ground.group).replace("{pair}", run.ground.pairs[0])
               for name, value in fields.items() if name not in ("command", "body")}
    body = f'{{"conversationId":"{run.ground.pairs[0]}","content":"x"}}' if fields.get("body") else ""
    return stomp(fields["command"], headers, body)


@attack("stomp-headers", "a header of a STOMP frame is a boundary number, or none, with and without an errors queue")
async def headers(run):
    for about, is_first, frames in run.deal(DECK):
        run.say(f"{about} {list(frames[-1].values())[-1]!s:.40}")
        session = run.session(run.ground.users[0])
        if is_first:
            standard = {"accept-version": "1.2", "heart-beat": "0,0"}
            if await session.shake():
                await session.send(built(run, frames[0] if "accept-version" in frames[0] else standard | frames[0]))
        elif await session.open(**{"accept-version": run.dice.choice(["1.0", "1.1", "1.2"])}):
            if run.dice.random() < 0.7:
                await session.send(subscribe("e", "/user/queue/errors"))
            await session.send(*(built(run, frame) for frame in frames))
        typing = {"conversationId": run.ground.pairs[0], "typing": True}
        await session.send(send("/app/chat.typing", typing, receipt="z"))
        await session.receive("RECEIPT", 0.15)
        await session.peer.leave(run.way(), 0.03)


def body_frames(pair, file, message):
    good = {
        "/app/chat.send": {"conversationId": f'"{pair}"', "content": '"x"', "messageType": '"TEXT"',
                           "clientMessageId": '"x"', "fileId": f'"{file}"'},
        "/app/chat.edit": {"conversationId": f'"{pair}"', "messageId": str(message), "content": '"x"'},
        "/app/chat.delete": {"conversationId": f'"{pair}"', "messageId": "1"},
        "/app/chat.delivered": {"conversationId": f'"{pair}"', "messageId": "1"},
        "/app/chat.read": {"conversationId": f'"{pair}"', "messageId": "1"},
        "/app/auth.refresh": {"token": '"x"'},
        "/app/chat.typing": {"conversationId": f'"{pair}"', "typing": "true"},
    }
    values = [value for value in boundaries.json_values() if len(value) < 20_000]
    for destination, members in good.items():
        for member in members:
            for value in values:
                yield destination, raw(members | {member: value})
            yield destination, raw({name: text for name, text in members.items() if name != member})
        for value in values:
            yield destination, value


def raw(members):
    return "{" + ",".join(f'"{name}":{value}' for name, value in members.items()) + "}"


BODY_DECKS = {}


@attack("stomp-bodies", "a member of a STOMP body is a boundary number, has another type, or is missing")
async def bodies(run):
    ground = run.ground
    if not BODY_DECKS:
        BODY_DECKS[0] = Deck(body_frames(ground.pairs[0], ground.small_file, ground.message), BODIES)
    session = None
    for number, (destination, body) in enumerate(run.deal(BODY_DECKS[0])):
        if session is None or not session.peer.is_open:
            session = run.session(ground.users[0])
            await session.open()
            await session.send(subscribe("e", "/user/queue/errors"))
        run.say(f"{destination} {body[:60]}")
        data = body.encode("utf-8", "replace")
        await session.send(stomp("SEND", {"destination": destination, "receipt": str(number)}, data))
        await session.listen(0.05)
    await session.drain(0.5)


@attack("stomp-acks", "ACKs and NACKs of what was never sent, and twice, in each mode and version")
async def acks(run):
    session = run.session(run.ground.users[0])
    version = run.dice.choice(["1.0", "1.1", "1.2"])
    await session.open(**{"accept-version": version})
    await session.send(subscribe("e", "/user/queue/errors"))
    mode = run.dice.choice(["client", "client-individual"])
    run.say(f"{mode} {version}")
    await session.send(subscribe("s", topic(run.ground.loud), ack=mode, resume_after="0"))
    ids = []
    for _ in range(40):
        if (said := await session.receive("MESSAGE", 0.5)) and said.headers.get("message-id"):
            ids.append((said.headers.get("ack") or said.headers["message-id"], said.headers["message-id"]))
    conversation = run.ground.loud
    strange = [f"{conversation}.{run.dice.choice(boundaries.NUMBERS[:21])}" for _ in range(20)]
    for ack, message in run.dice.sample(ids * 3 + [(one, one) for one in strange], min(60, len(ids) * 3 + 20)):
        command = run.dice.choice(["ACK", "ACK", "NACK"])
        await session.send(stomp(command, {"id": ack, "message-id": message, "subscription": "s"}))
    await session.drain(0.5)
    await session.peer.leave(run.way(), 0.05)


@attack("stomp-connect", "CONNECT again and again with heart-beats of boundary lengths, then silence")
async def connects(run):
    for _ in range(4):
        beat = ",".join(str(run.dice.choice([0, 1, 10, 2**31 - 1, 2**32 - 1, 2**63 - 1])) for _ in range(2))
        run.say(f"heart-beat:{beat}")
        session = run.session(run.user("beat"))
        if await session.shake():
            await session.send(connect(**{"heart-beat": beat}))
            await session.drain(0.4)
        await session.peer.leave(run.way(), 0.05)
