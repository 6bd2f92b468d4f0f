"""What this door does once when the program has started."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "everyhand.web"

    def ready(self) -> None:
        from everyhand.web import sign_in_record  # noqa: PLC0415 (allauth's models exist only now)

        sign_in_record.listen()
