"""Real portfolios in: projects that others really carried out, as programmes to plan and as priors."""

from khien.programme.imports.cordis import Imported, import_cordis
from khien.programme.imports.findings import IMPORT_CODES, ImportFinding
from khien.programme.imports.techport import Calibration, Prior, calibrate_techport, write_calibration

__all__ = [
    "IMPORT_CODES",
    "Calibration",
    "ImportFinding",
    "Imported",
    "Prior",
    "calibrate_techport",
    "import_cordis",
    "write_calibration",
]
