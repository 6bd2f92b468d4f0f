"""Both ends of a mail: our door, and a server far away; and what is answered."""

from tests.channels.email.answers import conversation
from tests.channels.email.door import call, door, open_door
from tests.channels.email.far_end import mail_server

__all__ = ["call", "conversation", "door", "mail_server", "open_door"]
