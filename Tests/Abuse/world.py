"""What a run shares: the set-up, the ground, the findings, and the attackers who take one attack after another."""

import asyncio
import threading
import time
from collections import Counter, defaultdict

from attack import ATTACKS, Run, tally_of
from dice import user
from findings import Findings
from ground import Ground
from schedule import Schedule
from tally import Tally

ATTACKERS = 8
# What a single run may take, whatever becomes of it.
LONGEST = 20
# When the time is over, those under way may go on for so long.
LAST = 6


class World:
    def __init__(self, setup, seed):
        self.setup, self.seed = setup, seed
        self.addresses, self.secret = setup.addresses, setup.secret
        self.nobody = user(seed, "nobody")
        self.findings = Findings()
        # The neighbours leave.
        self.is_over = threading.Event()
        self.ground = Ground(seed, self.secret, self.addresses["gateway-1"], tally_of(self.findings))
        self.tallies, self.runs = {}, Counter()
        # Mistakes of the attacks themselves, by name.
        self.mistakes = defaultdict(Counter)

    def tally(self, name):
        if name not in self.tallies:
            self.tallies[name] = Tally(None)
        return self.tallies[name]

    async def attack(self, names, number, seconds, is_hopeless):
        """Attacks for so many seconds, or until a process has ended."""
        schedule = Schedule(self.seed, {name: ATTACKS[name].is_heavy for name in names})
        deadline = time.monotonic() + seconds

        def is_time():
            return time.monotonic() < deadline and not is_hopeless.is_set()

        async def attacker():
            while is_time():
                chosen = schedule.next()
                if chosen is None:
                    await asyncio.sleep(0.05)
                    continue
                await self.run(chosen[0], chosen[1] if number is None else number)
                schedule.done(chosen[0])

        attackers = [asyncio.create_task(attacker()) for _ in range(ATTACKERS)]
        while is_time():
            await asyncio.sleep(0.1)
        _, late = await asyncio.wait(attackers, timeout=0.5 if is_hopeless.is_set() else LAST)
        for one in late:
            one.cancel()
        await asyncio.gather(*attackers, return_exceptions=True)

    async def run(self, name, number):
        tally = self.tally(name)
        run = Run(self, name, number, Tally(None))
        run.tally.report = lambda kind, sentence: self.findings.add(kind, sentence, run)
        self.runs[name] += 1
        self.findings.begin(run)
        try:
            async with asyncio.timeout(LONGEST):
                await ATTACKS[name].how(run)
        except TimeoutError:
            run.tally.ends[f"broken off after {LONGEST} s"] += 1
        except ConnectionError:
            # Nobody was there; why, the watch knows, and it needs a moment.
            await asyncio.sleep(0.5)
        except Exception as error:  # noqa: BLE001 - an attack that errs is told in the end, and the others go on
            self.mistakes[name][f"{type(error).__name__}: {error}"] += 1
        finally:
            run.close()
            self.findings.end(run)
            tally.requests += run.tally.requests
            tally.answers += run.tally.answers
            tally.ends += run.tally.ends
