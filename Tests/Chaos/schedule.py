"""Which faults come when: a seed and the same arguments give the same schedule."""

import random
from dataclasses import dataclass

# Of a hundred faults, how many are of which family.
FAMILIES = {
    "processes": 25, "network": 25, "streams": 6, "backlogs": 3, "persisters": 8, "machines": 9, "redis": 9,
    "postgres": 7, "clocks": 8}


@dataclass(frozen=True)
class Fault:
    number: int
    name: str
    # How long load goes on before it.
    pause: float
    # How long it lasts.
    seconds: float
    # Whether the next fault waits until everybody is served again; else they may meet in the middle of a repair.
    settles: bool


def make(seed, count, kinds, only=None, each=False):
    """`kinds` has a family for every fault's name. With `each`, each of `only` comes once, in its order."""
    dice = random.Random(f"{seed} faults")
    faults = []
    for number in range(1, (len(only) if each else count) + 1):
        if each:
            name = only[number - 1]
        elif only:
            name = dice.choice(only)
        else:
            family = dice.choices(list(FAMILIES), FAMILIES.values())[0]
            name = dice.choice(sorted(name for name in kinds if kinds[name] == family))
        # Short ones hit a process in the middle of something, long ones outlast time limits and leases.
        seconds = dice.uniform(0.2, 3) if dice.random() < 0.6 else dice.uniform(3, 12)
        faults.append(Fault(number, name, dice.uniform(0.2, 1.5), round(seconds, 2), dice.random() < 0.7))
    return faults
