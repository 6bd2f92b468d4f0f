"""The addresses at which providers bring mail. Which of them answer is an installation's choice."""

from __future__ import annotations

from django.urls import path

from everyhand.channels.email.webhooks.take import take

urlpatterns = [
    # Mailgun sends a mail as it came only to an address that ends with "mime".
    path("<slug:name>/mime", take, name="inbound_webhook"),
]
