"""Stand-ins for third parties outside the product, each behind its public wire format."""
