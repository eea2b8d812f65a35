"""Who is put out in the very moment: members with two subscriptions, ended sessions, revoked tokens."""

import asyncio
import json

from attack import attack
from stomp_wire import stomp, subscribe, topic

QUEUES = ["/user/queue/messages", "/user/queue/conversations", "/user/queue/receipts", "/user/queue/acks"]
MEMBERS = 4
# Of one member, where one moment has to be met.
SESSIONS = 16


async def group(run, admin, members):
    caller = run.caller()
    answer = await caller.call(
        "POST", "/api/conversations", run.token(admin), {"type": "GROUP", "participantIds": members, "title": "racing"})
    return json.loads(answer.body)["id"] if answer and answer.status == 201 else None


def twice(run, conversation):
    """Two subscriptions in one room, seldom with a queue for errors: without it a refusal ends the session."""
    second = topic(conversation, typing=run.dice.random() < 0.5)
    frames = [subscribe("a", topic(conversation), receipt="a"), subscribe("b", second, receipt="b")]
    if run.dice.random() < 0.15:
        frames.insert(0, subscribe("e", "/user/queue/errors"))
    if run.dice.random() < 0.3:
        frames.append(subscribe("q", run.dice.choice(QUEUES)))
    run.dice.shuffle(frames)
    return frames


async def prepared(run):
    """A group, and a session of each member somewhere."""
    admin = run.user("admin")
    members = [run.user("member", number) for number in range(MEMBERS)]
    conversation = await group(run, admin, members)
    sessions = []
    for member in members:
        run.move()
        session = run.session(member)
        if conversation and await session.open():
            sessions.append((member, session))
    return admin, conversation, sessions


async def leave(run, conversation, member, by):
    run.move()
    caller = run.caller()
    await caller.call("DELETE", f"/api/conversations/{conversation}/participants/{member}", run.token(by))


async def put_out(run, leaves):
    """Subscribes and puts out: one after the other, or both at once with a moment of the dice's between."""
    admin, conversation, sessions = await prepared(run)
    for member, session in sessions:
        races = run.dice.random() < 0.5
        run.say("racing" if races else "one after the other")
        frames = twice(run, conversation)
        by = member if leaves else admin
        if races:
            shift = run.dice.uniform(-0.01, 0.02)
            await asyncio.gather(
                later(max(0, -shift), session.send(*frames, together=run.dice.random() < 0.5)),
                later(max(0, shift), leave(run, conversation, member, by)))
        else:
            await session.send(*frames)
            for _ in range(2):
                await session.receive("RECEIPT", 1)
            await leave(run, conversation, member, by)
        await session.drain(0.4)
        await session.peer.leave(run.way(), 0.02)


async def later(seconds, what):
    await asyncio.sleep(seconds)
    await what


@attack("removed", "an admin removes members who hold two subscriptions of the room and no errors queue")
async def removed(run):
    await put_out(run, leaves=False)


@attack("leaving-member", "members leave while they hold two subscriptions of the room and no errors queue")
async def leaving(run):
    await put_out(run, leaves=True)


async def end_sessions(run, end):
    """Ends sessions by `end(member, session)` in the moment they subscribe."""
    admin, conversation, sessions = await prepared(run)
    for member, session in sessions:
        frames = twice(run, conversation) + [subscribe(f"q{number}", queue) for number, queue in enumerate(QUEUES)]
        shift = run.dice.uniform(-0.02, 0.05)
        run.say(f"{shift * 1000:.0f} ms apart")
        await asyncio.gather(
            later(max(0, -shift), session.send(*frames, together=run.dice.random() < 0.5)),
            later(max(0, shift), end(member, session)))
    for _, session in sessions:
        await session.drain(1.5)
        await session.peer.leave(run.way(), 0.02)


@attack("ended-by-operator", "an operator ends sessions by DELETE /api/admin/sessions in the moment they subscribe")
async def ended(run):
    async def end(member, session):
        run.move()
        await run.caller().call("DELETE", f"/api/admin/sessions/{session.id}", run.ground.admin)
    await end_sessions(run, end)


@attack("revoked", "parley revoke takes the tokens of sessions in the moment they subscribe")
async def revoked(run):
    async def end(member, session):
        command, environment = run.world.setup.parley("revoke", "--user", member)
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL)
        code = await process.wait()
        run.tally.ends["parley revoke failed"] += code != 0
    await end_sessions(run, end)


@attack("coming-and-going", "an admin adds and removes one member again and again while he subscribes and unsubscribes")
async def coming(run):
    admin, conversation, sessions = await prepared(run)
    if not sessions:
        return
    member, session = sessions[0]
    run.say("one member")
    target = f"/api/conversations/{conversation}/participants"

    async def change():
        caller = run.caller()
        for _ in range(12):
            await caller.call("DELETE", f"{target}/{member}", run.token(admin))
            await caller.call("POST", target, run.token(admin), {"userId": member})

    async def come():
        nonlocal session
        for _ in range(40):
            if not session.peer.is_open:
                session = run.session(member)
                if not await session.open():
                    return
            await session.send(*twice(run, conversation))
            await session.listen(run.dice.uniform(0, 0.05))
    await asyncio.gather(change(), come())
    await session.peer.leave(run.way(), 0.02)


@attack("removed-while-subscribing",
        "members are put out while each of their sessions subscribes and unsubscribes a queue, one frame at a time")
async def subscribing(run):
    """A SUBSCRIBE takes its time, and its session may end between the frame and its first step: so there are many of them."""
    admin = run.user("admin")
    members = [run.user("member", number) for number in range(MEMBERS)]
    conversation = await group(run, admin, members)
    if not conversation:
        return
    for member in members:
        run.move()
        sessions = [run.session(member) for _ in range(SESSIONS)]
        sessions = [session for session in sessions if await session.open()]
        for session in sessions:
            await session.send(subscribe("t", topic(conversation), receipt="t"))
            await session.receive("RECEIPT")
        run.say(f"{len(sessions)} sessions")
        await asyncio.gather(
            later(run.dice.uniform(0.02, 0.06), leave(run, conversation, member, admin)),
            *(back_and_forth(session, run.dice.choice(QUEUES[1:3])) for session in sessions))
        for session in sessions:
            await session.peer.leave(run.way(), 0)


async def back_and_forth(session, queue):
    """Each frame when the one before is answered, so that the server reads it by itself."""
    for number in range(200):
        if not session.peer.is_open:
            return
        await session.send(subscribe(f"q{number}", queue, receipt="on"))
        if not await session.receive("RECEIPT", 0.2):
            return
        await session.send(stomp("UNSUBSCRIBE", {"id": f"q{number}", "receipt": "off"}))
        if not await session.receive("RECEIPT", 0.2):
            return
