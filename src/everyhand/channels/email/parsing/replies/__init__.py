"""What the sender newly wrote in a mail, and what is only quoted below, above or around it.

The method, its order and its limits are described in docs/reply-splitting.md. The rule above all others: to lose a
customer's words is far worse than to show too many. When in doubt, show.
"""

from __future__ import annotations

from everyhand.channels.email.parsing.replies.splitting import split

__all__ = ["split"]
