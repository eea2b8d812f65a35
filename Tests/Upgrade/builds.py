"""The two builds of a run, and what each knows of the settings."""

import pathlib
import re
import subprocess
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Build:
    # OLD or NEW.
    name: str
    programs: pathlib.Path
    # The settings that its programs know: an unknown one stops the start.
    settings: frozenset = field(default_factory=frozenset)


def build(name, folder):
    programs = pathlib.Path(folder).resolve()
    texts = [
        subprocess.run([programs / program, "--help"], capture_output=True, text=True, check=True).stdout
        for program in ("gateway", "persister")]
    return Build(name, programs, frozenset(re.findall(r"PARLEY_[A-Z0-9_]+", "".join(texts))))


def withheld(one, other):
    """Settings of the other build that this one doesn't know."""
    return sorted(other.settings - one.settings)
