"""The tables of a run."""

import re
from collections import Counter, defaultdict

from pairs import SESSION
from plan import GATEWAYS, NEW, OLD, PERSISTERS, words
from probes import PROBES

COLUMNS = (
    "step", "what", "gateways", "persisters", "gone, s", "back, s", "served, s", "acknowledged", "refused", "heard",
    "behind, s")
# What differs between two violations of one kind, and how many of a kind are shown.
NAMES = re.compile(r"'[^']*'|\S*\d\S*")
SHOWN = 3
ARROWS = [(here, there) for here in (OLD, NEW) for there in (OLD, NEW)]


def seconds(value):
    return "–" if value is None else f"{value:.1f}"


def describe(step):
    return f"{step.process} {'killed' if step.is_killed else 'ended'}, then {step.build}" if step else "as it starts"


def steps(plan, results, outcomes):
    yield "| " + " | ".join(COLUMNS) + " |"
    yield "|---" * len(COLUMNS) + "|"
    leg = None
    for number, result in enumerate(results):
        step = plan[number - 1] if number else None
        if step and step.leg != leg:
            leg = step.leg
            yield f"| | *{leg}*" + " |" * (len(COLUMNS) - 1)
        tried = [outcome for outcome in outcomes if outcome.step == number]
        heard = sum(outcome.failure is None for outcome in tried)
        cells = (
            number, describe(step), words(result.builds, GATEWAYS), words(result.builds, PERSISTERS),
            seconds(result.gone), seconds(result.back), seconds(result.served), f"{result.acknowledged:,}",
            f"{result.refused:,}", f"{heard:,} of {len(tried):,}", seconds(result.behind))
        yield "| " + " | ".join(map(str, cells)) + " |"


def directions(outcomes):
    """How often each kind was heard from which build to which, and how long it took at most."""
    of = defaultdict(list)
    for outcome in outcomes:
        of[outcome.kind, outcome.builds].append(outcome)
    yield "\n| heard, times (slowest, s) | " + " | ".join(f"{here} → {there}" for here, there in ARROWS) + " |"
    yield "|---|" + "---|" * len(ARROWS)
    for kind in (SESSION, *PROBES):
        cells = []
        for arrow in ARROWS:
            tried = of[kind, arrow]
            heard = [outcome.seconds for outcome in tried if outcome.failure is None]
            lost = sum(outcome.failure is not None and not outcome.is_too_early for outcome in tried)
            early = len(tried) - len(heard) - lost
            told = f"{len(heard)} ({max(heard):.1f})" if heard else "–"
            cells.append(told + (f", **{lost} not**" if lost else "") + (f", {early} too early" if early else ""))
        yield f"| {kind} | " + " | ".join(cells) + " |"


def counts(order, took, numbers, violations):
    yield f"\n| order {order} | {took:.0f} s |\n|---|---|"
    for name, number in numbers.items():
        yield f"| {name} | {number:,} |"
    yield f"| **violations** | **{len(violations)}** |"
    yield from found(violations)


def found(violations):
    """The first violations of each kind: one kind may come a thousand times."""
    kinds = defaultdict(list)
    for violation in dict.fromkeys(violations):
        kinds[NAMES.sub("", violation)].append(violation)
    for of in kinds.values():
        yield from (f"- {violation}" for violation in of[:SHOWN])
        if len(of) > SHOWN:
            yield f"- … and {len(of) - SHOWN} like these"


def warned(warnings):
    """`warnings` has a Counter for each build."""
    if any(warnings.values()):
        yield "\nWarnings in the logs, old and new:"
    total = sum(warnings.values(), Counter())
    for message, _ in total.most_common():
        yield f"- {message}: {warnings[OLD][message]:,}, {warnings[NEW][message]:,}"
