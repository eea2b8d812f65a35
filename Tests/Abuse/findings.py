"""The violations of a run, and what was under way when each was found."""

import threading
import time
from collections import Counter

# A run that has ended may have done it all the same.
JUST_NOW = 0.3
# Of each kind so many are kept with their words; all are counted.
KEPT = 3
# So many runs are named with a violation.
NAMED = 10


def described(run):
    return f"{run.label} ({run.detail})" if run.detail else run.label


class Findings:
    """Watchers, neighbours and attacks write here, each from a thread of its own."""

    def __init__(self):
        self.lock = threading.Lock()
        self.kept, self.counts = [], Counter()
        self.running, self.over = {}, []
        self.last = ""

    def begin(self, run):
        with self.lock:
            self.running[run.label] = run

    def end(self, run):
        with self.lock:
            self.running.pop(run.label, None)
            now = time.monotonic()
            self.over = [(other, at) for other, at in self.over if now - at < JUST_NOW] + [(run, now)]

    def under_way(self):
        now = time.monotonic()
        with self.lock:
            runs = [*self.running.values(), *(run for run, at in reversed(self.over) if now - at < JUST_NOW)]
            return "".join(f"\n    {described(run)}" for run in runs[:NAMED])

    def add(self, kind, sentence, run=None):
        """`kind` groups the violations that are told once; `run` is whose it is, where that is known."""
        whose = f"\n    {described(run)}" if run else self.under_way()
        with self.lock:
            # One end cuts many, and what was under way needn't be told each time.
            told = "" if not whose else " as above" if whose == self.last else whose
            self.last = whose
            self.counts[kind] += 1
            if self.counts[kind] <= KEPT:
                self.kept.append(f"{sentence}{'; under way:' if told else ''}{told}")

    def add_afterwards(self, kind, sentence):
        """What is found in a file can't be told to be anybody's."""
        with self.lock:
            self.counts[kind] += 1
            if self.counts[kind] <= KEPT:
                self.kept.append(sentence)

    def __len__(self):
        return sum(self.counts.values())

    def lines(self):
        yield from self.kept
        for kind, count in self.counts.items():
            if count > KEPT:
                yield f"and {count - KEPT} more like it: {kind}"
