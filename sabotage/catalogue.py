"""All faults: importing this module fills the register."""

from sabotage import booking_faults, calendar_faults, schema_faults, tenancy_faults, wire_faults
from sabotage.fault import FAULTS

__all__ = ["FAULTS", "booking_faults", "calendar_faults", "schema_faults", "tenancy_faults", "wire_faults"]
