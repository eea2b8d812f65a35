"""WebSocket itself, wrong: lengths, opcodes, reserved bits, masks, close codes, fragments, and what isn't deflate."""

import zlib

import boundaries
import websocket_wire
from attack import attack
from boundaries import in_header
from dice import Deck
from stomp_wire import connect, send
from websocket_wire import BINARY, CLOSE, PING, PONG, TEXT, frame

HAND = 10
LENGTHS = [0, 1, 125, 126, 127, 65_535, 65_536, 65_537, 2**31 - 1, 2**31, 2**32, 2**53, 2**63 - 1, 2**63, 2**64 - 1]
CODES = [0, 1, 999, *range(1000, 1018), 1100, 2000, 2999, 3000, 3999, 4000, 4401, 4999, 5000, 32_767, 32_768, 65_535]


def wrong_frames():
    """(about, bytes)"""
    for says in LENGTHS:
        for size in (0, 2, 8):
            for opcode in (TEXT, BINARY, PING, CLOSE, 0):
                yield f"opcode {opcode}, {says} in {size} bytes", frame(opcode, b"x" * 20, says=says, size=size)
    for opcode in range(16):
        for reserved in range(8):
            yield f"opcode {opcode}, reserved {reserved}", frame(opcode, b"\x03\xe8", reserved=reserved)
        yield f"opcode {opcode} without fin", frame(opcode, b"\x03\xe8", fin=False) * 2
        yield f"opcode {opcode} without mask", frame(opcode, b"\x03\xe8", mask=None)
        yield f"opcode {opcode} empty, unmasked", frame(opcode, mask=None)
    for code in CODES:
        yield f"close {code}", frame(CLOSE, code.to_bytes(2, "big"))
        yield f"close {code} twice, with words", frame(CLOSE, code.to_bytes(2, "big") + b"words") * 2
    words = (b"x" * 123, b"x" * 124, b"\xff\xfe", b"\xed\xa0\x80")
    for payload in (b"", b"\x03", *(b"\x03\xe8" + word for word in words)):
        yield f"close {len(payload)} bytes", frame(CLOSE, payload) + frame(TEXT, b"behind the close")
    for count in (0, 1, 125, 126, 1_000, 65_535, 65_536):
        yield f"ping of {count}", frame(PING, b"p" * count)
        yield f"pong of {count}", frame(PONG, b"p" * count)


def fragments():
    text = connect()
    yield "byte by byte", b"".join(frame(0 if at else TEXT, text[at : at + 1], fin=False) for at in range(len(text)))
    yield "empty ones", frame(TEXT, fin=False) + frame(0, fin=False) * 5_000 + frame(0, text)
    yield "two at once", frame(TEXT, b"a", fin=False) + frame(TEXT, b"b")
    yield "continued nothing", frame(0, b"a")
    yield "continued the end", frame(TEXT, text) + frame(0, b"a")
    yield "pings between", frame(TEXT, text[:5], fin=False) + frame(PING, b"p") * 500 + frame(0, text[5:])
    yield "a fragmented ping", frame(PING, b"a", fin=False) + frame(0, b"b")
    yield "close between", frame(TEXT, text[:5], fin=False) + frame(CLOSE, b"\x03\xe8") + frame(0, text[5:])
    yield "more than a message", (frame(TEXT, b"x" * 60_000, fin=False) + frame(0, b"x" * 60_000, fin=False) * 20)
    yield "half a letter", frame(TEXT, b"\xf0\x9f", fin=False) + frame(0, b"\x98")
    yield "no UTF-8", frame(TEXT, b"\xff\xfe\xc0\x80")
    yield "a surrogate", frame(TEXT, b"\xed\xa0\x80")
    yield "a text of nothing", frame(TEXT) * 2_000
    yield "line ends", frame(TEXT, b"\n" * 60_000)
    yield "NULs", frame(TEXT, b"\0" * 60_000)
    yield "no end", frame(TEXT, b"SEND\n" + b"a:b\n" * 12_000) * 2


WRONG = Deck([*wrong_frames(), *fragments()], HAND)


@attack("websocket-frames", "frames with wrong lengths, opcodes, bits, masks, close codes and fragments")
async def frames(run):
    for about, data in run.deal(WRONG):
        run.say(about)
        session = run.session(run.ground.users[4])
        is_there = await session.open() if run.dice.random() < 0.5 else await session.shake()
        if not is_there:
            continue
        run.tally.requests += 1
        session.has_closed = "close" in about
        cut = run.dice.choice([len(data), len(data), run.dice.randrange(len(data))])
        await session.peer.send(data[:cut])
        await session.drain(0.2)
        await session.peer.leave(run.way(), 0.03)


