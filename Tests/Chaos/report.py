"""The table of a run."""

import re
import shlex
import sys
from collections import defaultdict
from dataclasses import dataclass


@dataclass
class Result:
    """What became of one fault."""

    name: str
    # How long it lasted, and then until everybody who writes was served again; None where the next fault didn't wait.
    seconds: float
    settled: float | None
    refusals: int
    # What was found to be wrong while it lasted.
    violations: int = 0


def kind(name):
    """Faults of all gateways are one kind, and of all persisters."""
    name = re.sub(r"gateway-\d+", "a gateway", name)
    return re.sub(r"persister-\d+", "a persister", name).replace(">", " → ")


def lines(arguments, results, counts, violations, seconds, notes=()):
    by_kind = defaultdict(list)
    for result in results:
        by_kind[kind(result.name)].append(result)
    yield "| fault | times | longest, s | refused meanwhile | all served again after, s at most | violations |"
    yield "|---|---|---|---|---|---|"
    for name in sorted(by_kind):
        of = by_kind[name]
        settled = [result.settled for result in of if result.settled is not None]
        yield (f"| {name} | {len(of)} | {max(result.seconds for result in of):.1f} "
               f"| {sum(result.refusals for result in of)} "
               f"| {f'{max(settled):.1f}' if settled else '–'} | {sum(result.violations for result in of)} |")
    yield f"| **all** | **{len(results)}** | | | | |"
    yield from (f"- {note}" for note in notes)
    yield f"\n| seed {arguments.seed} | {seconds:.0f} s |\n|---|---|"
    for name, count in counts.items():
        yield f"| {name} | {count:,} |"
    yield f"| **violations** | **{len(violations)}** |"
    yield from (f"- {violation}" for violation in violations[:30])
    if violations:
        has_seed = any(word.startswith("--seed") for word in sys.argv)
        wanted = sys.argv[1:] if has_seed else ["--seed", arguments.seed, *sys.argv[1:]]
        yield f"\nscripts/chaos {shlex.join(wanted)} repeats the same faults."
