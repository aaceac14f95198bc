"""What the country can still do on its own: the value chain, what depends on abroad, what a cut leaves.

Everything here is a plain function of a programme; when subjects become available or held at home
is given from outside, because it depends on a plan.
"""

from khien.reliance.coverage import coverage, self_reliance
from khien.reliance.cut import kept_share, retained
from khien.reliance.horizon import NEVER, Horizon, horizon
from khien.reliance.mastery import mastery, transfer
from khien.reliance.network import dependencies, item_supplies, service_needs
from khien.reliance.owners import (
    controlling_country,
    foreign_organisations,
    option_partners,
    partner_countries,
)
from khien.reliance.purchases import bill_of_items, concentration, item_purchases, localisation

__all__ = [
    "NEVER",
    "Horizon",
    "bill_of_items",
    "concentration",
    "controlling_country",
    "coverage",
    "dependencies",
    "foreign_organisations",
    "horizon",
    "item_purchases",
    "item_supplies",
    "kept_share",
    "localisation",
    "mastery",
    "option_partners",
    "partner_countries",
    "retained",
    "self_reliance",
    "service_needs",
    "transfer",
]
