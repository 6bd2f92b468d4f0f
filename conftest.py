"""What every test may ask for, those in `tests/` and those beside each package."""

from hypothesis import settings

pytest_plugins = [
    "tests.skips",
    "tests.databases",
    "tests.counts",
    "tests.servers.fixtures",
    "tests.cast",
    "tests.notices.office",
]

# Two busy cores make honest tests slow, so hypothesis does not judge their speed; it prints how to repeat a failure.
settings.register_profile("everyhand", deadline=None, print_blob=True)
settings.load_profile("everyhand")
