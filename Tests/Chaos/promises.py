"""What is promised while a fault lasts, held against what was seen meanwhile. Each check returns its violations."""

from dataclasses import dataclass
from typing import NamedTuple


class Sight(NamedTuple):
    """What came of a call of an operator's, or of a member's, while Redis took no writes."""

    what: str
    # Seconds since the fault began.
    at: float
    wanted: str
    got: str


def went_on(fault, sights):
    """All that has to go on while Redis takes no messages did so."""
    # The first of each kind says it: the others follow from it.
    first = {}
    for sight in sights:
        if sight.got != sight.wanted:
            first.setdefault(sight.what, sight)
    return [
        f"{fault}: after {sight.at:.1f} s {sight.what}: wanted {sight.wanted}, got {sight.got}"
        for sight in first.values()]


@dataclass
class Backends:
    """PostgreSQL's processes for Parley: the most during a fault, and how many there were when they should be back."""

    most: int
    afterwards: int


def backends_bounded(fault, seen, pools):
    """No process of PostgreSQL works on for somebody who has given up: `pools` is what all pools together may have. A
    query that was just given up may last as long as its deadline, so twice as many may be seen for a while."""
    found = []
    if seen.most > 2 * pools:
        found.append(f"{fault}: {seen.most} backends of PostgreSQL at once, the pools have {pools}")
    if seen.afterwards > pools:
        found.append(f"{fault}: {seen.afterwards} backends of PostgreSQL are left, the pools have {pools}")
    return found


def in_time(fault, what, seconds, limit):
    """`seconds` is None where it hadn't come true when one gave up."""
    if seconds is None:
        return [f"{fault}: {what}: not within {limit:.0f} s"]
    return [f"{fault}: {what}: after {seconds:.1f} s, wanted within {limit:.0f} s"] if seconds > limit else []


class Repeat(NamedTuple):
    """A message that was sent again long after it was acknowledged, and the id under which it was acknowledged then."""

    conversation: str
    name: str
    original: int
    answered: int


def repeats_found(repeats, rows):
    """What is sent again under an old clientMessageId is the old message, or PostgreSQL knows it as its duplicate."""
    of = {(row.conversation, row.id): row.duplicate_of for row in rows}
    return [
        f"{repeat.name} is {repeat.original}, was sent again and acknowledged as {repeat.answered}, "
        f"which is {'not stored' if of.get((repeat.conversation, repeat.answered)) is None else 'no duplicate'}"
        for repeat in repeats
        if repeat.answered != repeat.original
        and of.get((repeat.conversation, repeat.answered)) != repeat.original]
