"""A thousand at once, who come, take a seat and are gone together."""

import asyncio

from attack import attack
from stomp_wire import connect, subscribe, topic
from websocket_wire import TEXT, frame, handshake

CROWD = 1_000


@attack("a-thousand-at-once", "a thousand at once, silent, connected or subscribed, and gone together", heavy=True)
async def crowd(run):
    shape = run.dice.choice(["silent", "half a handshake", "connected", "subscribed"])
    run.say(f"{CROWD} {shape}")
    group = topic(run.ground.group)

    async def come(number):
        peer = run.peer(small=True)
        try:
            await peer.open()
        except ConnectionError:
            return
        data = handshake(run.ground.tokens[number % len(run.ground.tokens)])
        if shape == "half a handshake":
            data = data[: len(data) // 2]
        elif shape != "silent":
            data += frame(TEXT, connect())
            if shape == "subscribed":
                data += frame(TEXT, subscribe("s", group) + subscribe("q", "/user/queue/messages"))
        if shape != "silent":
            run.tally.requests += 1
            await peer.send(data)

    await asyncio.gather(*(come(number) for number in range(CROWD)))
    await asyncio.sleep(run.dice.choice([0, 0.3, 1]))
    ways = [run.dice.choice(["fin", "rst", "read, then rst"]) for _ in run.opened]
    await asyncio.gather(*(peer.leave(way, 0.2) for peer, way in zip(run.opened, ways)))


@attack("connect-storm", "connections that are reset before, during and behind the handshake", heavy=True)
async def storm(run):
    for number in range(200):
        run.say(f"connection {number}")
        peer = run.peer(small=True)
        await peer.open()
        data = handshake(run.ground.tokens[number % len(run.ground.tokens)]) + frame(TEXT, connect())
        run.tally.requests += 1
        await peer.send(data[: run.dice.randrange(len(data) + 1)])
        await peer.leave("rst" if run.dice.random() < 0.7 else "fin")
        if number % 20 == 0:
            run.move()
