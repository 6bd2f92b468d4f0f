"""Everyhand beside other desks: the same past, the same mails, the same machine and the same minutes.

Each is served as its own documentation says, and keeps what it has accepted as it does when nobody changes anything.
"""

from bench.peers.comparing import main

__all__ = ["main"]
