"""The program's own settings, on a data directory of this process and on the database this run is about.

EVERYHAND_TEST_DATABASE=sqlite (default) or postgresql chooses. The settings are read before any test is collected, in
the process of `pytest` and in each of its workers. Each starts a PostgreSQL cluster of its own: a cluster numbers the
transactions of all its databases together, so a long one of another worker would hold back what is read of the journal.
"""

import atexit
import os

from tests.servers import postgres
from tests.servers.processes import open_directory

for name in os.environ:
    if name.startswith("EVERYHAND_") and not name.startswith("EVERYHAND_TEST_"):
        del os.environ[name]  # what the developer's own installation is set to
os.environ["EVERYHAND_DATA"] = str(open_directory("data"))

if os.environ.get("EVERYHAND_TEST_DATABASE") == "postgresql" and postgres.found():
    cluster = postgres.Postgres()
    cluster.start()
    atexit.register(cluster.stop)
    os.environ["EVERYHAND_TEST_POSTGRES"] = cluster.url
    os.environ["EVERYHAND_DATABASE_URL"] = os.environ["EVERYHAND_TEST_POSTGRES"] + "/everyhand"

from everyhand.config.settings import *  # noqa: E402, F403 - they read the environment set above
from everyhand.config.settings import DATABASES, EVERYHAND, INSTALLED_APPS  # noqa: E402

INSTALLED_APPS.append("allauth.socialaccount.providers.openid_connect")  # some tests set an issuer

# A file as in real life: in memory SQLite has neither a write-ahead log nor our queue of writers.
if "sqlite" in DATABASES["default"]["ENGINE"]:
    DATABASES["default"]["TEST"] = {"NAME": str(EVERYHAND.data / "tests.sqlite3")}
else:
    DATABASES["default"]["TEST"] = {"TEMPLATE": postgres.TABLES}
