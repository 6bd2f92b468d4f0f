"""A Django project with django-helpdesk and nothing else. Only the Python of its own environment reads it."""
