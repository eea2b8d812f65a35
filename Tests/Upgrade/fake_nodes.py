"""Two nodes that speak just enough STOMP for the probes' own tests; what one tells the other can be cut off."""

import contextlib
import json

from people import frame, parse
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

MESSAGE = ("content", "clientMessageId")


class FakeNodes:
    def __init__(self, names):
        # From whom to whom nothing gets.
        self.cut = set()
        self.sockets = {name: [] for name in names}
        self.urls = {}
        self.last = 0

    @contextlib.asynccontextmanager
    async def running(self):
        async with contextlib.AsyncExitStack() as stack:
            for name in self.sockets:
                server = await stack.enter_async_context(
                    serve(lambda socket, name=name: self.talk(socket, name), "127.0.0.1", 0))
                self.urls[name] = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            yield self

    async def talk(self, socket, name):
        subscriptions = {}
        self.sockets[name].append((socket, subscriptions))
        with contextlib.suppress(ConnectionClosed):
            async for text in socket:
                await self.answer(socket, name, subscriptions, *parse(text))

    async def answer(self, socket, name, subscriptions, command, headers, body):
        more = {}
        if command == "CONNECT":
            await socket.send(frame("CONNECTED", session="s"))
            return
        if command == "SUBSCRIBE":
            subscriptions[headers["destination"]] = headers["id"]
        else:
            more = await self.spread(name, headers["destination"], json.loads(body))
        await socket.send(frame("RECEIPT", receipt_id=headers["receipt"], **more))

    async def spread(self, name, destination, sent):
        """To all who listen at nodes that this one gets through to; the RECEIPT's headers."""
        conversation, is_typing = sent["conversationId"], destination == "/app/chat.typing"
        self.last += 1
        told = {"typing": sent["typing"]} if is_typing else {"id": self.last, **{key: sent[key] for key in MESSAGE}}
        topic = f"/topic/conversation/{conversation}" + ("/typing" if is_typing else "")
        for other, sockets in self.sockets.items():
            for socket, subscriptions in sockets:
                if topic in subscriptions and (name, other) not in self.cut:
                    heard = frame("MESSAGE", json.dumps(told), subscription=subscriptions[topic], event="message")
                    with contextlib.suppress(ConnectionClosed):
                        await socket.send(heard)
        return {} if is_typing else {"message_id": f"{conversation}.{self.last}"}
