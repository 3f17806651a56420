"""All installations a run is tried on, by name."""

from __future__ import annotations

import collections.abc
import random

import containers
import questdb
import seatable
import sftpgo
import sftpgo_crossing
import sftpgo_package
import sftpgo_rpm
import unit
from lab import Scenario

SCENARIOS = {scenario.name: scenario
             for module in (questdb, unit, containers, seatable, sftpgo, sftpgo_crossing, sftpgo_package, sftpgo_rpm)
             for scenario in module.SCENARIOS}


def draw(names: collections.abc.Iterable[str], rng: random.Random, kind: collections.abc.Callable[[Scenario], bool]) -> list[str]:
    """Of these all that are not of that kind, and one that is."""
    names = list(names)
    kept = [name for name in names if not kind(SCENARIOS[name])]
    return kept + rng.sample([name for name in names if name not in kept], min(1, len(names) - len(kept)))


def few(names: collections.abc.Iterable[str], rng: random.Random) -> list[str]:
    """Of these all that are quick; of those with real servers, which take their time, one, and of the other slow ones."""
    return draw(draw(names, rng, lambda scenario: scenario.real), rng, lambda scenario: scenario.slow)
