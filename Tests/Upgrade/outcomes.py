"""What was tried between two gateways, and the check that every direction was heard in every mixture."""

from collections import defaultdict
from typing import NamedTuple


class Outcome(NamedTuple):
    # The step after which it was tried; 0 is before the first.
    step: int
    # Names of gateways, and what they ran.
    here: str
    there: str
    builds: tuple
    kind: str
    # How long after the step's process was there again it was begun, and how long it took.
    since: float
    seconds: float
    # Why it wasn't heard, or None.
    failure: str | None

    @property
    def is_too_early(self):
        """Whether it may be unheard: gateways learn by their heartbeats, every 5 s, that an older process is there.
        Until then what is only told, and not kept, may have a form that the older one passes over."""
        return self.kind in ONLY_TOLD and self.since < HEARTBEAT


HEARTBEAT = 6
ONLY_TOLD = {
    "typing", "receipts of a group", "receipts of a direct conversation", "notice: created", "notices: added, removed",
    "notices: archived, unarchived"}


def directions(gateways):
    return [(here, there) for here in gateways for there in gateways]


def all_heard(outcomes, steps, gateways, kinds):
    """Each kind was heard in each direction after each of the steps; and what was not was tried too early."""
    tried = defaultdict(set)
    found = []
    for outcome in outcomes:
        if outcome.failure and outcome.is_too_early:
            continue
        tried[outcome.step, outcome.here, outcome.there].add(outcome.kind)
        if outcome.failure:
            here, there = (f"{place} ({build})" for place, build in zip((outcome.here, outcome.there), outcome.builds))
            found.append(f"after step {outcome.step}, {here} to {there}: {outcome.kind}: {outcome.failure}")
    for step in steps:
        for here, there in directions(gateways):
            missing = sorted(set(kinds) - tried[step, here, there])
            if missing:
                found.append(f"after step {step}, {here} to {there} wasn't heard: {', '.join(missing)}")
    return found
