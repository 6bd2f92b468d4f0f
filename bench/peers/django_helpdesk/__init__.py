"""django-helpdesk, as its installation page puts it into a Django project: `project/` is that project."""

from bench.peers.django_helpdesk.desk import DjangoHelpdesk

__all__ = ["DjangoHelpdesk"]
