"""All installations a run is tried on, by name."""

from __future__ import annotations

import containers
import questdb
import seatable
import sftpgo
import sftpgo_crossing
import sftpgo_package
import sftpgo_rpm
import unit

SCENARIOS = {scenario.name: scenario
             for module in (questdb, unit, containers, seatable, sftpgo, sftpgo_crossing, sftpgo_package, sftpgo_rpm)
             for scenario in module.SCENARIOS}
