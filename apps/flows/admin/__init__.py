"""The admin's pages of flows, and of who is in them."""

from apps.flows.admin import contact_rules, flow, run

__all__ = ["contact_rules", "flow", "run"]
