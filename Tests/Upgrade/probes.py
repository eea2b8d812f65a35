"""What has to get from one gateway to another: each is tried from `here` to `there`, between users who are there."""

import asyncio
import contextlib

from client import PATIENCE, Forbidden, Unheard
from people import content

# By what is tried, in the order in which it is.
PROBES = {}
# What can only be tried when something has rested for long enough.
SOMETIMES = {"a conversation that has rested"}

TYPING_PAUSE = 2.1
# How many messages are written while a user is away.
MISSED = 3


def probe(kind):
    def register(function):
        PROBES[kind] = function
        return function
    return register


def of(id, event="message"):
    """The event of a message."""
    return lambda heard: heard.body["id"] == id and heard.headers["event"] == event


def expect(is_so, what):
    if not is_so:
        raise Unheard(what)


@probe("message to a group")
async def group_message(scene):
    sent = await scene.send(scene.writer, scene.alice, scene.group)
    heard = await scene.hearer.hear("topic", "the message", of(sent.id))
    expect(heard.body["content"] == sent.content, f"the content was {heard.body['content']!r}")


@probe("direct message")
async def direct_message(scene):
    """On the queue, and on the topic."""
    sent = await scene.send(scene.writer, scene.alice, scene.direct)
    for client, subscription in ((scene.hearer, "queue"), (scene.device, "direct")):
        heard = await client.hear(subscription, f"the message on the {subscription}", of(sent.id))
        expect(heard.body["content"] == sent.content, f"the content was {heard.body['content']!r}")


@probe("direct message to a user who isn't there")
async def undelivered(scene):
    """It waits for a user whom neither gateway knows yet."""
    friend = scene.new_user()
    answer = await scene.rest("here", "POST", "/api/conversations", scene.alice,
                              {"type": "DIRECT", "participantIds": [scene.alice, friend]})
    expect(answer.status == 201, f"creating was answered by {answer.status}")
    sent = await scene.send(scene.writer, scene.alice, answer.json["id"])
    async with scene.client("there", friend) as client:
        await client.subscribe("/user/queue/messages", "queue")
        await client.hear("queue", "what was undelivered", of(sent.id))


@probe("edit")
async def edit(scene):
    """Of what was written at the other gateway."""
    sent = await scene.send(scene.device, scene.alice, scene.group)
    text = content(sent.name, "edited")
    body = {"conversationId": scene.group, "messageId": sent.id, "content": text}
    await scene.writer.command("/app/chat.edit", body)
    scene.changed(scene.alice, scene.group, sent.id, text)
    heard = await scene.hearer.hear("topic", "the edit", of(sent.id, "edited"))
    expect(heard.body["content"] == text, f"the content was {heard.body['content']!r}")


@probe("delete")
async def delete(scene):
    sent = await scene.send(scene.device, scene.alice, scene.direct)
    await scene.writer.command("/app/chat.delete", {"conversationId": scene.direct, "messageId": sent.id})
    scene.changed(scene.alice, scene.direct, sent.id, None)
    heard = await scene.hearer.hear("queue", "the delete", of(sent.id, "deleted"))
    expect(heard.body["isDeleted"] and not heard.body["content"], f"it said {heard.body}")


@probe("typing")
async def typing(scene):
    """May be dropped, and is told once per two seconds: tried until it is heard."""
    for is_typing in (True, False):
        body = {"conversationId": scene.group, "typing": is_typing}
        for attempt in range(round(PATIENCE / TYPING_PAUSE)):
            await scene.writer.command("/app/chat.typing", body)
            with contextlib.suppress(Unheard):
                await scene.hearer.hear("typing", "", lambda heard: heard.body["typing"] == is_typing, TYPING_PAUSE)
                break
        else:
            raise Unheard(f"typing:{str(is_typing).lower()} wasn't heard")


def receipt(scene, conversation, field, id):
    return lambda heard: heard.body["conversationId"] == conversation and heard.body["userId"] == scene.alice \
        and heard.body[field] >= id


async def moved(scene, conversation):
    """`alice` gets and reads at this gateway what `bob` has written at the other, who hears of it there."""
    sent = await scene.send(scene.hearer, scene.bob, conversation)
    for destination, field in (("delivered", "lastDeliveredMessageId"), ("read", "lastReadMessageId")):
        await scene.writer.command(f"/app/chat.{destination}", {"conversationId": conversation, "messageId": sent.id})
        told = receipt(scene, conversation, field, sent.id)
        await scene.hearer.hear("receipts", f"{destination} up to {sent.id}", told)
    return sent.id


@probe("receipts of a group")
async def group_receipts(scene):
    await moved(scene, scene.group)


@probe("receipts of a direct conversation")
async def direct_receipts(scene):
    id = await moved(scene, scene.direct)
    # The reader's own device at the other gateway takes it for read, too.
    await scene.device.hear("notices", "read", lambda heard: heard.body["event"] == "read"
                            and heard.body["conversation"]["id"] == scene.direct
                            and heard.body["conversation"]["lastReadMessageId"] >= id)


