"""What the country can still do on its own: the value chain, what depends on abroad, what a cut leaves.

Everything here is a plain function of a programme; when subjects become available or held at home
is given from outside, because it depends on a plan.
"""

from khien.reliance.answer import Reliance, mastery_by_stage, reliance
from khien.reliance.blocks import SolverStopped
from khien.reliance.coverage import coverage, self_reliance
from khien.reliance.cut import kept_share, retained
from khien.reliance.cuts import (
    Cut,
    UnknownTarget,
    country_cut,
    everything_foreign,
    named_cut,
    partner_cut,
    site_cut,
)
from khien.reliance.dependence import dependence
from khien.reliance.horizon import NEVER, Horizon, horizon
from khien.reliance.links import Leaving, links, what_leaves
from khien.reliance.mastery import mastery, transfer
from khien.reliance.network import dependencies, item_supplies, service_needs
from khien.reliance.owners import (
    controlling_country,
    foreign_organisations,
    option_partners,
    partner_countries,
)
from khien.reliance.purchases import bill_of_items, concentration, item_purchases, localisation
from khien.reliance.site_failures import double_site_failures, single_site_failures
from khien.reliance.standing import Stand, Standing, fixed
from khien.reliance.under_shock import coverage_under_shock, mean_over_time, months_survived
from khien.reliance.weak_points import localisation_by_weight, not_known, red_nodes, single_sources

__all__ = [
    "Leaving",
    "NEVER",
    "Cut",
    "Horizon",
    "Reliance",
    "SolverStopped",
    "Stand",
    "Standing",
    "UnknownTarget",
    "bill_of_items",
    "concentration",
    "controlling_country",
    "country_cut",
    "coverage",
    "coverage_under_shock",
    "dependence",
    "dependencies",
    "double_site_failures",
    "everything_foreign",
    "fixed",
    "foreign_organisations",
    "horizon",
    "item_purchases",
    "item_supplies",
    "kept_share",
    "links",
    "localisation",
    "localisation_by_weight",
    "mastery",
    "mastery_by_stage",
    "mean_over_time",
    "months_survived",
    "named_cut",
    "not_known",
    "option_partners",
    "partner_countries",
    "partner_cut",
    "red_nodes",
    "reliance",
    "retained",
    "self_reliance",
    "service_needs",
    "single_site_failures",
    "single_sources",
    "site_cut",
    "transfer",
    "what_leaves",
]
