"""What fails, for how long it does no harm, and what it then costs: networks of suppliers with stock and capacity."""

from khien.reliance.blocks import SolverStopped
from khien.reliance.supply.files import read_network
from khien.reliance.supply.network import NetworkError, SupplyNetwork, check_network
from khien.reliance.supply.scan import double_failures, single_failures

__all__ = [
    "NetworkError",
    "SolverStopped",
    "SupplyNetwork",
    "check_network",
    "double_failures",
    "read_network",
    "single_failures",
]
