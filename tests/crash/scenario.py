"""All installations a run is tried on, by name."""

from __future__ import annotations

import questdb
import sftpgo
import sftpgo_package
import unit

SCENARIOS = {scenario.name: scenario for scenario in (*questdb.SCENARIOS, *unit.SCENARIOS, *sftpgo.SCENARIOS, *sftpgo_package.SCENARIOS)}
