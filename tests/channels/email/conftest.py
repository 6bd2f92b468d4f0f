"""Both ends of a mail: our door, and a server far away."""

from tests.channels.email.test_deliver import mail_server
from tests.channels.email.test_listener import open_door

__all__ = ["mail_server", "open_door"]
