"""What a mail says: raw bytes in, a frozen `Inbound` out. Pure: no Django, no database, no network, no clock."""

from everyhand.channels.email.parsing.limits import TooHostile
from everyhand.channels.email.parsing.mail import parse

__all__ = ["TooHostile", "parse"]
