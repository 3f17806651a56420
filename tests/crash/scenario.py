"""All installations a run is tried on, by name."""

from __future__ import annotations

import questdb
import sftpgo

SCENARIOS = {scenario.name: scenario for scenario in (*questdb.SCENARIOS, *sftpgo.SCENARIOS)}
