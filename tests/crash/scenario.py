"""All installations a run is tried on, by name."""

from __future__ import annotations

import questdb
import sftpgo
import sftpgo_crossing
import sftpgo_package
import sftpgo_rpm
import unit

SCENARIOS = {scenario.name: scenario for module in (questdb, unit, sftpgo, sftpgo_crossing, sftpgo_package, sftpgo_rpm)
             for scenario in module.SCENARIOS}
