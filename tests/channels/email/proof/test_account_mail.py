"""Codes and links by which other services confirm accounts are for those who look after mail, and for nobody else."""

from __future__ import annotations

import pytest
from django.conf import settings

from everyhand.channels.email import holding, queries
from everyhand.channels.email.account_mail import is_account_mail
from everyhand.channels.email.models import SystemMail
from everyhand.conversations.models import Conversation, Message
from everyhand.desk.belonging import Decision
from everyhand.desk.inbound import Address
from tests.cast import NOON, letter, minutes
from tests.channels.email.proof.post import ADA, Post, reply_address
from tests.channels.email.proof.senders import EVIL_SERVER, written

SENT_BY_SERVICES = [
    ("no-reply@accounts.google.com", "Security alert", "A new sign-in on Linux. If this was you, do nothing."),
    ("noreply@google.com", "Verify your email address", "Your Google verification code is 482913."),
    ("workspace-noreply@google.com", "Verify your email", "Use code G-482913 to verify."),
    ("account-security-noreply@accountprotection.microsoft.com", "Microsoft account security code", "Code: 1234567"),
    ("msonlineservicesteam@microsoftonline.com", "Your team verification code", "x"),
    ("no_reply@email.apple.com", "Verify your Apple ID email address", "582 913"),
    ("appleid@id.apple.com", "Your Apple ID", "was used to sign in."),
    ("security@facebookmail.com", "493021 is your Facebook confirmation code", "Hi, confirm your account."),
    ("registration@facebookmail.com", "Just one more step to get started on Facebook", "Confirm your account: 49302"),
    ("no-reply@mail.instagram.com", "482913 is your Instagram code", "To confirm your account use it."),
    ("feedback@slack.com", "Slack confirmation code: ABC-123", "Your confirmation code is below."),
    ("no-reply@slack.com", "Confirm your email address on Slack", "Enter ABC-123 in the open window."),
    (
        "noreply@github.com",
        "[GitHub] Please verify your email address.",
        "Click the link: https://github.com/users/x/emails",
    ),
    ("noreply@github.com", "[GitHub] Please reset your password", "We heard that you lost your GitHub password."),
    ("gitlab@mg.gitlab.com", "Confirmation instructions", ""),
    ("noreply@md.getsentry.com", "Confirm your email", "https://sentry.io/account/confirm-email/1/abcdefgh/"),
    ("noreply@discord.com", "Verify Email Address for Discord", "Click: https://click.discord.com/ls/click?upn=1"),
    ("verify@x.com", "482913 is your X verification code", "Your code."),
    ("security-noreply@linkedin.com", "Here's your verification code 482913", "Sign in to your account."),
    ("noreply@zoom.us", "Code for signing in to Zoom", "Your verification code is 482913"),
    ("noreply@id.atlassian.com", "Verify your email for Atlassian", "482913"),
    ("no-reply@dropbox.com", "Please verify your email address", "https://www.dropbox.com/l/verify"),
    ("account-update@amazon.com", "amazon.com: Sign-in attempt", "One Time Password (OTP): 482913"),
    ("service@paypal.com", "Your security code", "482913 is your PayPal code"),
    ("support@stripe.com", "Verify your Stripe account email", "https://dashboard.stripe.com/confirm_email"),
    ("noreply@okta.com", "Activate your account", "https://courier.okta.com/welcome/abcdefgh"),
    ("no-reply@notify.cloudflare.com", "Please verify your email address", "https://dash.cloudflare.com/email"),
    (
        "noreply@steampowered.com",
        "Your Steam account: Access from new web device",
        "Login code: 7K9FQ. Confirm your account.",
    ),
    ("no-reply@netflix.com", "Your sign-in code", "Enter this code to sign in: 4829"),
    ("noreply@notifications.freshdesk.com", "Freshdesk: activate your account", "https://x.freshdesk.com/register/abc"),
]

SENT_BY_OTHERS = [
    ("no-reply@shop.test", "Bestätigungscode: 482913", "Ihr Code lautet 482913."),
    ("noreply@verein.test", "Bitte bestätigen Sie Ihre E-Mail-Adresse", "https://verein.test/bestaetigen/1/abcdef"),
    ("donotreply@bank.test", "Ihr Einmalpasswort", "TAN 482913"),
    ("nepasrepondre@banque.test", "Votre code de vérification", "482913"),
    ("noreply@tienda.test", "Tu código de verificación es 482913", "482913"),
    ("noreply@loja.test", "Redefina sua senha", "https://loja.test/senha/redefinir/abc"),
    ("noreply@negozio.test", "Il tuo codice di verifica", "482913"),
    ("noreply@winkel.test", "Je verificatiecode", "482913"),
    ("noreply@butik.test", "Din verifieringskod", "482913"),
    ("noreply@sklep.test", "Twój kod weryfikacyjny", "482913"),
    ("noreply@magazin.test", "Код подтверждения: 482913", "482913"),
    ("noreply@dukkan.test", "Doğrulama kodu", "482913"),
    ("noreply@shop.jp.test", "認証コードのお知らせ", "認証コード: 482913"),
    ("noreply@shop.cn.test", "您的验证码", "验证码：482913"),
    ("noreply@shop.kr.test", "인증번호 안내", "인증번호 482913"),
]

