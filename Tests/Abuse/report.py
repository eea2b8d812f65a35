"""The report of a run."""

import shlex
import sys

from attack import ATTACKS
from verdicts import MIB


def counts(counter):
    return ", ".join(f"{name} {count:,}" for name, count in counter.most_common()) or "none"


def attacks(world):
    for name in sorted(world.tallies):
        tally = world.tallies[name]
        yield f"  {name}: {world.runs[name]} runs, {tally.requests:,} requests; answers: {counts(tally.answers)}; " \
            f"connections: {counts(tally.ends)}"
    for name, mistakes in world.mistakes.items():
        yield f"  {name} erred itself: {counts(mistakes)}"


def neighbours(people):
    for friends in people:
        yield f"  neighbours at {friends.place}: {len(friends.acknowledged)} messages acknowledged, " \
            f"{friends.reads} reads of the history, longest wait {friends.longest:.2f} s"


def gateways(watch):
    after = watch.measure()
    for name, (resident, descriptors) in watch.before.items():
        yield f"  {name}: {resident / MIB:.0f} MiB before, {watch.peak[name] / MIB:.0f} at most, " \
            f"{after[name][0] / MIB:.0f} after; descriptors {descriptors} before, {after[name][1]} after"


def known():
    yield from (f"{name}: {attack.does}" for name, attack in sorted(ATTACKS.items()))


def repeat(seed):
    """The command that does the same again."""
    given = sys.argv[1:]
    wanted = given if any(word.startswith("--seed") for word in given) else ["--seed", seed, *given]
    return f"scripts/abuse {shlex.join(wanted)} attacks in the same way; --only NAME:NUMBER repeats one run."
