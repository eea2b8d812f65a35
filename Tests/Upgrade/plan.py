"""The steps of a run: which process gets which build, in which order, and how the one before ends."""

from dataclasses import dataclass

GATEWAYS = ("gateway-1", "gateway-2")
PERSISTERS = ("persister-1", "persister-2")
PROCESSES = GATEWAYS + PERSISTERS
OLD, NEW = "old", "new"

ORDERS = {"persister-first": PERSISTERS + GATEWAYS, "gateways-first": GATEWAYS + PERSISTERS}
# The third process of each leg is killed instead of drained: in turns a gateway and a persister.
KILLED = 2


@dataclass(frozen=True)
class Step:
    number: int
    # Such as "forward, persister-first".
    leg: str
    process: str
    # What the process is started from.
    build: str
    is_killed: bool


def legs(order):
    """Each as (name, processes in their order, build): forward, back, and forward again; `both` has both orders."""
    orders = list(ORDERS) if order == "both" else [order]
    found = []
    for name in orders:
        found.append((f"forward, {name}", ORDERS[name], NEW))
        # What was replaced last goes back first, so that a leg back passes the mixtures of the leg before it.
        found.append((f"back from {name}", ORDERS[name][::-1], OLD))
    return [*found, (f"forward again, {orders[0]}", ORDERS[orders[0]], NEW)]


def make(order):
    steps = []
    for leg, processes, build in legs(order):
        for place, process in enumerate(processes):
            steps.append(Step(len(steps) + 1, leg, process, build, place == KILLED))
    return steps


def mixtures(steps):
    """Which build each process runs before the first step and after each."""
    builds = dict.fromkeys(PROCESSES, OLD)
    found = [dict(builds)]
    for step in steps:
        builds[step.process] = step.build
        found.append(dict(builds))
    return found


def words(builds, names):
    """Such as "new old": the builds of some processes."""
    return " ".join(builds[name] for name in names)
