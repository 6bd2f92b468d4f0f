"""Addresses of the web process under test."""

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.urls import path

from everyhand.conversations.models import Conversation
from everyhand.core import journal


def touch(request: HttpRequest, number: int) -> HttpResponse:
    """Write a fact about a conversation, and the length of what was sent."""
    journal.note("conversation.touched", subject=Conversation(pk=number), at=datetime.now(UTC), size=len(request.body))
    return HttpResponse("touched")


def hello(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


urlpatterns = [path("touch/<int:number>", touch), path("hello", hello)]
