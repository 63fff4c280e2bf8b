"""Measurements: always as ratios, beside a peer or a floor in the same run."""