WRITTEN_BY_PEOPLE = [
    (ADA, "Your verification code never arrives", "I asked for a code three times. The last was 482913 but too late."),
    (
        ADA,
        "Passwort zurücksetzen",
        "Ich kann mein Passwort nicht zurücksetzen, der Link https://courier.test/reset geht nicht.",
    ),
    (ADA, "Re: Verify your email address", "I did: https://courier.test/verify/abcdef. Is 482913 right?"),
    (
        "joan@google.com",
        "Confirm your email address",
        "Could you confirm your email address? My verification code 482913 fails.",
    ),
    ("tim.cook@apple.com", "Reset your password", "Please reset my password."),
    (
        "support@partner.test",
        "Verification code missing",
        "Our customer misses the code: https://partner.test/tickets/482913",
    ),
    ("no-reply@shop.test", "Order 482913", "Thank you for your order. https://shop.test/orders/482913"),
    (
        "no-reply@shop.test",
        "New comment on invoice 482913",
        "Somebody wrote a comment: https://shop.test/invoices/4829",
    ),
    (
        "notifications@github.com",
        "Re: [courier/site] The page is slow (#4829)",
        "I confirm: it is. https://github.com/x/y",
    ),
    ("no-reply@slack.com", "New message from Ben", "Ben wrote to you: https://courier.slack.com/archives/1"),
]


@pytest.mark.parametrize(("sender", "subject", "text"), SENT_BY_SERVICES + SENT_BY_OTHERS)
def test_it_is_recognised_in_many_languages(sender: str, subject: str, text: str) -> None:
    assert is_account_mail(letter(text, sender=sender, name="", subject=subject))


@pytest.mark.parametrize(("sender", "subject", "text"), WRITTEN_BY_PEOPLE)
def test_who_merely_writes_about_codes_and_passwords_is_heard(sender: str, subject: str, text: str) -> None:
    assert not is_account_mail(letter(text, sender=sender, subject=subject))


def test_a_form_on_a_web_site_that_writes_for_a_customer_is_heard() -> None:
    form = letter(
        "I get no code, only 482913.",
        sender="noreply@shop.test",
        subject="Verification code",
        reply_to=(Address("Ada", ADA),),
    )
    assert not is_account_mail(form)


def test_nobody_outside_and_no_conversation_ever_sees_it(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.EVERYHAND.values, "acknowledge", True)
    conversation = post.writes().conversation
    SystemMail.objects.all().delete()
    slack = "no-reply@slack.com"
    raw = written(f"Slack <{slack}>", "Enter ABC-123 to verify.").replace(
        b"Paper", b"Confirm your email address on Slack"
    )
    mail = post.comes(raw, to=reply_address(conversation), peer=EVIL_SERVER, envelope_from=slack)
    assert (mail.outcome, mail.held, mail.would_join) == ("quarantined", "account-mail", None)
    assert "ABC-123" not in "".join(Message.objects.values_list("text", flat=True))
    assert Conversation.objects.count() == 1
    assert not SystemMail.objects.exists()
    assert holding.decisions(mail) == [Decision.OPEN, Decision.DISMISS]
    assert not holding.decide(mail, Decision.JOIN, by=post.cast.ana, at=NOON)
    assert holding.decide(mail, Decision.OPEN, by=post.cast.ana, at=NOON + minutes(1))
    post.work(at=NOON + minutes(1))
    assert not SystemMail.objects.exists()
    assert Conversation.objects.count() == 2
    assert queries.ledger().balanced


def test_it_is_set_aside_even_when_it_says_that_a_machine_wrote_it(post: Post) -> None:
    sender = "noreply@github.com"
    raw = written(sender, "Use 482913.", Auto_Submitted="auto-generated", Precedence="bulk").replace(
        b"Paper", b"[GitHub] Your verification code"
    )
    assert post.comes(raw, peer=EVIL_SERVER, envelope_from=sender).held == "account-mail"
