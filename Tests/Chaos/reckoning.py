"""The end of a run: everybody gets what is his, then the records are held against the promises."""

import asyncio
import csv

import checks
import promises
from crowd import Leaver, Repeater
from members import Admin, Guest
from records import Row
from stores import query as ask
from stores import redis
from waiting import wait_until
from writers import Writer

ROWS = """copy (select conversation_id, id, last_event_id, sender_id, client_message_id, content, is_deleted,
    coalesce(duplicate_of, 0) from messages) to stdout (format csv)"""
NEWEST = "select conversation_id, max(last_event_id) from messages group by 1"


def query(world, sql):
    return ask(world, sql, patience=600)


def stored_rows(world):
    return [
        Row(conversation, int(id), int(last), sender, name, content, is_deleted == "t", int(duplicate_of))
        for conversation, id, last, sender, name, content, is_deleted, duplicate_of
        in csv.reader(query(world, ROWS).splitlines())
    ]


def dead_letters(world):
    keys = [key for key in redis(world, "KEYS", "*:dead") if key]
    return sum(int(redis(world, "XLEN", key)[0]) for key in keys)


async def settle(world):
    """Nobody writes anything new, until all that was written is answered, stored and heard, as far as it ever will."""
    world.is_closing = True
    writers = world.those(Writer)
    if not await wait_until(lambda: not any(writer.waiting or writer.changing for writer in writers), 120):
        world.violations.append("messages are still not acknowledged 120 s after the last fault")
    if not await wait_until(lambda: all(admin.is_done for admin in world.those(Admin)), 60):
        world.violations.append("members still can't be changed 60 s after the last fault")
    count = sum(len(writer.writing.acknowledged) for writer in writers)
    # A change whose gateway died is announced by another one, after a while.
    await wait_until(lambda: int(query(world, "select count(*) from announcements")) == 0, 60)
    await wait_until(lambda: int(query(world, "select count(*) from messages")) >= count, 120)
    await wait_until(lambda: all_heard(world), 60)
    world.is_over = True
    await asyncio.wait(world.tasks, timeout=20)
    for task in world.tasks:
        task.cancel()


def all_heard(world):
    newest = dict(line.split("|") for line in query(world, NEWEST).splitlines())
    hearings = [hearing for hearer in world.hearers() for hearing in hearer.hearings]
    return all(max(one.events, default=0) >= int(newest.get(one.conversation, 0)) for one in hearings)


def reckon(world):
    """Adds what the checks find to the violations; returns counts for the table."""
    rows = stored_rows(world)
    writers, guests = world.those(Writer), world.those(Guest)
    writings = [writer.writing for writer in writers]
    hearings = [hearing for hearer in world.hearers() for hearing in hearer.hearings]
    world.violations += checks.stored_once(writings, rows) + checks.changed(writings, rows)
    world.violations += checks.heard_all(hearings, rows) + checks.heard_truth(hearings, rows)
    world.violations += checks.in_order(hearings)
    world.violations += checks.heard_nothing_foreign([guest.presence for guest in guests])
    repeats = [repeat for repeater in world.those(Repeater) for repeat in repeater.repeats]
    world.violations += promises.repeats_found(repeats, rows)
    letters = dead_letters(world)
    if letters:
        world.violations.append(f"{letters} entries became dead letters")
    if world.unrecovered:
        world.violations.append(f"{world.unrecovered} resumptions were answered by recovered:false")
    return {
        "messages acknowledged": sum(len(writing.acknowledged) for writing in writings),
        "edits and deletes acknowledged": sum(len(writing.changes) for writing in writings),
        "messages stored": sum(not row.duplicate_of for row in rows),
        "of them given up by their writers, or the server's own": sum(not row.duplicate_of for row in rows)
        - sum(len(writing.acknowledged) for writing in writings),
        "stored with `duplicate_of`": sum(row.duplicate_of != 0 for row in rows),
        "events heard by those who stay or resume": sum(len(hearing.events) for hearing in hearings),
        "of them repeats, revealed by their ids": sum(len(one.events) - len(set(one.events)) for one in hearings),
        "members added and removed": sum(admin.changes for admin in world.those(Admin)),
        "events heard by guests": sum(len(guest.presence.heard_at) for guest in guests),
        "connections": sum(getattr(person, "connections", 0) for person in world.people),
        "refused, `try-later`": world.refusals["try-later"],
        "answered `outcome-unknown`": world.refusals["outcome-unknown"],
        "old messages sent again": len(repeats),
        "of them taken for new ones at first": sum(repeat.answered != repeat.original for repeat in repeats),
        "clients that left with everything unread": sum(leaver.times for leaver in world.those(Leaver)),
        "queues told to read the history, after a clock had jumped": world.told,
        "fillings that filled no stream": world.unfilled,
    }
