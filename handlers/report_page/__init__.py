"""The HTML report: one page, of which this package packs the data; README.md is its contract."""
