"""Mail that providers bring by HTTP."""
