"""What was promised, held against the records. Each check returns the violations that it finds."""

import math
import pathlib
import subprocess
from bisect import bisect_right
from collections import Counter

ENDED_BY_ITSELF = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "lib" / "ended-by-itself"


def stored_once(writings, rows):
    """Every acknowledged message is in PostgreSQL under its id, and no message, acknowledged or not, is there twice."""
    stored, found = {}, []
    ids = Counter((row.conversation, row.id) for row in rows)
    found += [f"{key} is stored {count} times" for key, count in ids.items() if count > 1]
    for row in rows:
        if row.duplicate_of:
            continue
        key = row.conversation, row.sender, row.name
        if key in stored:
            found.append(f"{row.name} is stored twice, as {stored[key]} and {row.id}")
        stored[key] = row.id
    for writing in writings:
        for name, id in writing.acknowledged.items():
            has = stored.get((writing.conversation, writing.sender, name))
            if has != id:
                found.append(f"{name} was acknowledged as {id}, stored is {has}")
    return found


def changed(writings, rows):
    """What was acknowledged as edited or deleted is so; everything else has the content that was written."""
    changes = {(writing.conversation, id): content for writing in writings for id, content in writing.changes.items()}
    names = {(writing.conversation, id): name for writing in writings for name, id in writing.acknowledged.items()}
    found = []
    for row in rows:
        key = row.conversation, row.id
        content = changes.get(key, "")
        if key in changes and (row.is_deleted, row.content) != (content is None, content or ""):
            found.append(f"{row.name} was changed, and stored is {row.content!r}, deleted: {row.is_deleted}")
        elif key not in names or key in changes or row.is_deleted:
            continue
        elif not row.content.startswith(names[key] + " "):
            found.append(f"{row.name} is stored with the content {row.content!r}")
    return found


def heard_all(hearings, rows):
    """Who stayed or resumed heard the newest state of every message of their conversation, or was told of a gap."""
    newest = {}
    for row in rows:
        if not row.duplicate_of:
            newest.setdefault(row.conversation, {})[row.last_event] = row.name
    found = []
    for hearing in hearings:
        if hearing.was_told:
            continue
        events = newest.get(hearing.conversation, {})
        missing = sorted(events.keys() - set(hearing.events))
        if missing:
            found.append(
                f"{hearing.user} missed {len(missing)} of {len(events)} events of {hearing.conversation}, "
                f"first {missing[0]} ({events[missing[0]]})")
    return found


def in_order(hearings):
    """What somebody hears for the first time is later than all he has heard of the conversation."""
    found = []
    for hearing in hearings:
        seen, newest = set(), 0
        for event in hearing.events:
            if event < newest and event not in seen:
                found.append(f"{hearing.user} heard {event} of {hearing.conversation} after {newest}")
                break
            seen.add(event)
            newest = max(newest, event)
    return found


def heard_truth(hearings, rows):
    """Nobody heard a message that isn't stored under that id: a repeat is revealed by its ids."""
    stored = {}
    for row in rows:
        stored.setdefault(row.conversation, {})[row.id] = row
    found = []
    for hearing in hearings:
        known = stored.get(hearing.conversation, {})
        for event, message, name in zip(hearing.events, hearing.messages, hearing.names):
            row = known.get(message)
            if row is None or row.duplicate_of or hash(row.name) != name or event > row.last_event:
                found.append(f"{hearing.user} heard message {message} (event {event}), stored is {row}")
                break
    return found


def heard_nothing_foreign(presences):
    """Nobody heard, while he wasn't a member, what was sent after his removal was answered."""
    found = []
    for presence in presences:
        begins = [begin for begin, _ in presence.absences]
        for heard_at, sent_at in zip(presence.heard_at, presence.sent_at):
            # Times are compared within the last absence that had begun when he heard it.
            at = bisect_right(begins, heard_at) - 1
            begin, end = presence.absences[at] if at >= 0 else (math.inf, math.inf)
            if sent_at > begin and heard_at < end:
                found.append(
                    f"{presence.user} heard what was sent {sent_at - begin:.3f} s after he had been removed")
                break
    return found


def ended_as_asked(exits, asked=()):
    """No process ended by itself, by what scripts/up has noted in this file: a crash that is repaired in time is one.
    `asked` names, by name and pid, those that could do nothing else."""
    lines = subprocess.run([ENDED_BY_ITSELF, exits], capture_output=True, text=True).stdout.splitlines()
    return [line for line in lines if not any(line.startswith(f"{name} (pid {pid}) ") for name, pid in asked)]
