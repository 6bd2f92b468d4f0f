"""What administrators type about a mailbox."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.utils.translation import gettext_lazy as _

from everyhand.channels.email import addresses
from everyhand.channels.email.fetching.connecting import LONGEST_AGO
from everyhand.channels.email.models import ConnectedMailbox
from everyhand.web.mailbox_draft import Draft

Security = ConnectedMailbox.Security
SignIn = ConnectedMailbox.SignIn

# What stands in a command to a server ends where the line ends.
one_line = RegexValidator(r"^[^\x00-\x1f\x7f]*$", _("This has a sign in it that can't be typed. Type it anew."))
server_name = RegexValidator(
    r"^[^\s/@:?#\\]+$|^[0-9a-fA-F:.]+$", _("Give the name of the server alone, such as imap.example.com.")
)


class AddressForm(forms.Form):
    address = forms.CharField(
        label=_("Which address do customers write to?"),
        max_length=320,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "placeholder": "help@example.com"}),
    )

    def clean_address(self) -> str:
        return addresses.read(self.cleaned_data["address"], whole_domain=False)


class DaysForm(forms.Form):
    days = forms.IntegerField(
        label=_("Days of history to import"),
        initial=30,
        validators=[MinValueValidator(0), MaxValueValidator(LONGEST_AGO)],
        widget=forms.NumberInput(attrs={"min": 0, "max": LONGEST_AGO}),
        help_text=_("They come in silently, with their own dates, and nothing is sent. 0 imports none."),
    )


class ServerForm(AddressForm):
    """Where the mailbox lies, and how to sign in with a password."""

    user = forms.CharField(
        label=_("User name"), max_length=320, validators=[one_line], help_text=_("Mostly the whole address.")
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=1000,
        strip=False,
        required=False,
        validators=[one_line],
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    host = forms.CharField(label=_("Server"), max_length=255, validators=[server_name])
    port = forms.IntegerField(label=_("Port"), validators=[MinValueValidator(1), MaxValueValidator(65535)])
    security = forms.ChoiceField(
        label=_("Encryption"),
        choices=[(Security.TLS, _("from the start (TLS)")), (Security.STARTTLS, _("after STARTTLS"))],
    )
    folder = forms.CharField(label=_("Folder"), max_length=500, initial="INBOX", validators=[one_line])
    days = DaysForm.base_fields["days"]

    field_order = ("address", "user", "password", "host", "port", "security", "folder", "days")

    def __init__(self, *args: Any, kept_secret: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kept_secret = kept_secret
        self.fields["address"].label = _("Our address")
        if kept_secret:
            self.tell_that_it_is_kept()

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"] or self._kept_secret)
        if not password:
            raise ValidationError(_("Enter the password of the mailbox."))
        return password

    def tell_that_it_is_kept(self) -> None:
        """A password is never sent back to a page, and need not be typed again all the same."""
        self["password"].help_text = _("The one you typed is kept; leave this empty to use it again.")

    def ask_for_the_password_again(self) -> None:
        """Of a form that is wrong elsewhere it was not kept."""
        self.add_error(
            "password",
            _("Type the password once more. What else you typed still stands here; a password is never shown again."),
        )

    def draft(self) -> Draft:
        """What was typed, when it is valid."""
        fields = dict(self.cleaned_data)
        return Draft(secret=fields.pop("password"), sign_in=SignIn.PASSWORD, **fields)


class PasswordForm(forms.Form):
    password = forms.CharField(
        label=_("New password"),
        max_length=1000,
        strip=False,
        validators=[one_line],
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )


class ReceiverForm(forms.Form):
    """Whose findings about senders are believed in the mail of one mailbox."""

    receiver = forms.CharField(
        label=_("Server that is believed"),
        max_length=255,
        required=False,
        validators=[
            RegexValidator(
                r"^[A-Za-z0-9._-]+$",
                _("Give the one name with which the field Authentication-Results begins, such as mx.example.com."),
            )
        ],
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "mx.example.com"}),
        help_text=_(
            "The first word of the Authentication-Results fields that it writes. Leave it empty to believe nobody."
        ),
    )

    def clean_receiver(self) -> str:
        return str(self.cleaned_data["receiver"]).lower()


class ApplicationForm(forms.Form):
    """The application that the company registered at its provider; not asked for when the operator has set one."""

    client_id = forms.CharField(label=_("Client ID"), max_length=300, validators=[one_line])
    client_secret = forms.CharField(
        label=_("Client secret"),
        max_length=1000,
        required=False,
        validators=[one_line],
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    tenant = forms.CharField(
        label=_("Directory at Microsoft"),
        max_length=200,
        required=False,
        validators=[RegexValidator(r"^[A-Za-z0-9.-]*$", _("Give its domain or its id, such as example.com."))],
        help_text=_("The domain or the id of your company there, such as example.com."),
    )

    def __init__(self, *args: Any, sign_in: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if sign_in != SignIn.MICROSOFT:
            del self.fields["tenant"]
