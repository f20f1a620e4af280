"""Planted faults: each a real defect in miniature, and the proof that the suite turns red for it."""