def notice(event, conversation):
    return lambda heard: heard.body["event"] == event and heard.body["conversation"]["id"] == conversation


@probe("notice: created")
async def created(scene):
    scene.fresh = None
    answer = await scene.rest("here", "POST", "/api/conversations", scene.alice,
                              {"type": "GROUP", "participantIds": [scene.alice, scene.bob]})
    expect(answer.status == 201, f"creating was answered by {answer.status}")
    scene.fresh = answer.json["id"]
    await scene.hearer.hear("notices", "created", notice("created", scene.fresh))
    await scene.hearer.subscribe(f"/topic/conversation/{scene.fresh}", "fresh")


async def change(scene, method, path, body=None):
    expect(scene.fresh is not None, "there is no group to change")
    answer = await scene.rest("here", method, f"/api/conversations/{scene.fresh}/{path}", scene.alice, body)
    expect(answer.status == 200, f"{method} {path} was answered by {answer.status}")


@probe("notices: added, removed")
async def members(scene):
    """And who was removed hears nothing more."""
    async with scene.client("there", scene.carol) as guest:
        await guest.subscribe("/user/queue/conversations", "notices")
        await change(scene, "POST", "participants", {"userId": scene.carol})
        await guest.hear("notices", "added", notice("added", scene.fresh))
        await scene.hearer.hear("fresh", "joined", lambda heard: heard.body["content"] == f"joined {scene.carol}")
        await guest.subscribe(f"/topic/conversation/{scene.fresh}", "topic")
        sent = await scene.send(scene.writer, scene.alice, scene.fresh)
        await guest.hear("topic", "the message to the new member", of(sent.id))
        await change(scene, "DELETE", f"participants/{scene.carol}")
        sent = await scene.send(scene.writer, scene.alice, scene.fresh)
        # Beside the guest, at the same gateway.
        await scene.hearer.hear("fresh", "the message to those who stay", of(sent.id))
        await guest.hear("notices", "removed", notice("removed", scene.fresh))
        await guest.hear("errors", "the end of the subscription", lambda heard: heard.body["code"] == "not-found")
        if guest.has("topic", of(sent.id)):
            raise Forbidden(f"{scene.carol} heard what was sent to {scene.fresh} after the removal")


@probe("notices: archived, unarchived")
async def archived(scene):
    for event in ("archived", "unarchived"):
        await change(scene, "POST", event.removesuffix("d"))
        await scene.hearer.hear("notices", event, notice(event, scene.fresh))
        await scene.hearer.hear("fresh", f"that it is {event}", lambda heard: heard.body["content"] == event)
    sent = await scene.send(scene.device, scene.alice, scene.fresh)
    await scene.hearer.hear("fresh", "a message after that", of(sent.id))


@probe("resume on a topic")
async def topic_resumed(scene):
    """Away after a position that one gateway gave; back at the other."""
    topic = f"/topic/conversation/{scene.group}"
    async with scene.client("here", scene.bob) as before:
        head = (await before.subscribe(topic, "topic"))["head"]
    sent = [await scene.send(scene.writer, scene.alice, scene.group) for _ in range(MISSED)]
    async with scene.client("there", scene.bob) as after:
        headers = await after.subscribe(topic, "topic", resume_after=head)
        expect(headers["recovered"] == "true", "the position of the other gateway was answered by recovered:false")
        heard = [await after.hear("topic", "what was missed", lambda heard: True) for _ in sent]
        expect([one.body["id"] for one in heard] == [one.id for one in sent], "something else was replayed")


@probe("resume on the user's queue")
async def queue_resumed(scene):
    async with scene.client("here", scene.bob) as before:
        position = (await before.subscribe("/user/queue/messages", "queue"))["position"]
    sent = [await scene.send(scene.writer, scene.alice, scene.direct) for _ in range(MISSED)]
    async with scene.client("there", scene.bob) as after:
        headers = await after.subscribe("/user/queue/messages", "queue", resume_after=position)
        expect(headers["recovered"] == "true", "the position of the other gateway was answered by recovered:false")
        # A few seconds before the position come again.
        for one in sent:
            await after.hear("queue", "what was missed", of(one.id))


@probe("a repeated clientMessageId")
async def repeated(scene):
    sent = await scene.send(scene.writer, scene.alice, scene.direct)
    body = {"conversationId": scene.direct, "content": sent.content, "clientMessageId": sent.name}
    headers = await scene.device.command("/app/chat.send", body)
    expect(scene.id(headers) == sent.id, f"{sent.id} was stored again, as {scene.id(headers)}")


