"""Watches the processes while they are attacked, from a thread of its own: attacks keep the other one busy."""

import threading

import processes
import verdicts

PERIOD = 0.2
# A gateway that grows on and on would take the whole machine with it: the attacks end before.
TOO_MUCH = 1.5 * 2**30


class Watch(threading.Thread):
    def __init__(self, folder, findings):
        super().__init__(daemon=True)
        self.folder, self.findings = folder, findings
        self.processes = processes.of(folder)
        self.gateways = [process for process in self.processes if process.name.startswith("gateway-")]
        # Resident bytes and descriptors by name.
        self.before, self.peak = {}, {}
        # Nothing behind an end can be told apart from it.
        self.has_ended, self.is_over = threading.Event(), threading.Event()

    def measure(self):
        return {process.name: (process.resident(), process.descriptors()) for process in self.gateways}

    def begin(self):
        self.before = self.measure()
        self.peak = {name: resident for name, (resident, _) in self.before.items()}
        self.start()

    def run(self):
        grown = set()
        while not self.is_over.wait(PERIOD):
            for sentence in processes.replaced(self.processes, self.folder):
                if not self.has_ended.is_set():
                    self.findings.add("a process ended", sentence)
            if any(not process.lives() for process in self.processes):
                self.has_ended.set()
                return
            for name, (resident, _) in self.measure().items():
                self.peak[name] = max(self.peak[name], resident)
                sentence = verdicts.growth(name, self.before[name][0], resident)
                if sentence and name not in grown:
                    grown.add(name)
                    self.findings.add("memory", sentence)
                if resident > TOO_MUCH:
                    self.findings.add("memory", f"{name} holds {resident / verdicts.MIB:.0f} MiB: the attacks end")
                    self.has_ended.set()
                    return

    def end(self):
        self.is_over.set()
        self.join()
