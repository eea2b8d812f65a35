"""Which attack is next: each in turn, in an order of the seed's, the heavy ones one at a time."""

from dice import dice


class Schedule:
    """An attack's number counts its runs: (seed, name, number) is all that a run depends on."""

    def __init__(self, seed, heavy):
        """`heavy` has, for each name, whether two of its kind at once would measure the machine alone."""
        self.dice, self.heavy = dice(seed, "schedule"), heavy
        self.waiting, self.numbers = [], dict.fromkeys(heavy, 0)
        self.is_busy = False

    def next(self):
        """A name and a number; None while only heavy ones wait for one of them to end."""
        at = self.find()
        if at is None:
            # The next round begins for the others.
            fresh = [name for name in sorted(self.heavy) if name not in self.waiting]
            self.dice.shuffle(fresh)
            self.waiting += fresh
            at = self.find()
        if at is None:
            return None
        name = self.waiting.pop(at)
        self.is_busy = self.is_busy or self.heavy[name]
        number, self.numbers[name] = self.numbers[name], self.numbers[name] + 1
        return name, number

    def find(self):
        for at, name in enumerate(self.waiting):
            if not (self.is_busy and self.heavy[name]):
                return at
        return None

    def done(self, name):
        if self.heavy[name]:
            self.is_busy = False
