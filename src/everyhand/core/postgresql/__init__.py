"""Django's PostgreSQL back end with one addition: what every page asks is planned once (see `base.py`)."""
