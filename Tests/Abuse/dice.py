"""Where everything random comes from: the seed, the attack's name and its number, so that a run can be had again."""

import random
import subprocess
import uuid


def dice(*of):
    """A generator of its own for whatever is named; the same names give the same numbers, on every machine."""
    return random.Random(" ".join(map(str, of)))


def user(*of):
    return str(uuid.UUID(int=dice("user", *of).getrandbits(128), version=4))


def seed_of_commit(root):
    """Each commit is attacked in a way of its own, and always in the same."""
    result = subprocess.run(["git", "-C", root, "rev-parse", "HEAD"], capture_output=True, text=True)
    return result.stdout.strip()[:8] or "parley"


class Deck:
    """All that an attack has to try, shuffled by the seed and dealt in hands: after so many runs it was tried."""

    def __init__(self, cards, hand):
        self.cards, self.hand = list(cards), hand
        self.shuffled = {}

    def deal(self, seed, name, number):
        if seed not in self.shuffled:
            self.shuffled[seed] = list(self.cards)
            dice(seed, name, "deck").shuffle(self.shuffled[seed])
        cards = self.shuffled[seed]
        begin = number * self.hand % len(cards)
        return (cards[begin:] + cards[:begin])[: self.hand]