async def until_same(scene, path, view, is_right, what):
    """Both gateways answer the same, in the end: cursors move while one asks. `view` is what is compared."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while True:
        answers = [await scene.rest(place, "GET", path, scene.bob) for place in ("here", "there")]
        views = [view(answer.json) if answer.status == 200 else answer.status for answer in answers]
        if views[0] == views[1] and is_right(views[0]):
            return
        if asyncio.get_running_loop().time() > deadline:
            raise Unheard(f"{what}: {str(views[0])[:300]} and {str(views[1])[:300]}")
        await asyncio.sleep(0.1)


STATE = ("id", "eventId", "senderId", "content", "clientMessageId", "file", "editedAt", "isDeleted", "status")


@probe("history")
async def history(scene):
    sent = await scene.send(scene.writer, scene.alice, scene.group)
    await until_same(
        scene, f"/api/conversations/{scene.group}/messages?limit=200",
        lambda page: [[item[name] for name in STATE] for item in page["items"]],
        lambda items: isinstance(items, list) and items[0][0] == sent.id, "the histories differ")


@probe("unread messages")
async def unread(scene):
    first = await scene.send(scene.writer, scene.alice, scene.direct)
    await scene.hearer.command("/app/chat.read", {"conversationId": scene.direct, "messageId": first.id})
    last = [await scene.send(scene.writer, scene.alice, scene.direct) for _ in range(2)][-1]

    def direct(page):
        return [(item["unread"], item["lastMessage"]["id"]) for item in page["items"] if item["id"] == scene.direct]

    await until_same(
        scene, "/api/conversations?limit=50", direct, lambda found: found == [(2, last.id)], "not two unread messages")


@probe("file")
async def file(scene):
    bytes = content("file").encode() * 1000
    path = f"/api/files?conversationId={scene.group}&fileName=a.txt"
    answer = await scene.rest("here", "POST", path, scene.alice, bytes)
    expect(answer.status == 201, f"the upload was answered by {answer.status}")
    uploaded = answer.json["fileId"]
    sent = await scene.send(scene.device, scene.alice, scene.group, fileId=uploaded)
    heard = await scene.hearer.hear("topic", "the message with the file", of(sent.id))
    expect(heard.body["file"]["fileId"] == uploaded, f"its file is {heard.body['file']}")
    answer = await scene.rest("there", "GET", f"/api/files/{uploaded}", scene.bob)
    expect((answer.status, answer.content) == (200, bytes), f"the file was answered by {answer.status}")
    # It goes with its message.
    await scene.writer.command("/app/chat.delete", {"conversationId": scene.group, "messageId": sent.id})
    scene.changed(scene.alice, scene.group, sent.id, None)
    await scene.hearer.hear("topic", "the delete of the message with the file", of(sent.id, "deleted"))
    answer = await scene.rest("there", "GET", f"/api/files/{uploaded}", scene.bob)
    expect(answer.status == 404, f"the deleted file was answered by {answer.status}")


@probe("ticket")
async def ticket(scene):
    answer = await scene.rest("here", "POST", "/api/tickets", scene.bob)
    expect(answer.status == 201, f"a ticket was answered by {answer.status}")
    async with scene.client("there", scene.bob, ticket=answer.json["ticket"]):
        pass


@probe("session ended by an operator")
async def ended(scene):
    async with scene.client("there", scene.bob) as client:
        path = "/api/admin/sessions"
        answer = await scene.rest("here", "GET", f"{path}?user={scene.bob}", scene.alice, role="admin")
        sessions = [item["id"] for item in answer.json["items"]] if answer.status == 200 else []
        expect(client.session in sessions, f"the sessions were answered by {answer.status} {answer.content[:200]!r}")
        answer = await scene.rest("here", "DELETE", f"{path}/{client.session}", scene.alice, role="admin")
        expect(answer.status == 204, f"ending the session was answered by {answer.status}")
        await client.closed(4403)


@probe("token revoked by an operator")
async def revoked(scene):
    user = scene.new_user()
    async with scene.client("there", user) as client:
        # By the older or newer operator's command.
        await scene.parley("here", "revoke", "--user", user)
        await client.closed(4401)


@probe("a conversation that has rested")
async def rested(scene):
    """Redis has forgotten it: what one build has written into PostgreSQL, the other reads."""
    group = await scene.forgotten()
    if group is None:
        return False
    path = f"/api/conversations/{group.conversation}/messages?limit=200"
    answer = await scene.rest("there", "GET", path, scene.bob)
    expect(answer.status == 200, f"its history was answered by {answer.status}")
    stored = {item["id"] for item in answer.json["items"]}
    expect(stored >= set(group.ids), f"{sorted(set(group.ids) - stored)} are missing in its history")
    await scene.hearer.subscribe(f"/topic/conversation/{group.conversation}", "rested", resume_after=group.ids[0])
    sent = await scene.send(scene.writer, scene.alice, group.conversation)
    await scene.hearer.hear("rested", "a message to it", of(sent.id))


ALWAYS = [kind for kind in PROBES if kind not in SOMETIMES]
