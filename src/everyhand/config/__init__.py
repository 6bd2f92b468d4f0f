"""How an installation is set up. `environment.py` is the one place that reads the outside world."""