def offers():
    for text in boundaries.NUMBERS[:45] + ["8", "9", "15", "16"]:
        value = in_header(text)
        for name in ("server_max_window_bits", "client_max_window_bits"):
            yield f"permessage-deflate; {name}={value}"
            yield f'permessage-deflate; {name}="{value}"'
    yield from (
        "permessage-deflate", "permessage-deflate; client_max_window_bits", "permessage-deflate, permessage-deflate",
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover", "permessage-deflate; unknown=1",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover", ";", ",", "=",
        "x-webkit-deflate-frame",
        "permessage-deflate;" * 300, "permessage-deflate; client_no_context_takeover=1")


def deflated(data):
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (machine.compress(data) + machine.flush(zlib.Z_SYNC_FLUSH))[:-4]


BOMB = deflated(b"\0" * 20_000_000)
OFFERS = Deck(offers(), 6)
AGREED = ["permessage-deflate", "permessage-deflate; client_max_window_bits",
          "permessage-deflate; client_no_context_takeover; server_no_context_takeover"]


def compressed(dice):
    """What may come under RSV1: good, cut off, spoilt, a bomb, nothing, or noise."""
    good = deflated(connect() + send("/app/chat.send", {"content": "x" * 500}))
    spoilt = bytearray(good)
    spoilt[dice.randrange(len(good))] ^= 1 << dice.randrange(8)
    return dice.choice([
        ("good", good), ("cut off", good[: dice.randrange(len(good))]), ("spoilt", bytes(spoilt)), ("empty", b""),
        ("noise", dice.randbytes(dice.randrange(1, 3_000))), ("a bomb", BOMB), ("zeros", b"\0" * 1_000),
        ("ends early", deflated(connect()) + b"\x03\x00" + b"x" * 100), ("only the end", b"\x00\x00\xff\xff")])


@attack("websocket-deflate", "offers of permessage-deflate with boundary numbers; garbage, bombs and halves under it")
async def deflate(run):
    # Most boundary offers aren't agreed on; what follows needs some that are.
    for offer in [*run.deal(OFFERS), *run.dice.choices(AGREED, k=8)]:
        session = run.session(run.ground.users[4])
        if not await session.shake([("Sec-WebSocket-Extensions", offer)]):
            continue
        for _ in range(4):
            about, data = compressed(run.dice)
            run.say(f"{offer[:60]}: {about}")
            run.tally.requests += 1
            if run.dice.random() < 0.5:
                await session.peer.send(frame(TEXT, data[:65_000], reserved=4))
            else:
                cut = run.dice.randrange(len(data) + 1)
                rest = frame(0, data[cut : cut + 65_000], reserved=run.dice.choice([0, 0, 4]))
                await session.peer.send(frame(BINARY, data[:cut], False, 4) + rest)
            await session.listen(0.1)
            if not session.peer.is_open:
                break
        await session.peer.leave(run.way(), 0.03)


VERSIONS = ("", "0", "7", "8", "12", "14", "255", "13, 8", "-13", "1e1")
KEYS = ("", "a", "x" * 24, "AAAAAAAAAAAAAAAAAAAAAA==" * 100, "AAAAAAAAAAAAAAAAAAAAAAA=", "\u00e4")
HANDSHAKES = [
    *([("Sec-WebSocket-Version", version)] for version in VERSIONS), *([("Sec-WebSocket-Key", key)] for key in KEYS),
    *([("Sec-WebSocket-Protocol", text)] for text in ("", ",".join(["v12.stomp"] * 500), "mqtt")),
    [("Upgrade", "h2c")], [("Upgrade", "websocket, h2c")], [("Connection", "keep-alive")],
    [("Connection", "Upgrade, close")], [("Content-Length", "5")], [("Transfer-Encoding", "chunked")],
    [("Origin", "null")], [("Origin", "x" * 5_000)]]


@attack("websocket-handshakes", "handshakes with wrong versions, keys, protocols and bodies, and frames behind them")
async def handshakes(run):
    for headers in run.dice.sample(HANDSHAKES, HAND):
        run.say(f"{headers[0][0]}: {headers[0][1][:40]}")
        peer = run.peer()
        await peer.open()
        run.tally.requests += 2
        target = run.dice.choice(["/ws", "/ws/websocket", "/ws?explain=1", "/ws/", "/ws/info"])
        token = run.token(run.ground.users[4]) if run.dice.random() < 0.7 else None
        await peer.send(websocket_wire.handshake(token, target, headers) + frame(TEXT, connect()) * 2)
        await peer.leave(run.dice.choice(["half and reading", run.way()]), 0.1)
