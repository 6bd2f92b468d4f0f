"""Every address of the program."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("webhooks/", include("everyhand.channels.email.webhooks.urls")),
    path("", include("everyhand.web.urls")),
]

handler400 = "everyhand.web.errors.bad_request"
handler403 = "everyhand.web.errors.forbidden"
handler404 = "everyhand.web.errors.not_found"
handler500 = "everyhand.web.errors.broken"
