"""Measurements. Each prints ratios of one run on one machine; none of them is a test."""
