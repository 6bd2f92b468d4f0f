"""The program's own settings, with two addresses of the tests: one of them writes, without a form's token."""

from everyhand.config.settings import *  # noqa: F403
from everyhand.config.settings import MIDDLEWARE as ALL

ROOT_URLCONF = "tests.web.live.addresses"
MIDDLEWARE = [name for name in ALL if "csrf" not in name and "everyhand" not in name]
