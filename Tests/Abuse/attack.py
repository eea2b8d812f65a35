"""What an attack is, the list of all, and a run of one."""

from typing import Callable, NamedTuple

from caller import Caller, take
from dice import dice, user
from http_wire import Answers
from peer import WAYS, Peer
from session import Session
from tally import Tally
from tokens import token

ATTACKS = {}


class Attack(NamedTuple):
    name: str
    does: str
    how: Callable
    # Whether it is run one at a time, and not beside another heavy one.
    is_heavy: bool


def attack(name, does, heavy=False):
    def register(how):
        ATTACKS[name] = Attack(name, does, how, heavy)
        return how
    return register


class Run:
    """One run of an attack: its dice, what it may use, and all connections that it has opened."""

    def __init__(self, world, name, number, tally):
        self.world, self.ground, self.name, self.number = world, world.ground, name, number
        self.label = f"{name}:{number}"
        self.dice = dice(world.seed, name, number)
        # What it is at just now.
        self.detail = ""
        self.tally = tally
        self.place = self.dice.choice(sorted(world.addresses))
        self.opened = []

    @property
    def address(self):
        return self.world.addresses[self.place]

    def say(self, detail):
        self.detail = f"{detail} at {self.place}"

    def move(self):
        """Goes on at another gateway, or through HAProxy."""
        self.place = self.dice.choice(sorted(self.world.addresses))

    def deal(self, deck):
        return deck.deal(self.world.seed, self.name, self.number)

    def way(self):
        return self.dice.choice(WAYS)

    def user(self, *of):
        """A user that nobody else has."""
        return user(self.world.seed, self.name, self.number, *of)

    def token(self, user, **claims):
        return token(user, self.world.secret, **claims)

    def peer(self, small=False):
        """A bare connection; what comes, where anything is read, is judged as HTTP."""
        answers = Answers()
        return self.keep(Peer(self.tally, self.address, small, lambda data: take(self.tally, answers, data)))

    def caller(self, patience=10):
        return self.keep(Caller(self.tally, self.address, patience))

    def session(self, user, small=False, **claims):
        return self.keep(Session(self.tally, self.address, self.token(user, **claims), small))

    def keep(self, connection):
        self.opened.append(connection)
        return connection

    def close(self):
        for connection in self.opened:
            connection.close()


def tally_of(findings):
    """A tally whose violations are told with the runs under way, for what isn't one run's own."""
    return Tally(lambda kind, sentence: findings.add(kind, sentence))
