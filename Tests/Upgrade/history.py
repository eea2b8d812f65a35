"""Who reads the history by REST, and what a page has to have."""

import asyncio
import math

import rest

PAUSE = (0.2, 1.0)
LIMIT = 200


def faults_of_page(items, low, high, acknowledged, changes):
    """What is wrong with a page, newest first, that has to have everything from `low` to `high`.

    `acknowledged` has the name of every message that was acknowledged before the page was asked for, by id; `changes`
    the content of those that were changed, None for deleted ones.
    """
    ids = [item["id"] for item in items]
    found = []
    if any(one <= other for one, other in zip(ids, ids[1:])):
        found.append("is out of order, or has something twice")
    missing = {id for id in acknowledged if low <= id <= high} - set(ids)
    if missing:
        found.append(f"lacks {len(missing)} messages, first {min(missing)} ({acknowledged[min(missing)]})")
    for item in items:
        id, name = item["id"], acknowledged.get(item["id"])
        if name and item["clientMessageId"] != name:
            found.append(f"has {item['clientMessageId']} as {id}, acknowledged is {name}")
        if id in changes and (item["isDeleted"], item["content"]) != (changes[id] is None, changes[id] or ""):
            found.append(f"has {item['content']!r} as {id}, which was changed to {changes[id]!r}")
    return found


class HistoryReader:
    """Reads a conversation's newest page and the one before it, through the balancer."""

    def __init__(self, world, user, dice, conversation, writers):
        self.world, self.user, self.dice, self.conversation = world, user, dice, conversation
        self.writers = writers
        self.pages = 0

    async def run(self):
        while not self.world.is_over:
            lowest = await self.look(math.inf)
            if lowest:
                await self.look(lowest)
            await asyncio.sleep(self.dice.uniform(*PAUSE))

    async def look(self, before):
        """Reads a page and checks it; where it goes on."""
        acknowledged = {
            id: name for one in self.writers for name, id in one.writing.acknowledged.items() if id < before}
        changes = self.changes()
        query = f"limit={LIMIT}" + ("" if before == math.inf else f"&before={before}")
        path = f"/api/conversations/{self.conversation}/messages?{query}"
        answer = await rest.call(self.world, self.dice.choice(self.world.gateways), "GET", path, self.user)
        if answer.status != 200:
            return None
        self.pages += 1
        page = answer.json
        low = page["items"][-1]["id"] if page["nextBefore"] else 0
        # What has been changed again meanwhile may be shown in either state.
        now = self.changes()
        settled = {id: text for id, text in changes.items() if id in now and now[id] == text}
        for fault in faults_of_page(page["items"], low, before, acknowledged, settled):
            self.world.violations.append(f"a page of {self.conversation} before {before} {fault}")
        return page["nextBefore"]

    def changes(self):
        """The changes that nothing is on its way to replace."""
        return {
            id: text for one in self.writers for id, text in one.writing.changes.items() if id not in one.changing}
