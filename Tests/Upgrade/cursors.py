"""Delivered and read go forward only: in PostgreSQL, and in what REST answers."""

import asyncio
import csv

import rest
from reckoning import query

PAUSE = 1.0
CURSORS = """copy (select conversation_id, user_id, extract(epoch from joined_at), delivered_id, read_id
    from participants) to stdout (format csv)"""


class Forward:
    """Notes the places of cursors, and finds those that have gone backwards."""

    def __init__(self, source):
        self.source = source
        self.places = {}
        self.count = 0

    def note(self, key, place):
        """The violation, if it is one. `key` names a membership, `place` is what has been got and read."""
        self.count += 1
        before = self.places.get(key)
        self.places[key] = place
        if before and any(now < then for now, then in zip(place, before)):
            return f"cursors of {key} went from {before} to {place} in {self.source}"
        return None


def stored(world):
    """(conversation, user, when the membership began) → (delivered, read), as PostgreSQL has them."""
    return {tuple(row[:3]): (int(row[3]), int(row[4])) for row in csv.reader(query(world, CURSORS).splitlines())}


def unread_after_all(readers, places):
    """Everything that was acknowledged as read is read in PostgreSQL."""
    read = {key[:2]: place[1] for key, place in places.items()}
    return [
        f"{reader.user} has read {id} of {conversation}, PostgreSQL has {read.get((conversation, reader.user))}"
        for reader in readers for conversation, id in reader.read.items()
        if read.get((conversation, reader.user), 0) < id]


class CursorWatch:
    """Looks at all cursors again and again: in PostgreSQL, and through either gateway in a reader's conversations."""

    def __init__(self, world, readers):
        self.world, self.readers = world, readers
        self.in_postgres, self.in_list, self.in_one = map(Forward, ("PostgreSQL", "the list", "the conversation"))

    @property
    def count(self):
        return self.in_postgres.count + self.in_list.count + self.in_one.count

    def note(self, forward, key, place):
        if violation := forward.note(key, place):
            self.world.violations.append(violation)

    async def run(self):
        turn = 0
        while not self.world.is_over:
            for key, place in (await asyncio.to_thread(stored, self.world)).items():
                self.note(self.in_postgres, key, place)
            # All readers at one gateway, then all at the next.
            lap, place = divmod(turn, len(self.readers))
            urls = list(self.world.nodes.values())
            await self.look_at_list(self.readers[place], urls[lap % len(urls)])
            await self.look_at_one(self.readers[place], urls[lap % len(urls)])
            turn += 1
            await asyncio.sleep(PAUSE)

    async def look_at_list(self, reader, url):
        answer = await rest.call(self.world, url, "GET", "/api/conversations", reader.user)
        if answer.status != 200:
            return
        for item in answer.json["items"]:
            self.note_participants(self.in_list, item)

    async def look_at_one(self, reader, url):
        for hearing in reader.hearings:
            answer = await rest.call(self.world, url, "GET", f"/api/conversations/{hearing.conversation}", reader.user)
            if answer.status == 200:
                self.note_participants(self.in_one, answer.json)

    def note_participants(self, forward, conversation):
        for one in conversation["participants"]:
            key = conversation["id"], one["userId"], one["joinedAt"]
            self.note(forward, key, (one["lastReadMessageId"],))
