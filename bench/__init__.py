"""Measurements. Each prints figures of one run on one machine; none of them is a test."""
