"""Whether a mail comes from the domain it names: judged from what our receiving server found, or found out by us.

`judge` is the way in. It asks the DNS, so it is never called in a transaction, and it never fails: whatever can't be
found out is "none", which proves nothing either way.
"""

from everyhand.channels.email.authentication.judge import Arrival, Judge

__all__ = ["Arrival", "Judge"]
