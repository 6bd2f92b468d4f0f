"""Request Tracker, from Debian's packages, where they are installed."""

from bench.peers.request_tracker.desk import RequestTracker

__all__ = ["RequestTracker"]
