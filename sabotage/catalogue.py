"""All faults: importing this module fills the register."""

from sabotage import (
    aftermath_faults,
    answer_faults,
    booking_faults,
    calendar_faults,
    harmless,
    identity_faults,
    identity_platform_faults,
    isolation_faults,
    knowledge_answer_faults,
    knowledge_faults,
    offer_faults,
    schema_faults,
    speech_faults,
    tenancy_faults,
    token_api_faults,
    token_audit_faults,
    token_body_faults,
    token_claim_faults,
    token_faults,
    token_platform_faults,
    wire_faults,
)
from sabotage.fault import FAULTS

__all__ = [
    "FAULTS",
    "aftermath_faults",
    "answer_faults",
    "booking_faults",
    "calendar_faults",
    "harmless",
    "identity_faults",
    "identity_platform_faults",
    "isolation_faults",
    "knowledge_answer_faults",
    "knowledge_faults",
    "offer_faults",
    "schema_faults",
    "speech_faults",
    "tenancy_faults",
    "token_api_faults",
    "token_audit_faults",
    "token_body_faults",
    "token_claim_faults",
    "token_faults",
    "token_platform_faults",
    "wire_faults",
]

# The first of each family; the clean system is tried by running the features.
SMOKE = list({fault.area: fault.name for fault in reversed(FAULTS.values()) if fault.area != "clean"}.values())[::-1]
