"""What became of an attack's requests and connections."""

from collections import Counter


class Tally:
    """Counts, and hands what is a violation on to the findings."""

    def __init__(self, report):
        """`report(kind, sentence)` takes a violation."""
        self.report = report
        self.requests = 0
        self.answers, self.ends = Counter(), Counter()

    def judge(self, kind, verdict):
        if verdict:
            self.report(kind, verdict)
