"""Every page and every form of the staff's door."""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.socialaccount import views as social
from django.urls import URLPattern, URLResolver, path, re_path
from django.views.decorators.http import require_http_methods

from everyhand.web import (
    appearance,
    audit_trail,
    company_sign_in,
    conversation,
    customers,
    devices,
    drafts,
    erasing,
    first_steps,
    from_addresses,
    handing_over,
    healthz,
    inbox,
    inviting,
    joining,
    mail_ledger,
    mailbox_connecting,
    mailbox_permission,
    mailboxes,
    merging,
    merging_conversations,
    no_hub,
    notice_settings,
    notices,
    organizations,
    originals,
    ownership_map,
    people,
    presence,
    profiles,
    quarantine,
    replies,
    saved_views,
    search,
    second_factor,
    sessions,
    signing_in,
    stuck_work,
    tags,
    teams,
    triage,
    turns,
)
from everyhand.web.signing_in import allowed, password_if_allowed

inbox_and_search = [
    path("", inbox.home, name="home"),
    path("first-steps", first_steps.show, name="first_steps"),
    path("first-steps/skipped", first_steps.skip, name="first_steps_skipped"),
    path("inbox/<slug:view>", inbox.show, name="inbox"),
    path("inbox/<slug:view>/filters", inbox.filters, name="inbox_filters"),
    path("inbox/<slug:view>/saving", saved_views.add, name="new_saved_view"),
    path("views/<int:pk>/removal", saved_views.remove, name="saved_view_removal"),
    path("triage/closures", triage.closures, name="triage_closures"),
    path("triage/reopenings", triage.reopenings, name="triage_reopenings"),
    path("triage/assignments", triage.assignments, name="triage_assignments"),
    path("triage/choice", triage.choice, name="triage_choice"),
    path("triage/tags", tags.choice, name="triage_tags"),
    path("triage/taggings", tags.taggings, name="triage_taggings"),
    path("triage/undoings", triage.undoings, name="triage_undoings"),
    path("search", search.show, name="search"),
]

conversations = [
    path("conversations/<int:pk>", conversation.show, name="conversation"),
    path("conversations/<int:pk>/replies", replies.reply, name="conversation_replies"),
    path("conversations/<int:pk>/notes", replies.note, name="conversation_notes"),
    path("conversations/<int:pk>/writing", presence.writing, name="conversation_writing"),
    path("conversations/<int:pk>/drafts", drafts.keep, name="conversation_drafts"),
    path("drafts/<slug:token>/removal", drafts.throw_away, name="draft_removal"),
    path("draft-files/<slug:token>", drafts.picture, name="draft_file"),
    path("draft-files/<slug:token>/removal", drafts.leave_out, name="draft_file_removal"),
    path("conversations/<int:pk>/assignment", handing_over.assignment, name="conversation_assignment"),
    path("conversations/<int:pk>/closure", handing_over.closure, name="conversation_closure"),
    path("conversations/<int:pk>/reopening", handing_over.reopening, name="conversation_reopening"),
    path("conversations/<int:pk>/notices", notices.seen_in, name="conversation_notices"),
    path("conversations/<int:pk>/joining", merging_conversations.choose, name="conversation_joining"),
    path("joinings/<int:pk>/undo", merging_conversations.undo, name="joining_undo"),
    path("messages/<int:pk>/split", merging_conversations.split, name="message_split"),
    path("conversations/<int:pk>/tags", tags.of_conversation, name="conversation_tags"),
    path("conversations/<int:pk>/sleep", turns.sleep, name="conversation_sleep"),
    path("conversations/<int:pk>/waiting", turns.wait, name="conversation_waiting"),
    path("conversations/<int:pk>/taking-up", turns.take_up, name="conversation_taking_up"),
    path("participants/<int:pk>/approval", handing_over.approval, name="participant_approval"),
    path("participants/<int:pk>/refusal", handing_over.refusal, name="participant_refusal"),
    path("messages/<int:pk>/undo", replies.undo, name="message_undo"),
    path("messages/<int:pk>/html", originals.html, name="message_html"),
    path("messages/<int:pk>/pictures", originals.pictures_from_outside, name="message_pictures"),
    path("messages/<int:pk>/raw", originals.raw, name="message_raw"),
    path("attachments/<slug:token>", originals.attachment, name="attachment"),
    path("deliveries/<int:pk>/retry", replies.retry_delivery, name="delivery_retry"),
]

served = [
    path("customers", customers.show_all, name="customers"),
    path("customers/<int:pk>", customers.show, name="customer"),
    path("customers/<int:pk>/description", customers.describe, name="customer_description"),
    path("customers/<int:pk>/merging", merging.choose, name="customer_merging"),
    path("mergings/<int:pk>/undo", merging.undo, name="merging_undo"),
    path("customers/<int:pk>/export", erasing.export, name="customer_export"),
    path("customers/<int:pk>/erasure", erasing.erase, name="customer_erasure"),
    path("customers/<int:pk>/erasure/calling-off", erasing.call_off, name="customer_erasure_call_off"),
    path("organizations/<int:pk>", organizations.show, name="organization"),
]

company = [
    path("people", people.show_all, name="people"),
    path("people/new", profiles.add, name="new_member"),
    path("people/invitations", inviting.show, name="invitations"),
    path("people/invitations/address", inviting.by_address, name="invitation_by_address"),
    path("people/invitations/link", inviting.by_link, name="invitation_by_link"),
    path("people/invitations/list", inviting.by_list, name="invitation_by_list"),
    path("people/invitations/<int:pk>/revocation", inviting.revocation, name="invitation_revocation"),
    path("people/<int:pk>", people.show, name="person"),
    path("people/<int:pk>/details", profiles.change, name="member_details"),
    path("people/<int:pk>/disabling", profiles.disabling, name="disabling"),
    path("people/<int:pk>/enabling", profiles.enabling, name="enabling"),
    path("audit-trail", audit_trail.show, name="audit_trail"),
    path("audit-trail/file", audit_trail.hand_out, name="audit_trail_file"),
    path("people/<int:pk>/notice-mail", people.notice_mail, name="member_notice_mail"),
    path("profile", profiles.mine, name="profile"),
    path("teams", teams.show_all, name="teams"),
    path("teams/new", teams.add, name="new_team"),
    path("teams/<slug:slug>", teams.show, name="team"),
    path("teams/<slug:slug>/details", teams.change, name="team_details"),
    path("tags", tags.show_all, name="tags"),
    path("tags/<int:pk>/details", tags.change, name="tag_details"),
    path("tags/<int:pk>/merging", tags.merging, name="tag_merging"),
    path("tags/<int:pk>/removal", tags.removal, name="tag_removal"),
    path("ownership-map", ownership_map.show, name="ownership_map"),
    path("ownership-map/trial", ownership_map.trial, name="ownership_trial"),
    path("ownership-map/everything-else", ownership_map.everything_else, name="default_owner"),
    path("ownership-map/rules", ownership_map.add, name="rules"),
    path("ownership-map/rules/<int:pk>", ownership_map.change, name="rule"),
    path("ownership-map/rules/<int:pk>/removal", ownership_map.remove, name="rule_removal"),
    path("ownership-map/rules/<int:pk>/place", ownership_map.move, name="rule_move"),
]

mailboxes_elsewhere = [
    path("mailboxes", mailboxes.show_all, name="mailboxes"),
    path("mailboxes/addresses", mailboxes.add_address, name="mailbox_addresses"),
    path("mailboxes/new", mailbox_connecting.begin, name="new_mailbox"),
    path("mailboxes/new/forecast", mailbox_connecting.forecast, name="mailbox_forecast"),
    path("mailboxes/permission", mailbox_permission.show, name="mailbox_permission"),
    re_path(
        r"^mailboxes/permission/(?P<sign_in>google|microsoft)$",
        mailbox_permission.ask,
        name="mailbox_permission_asking",
    ),
    path("mailboxes/permission/answer", mailbox_permission.answer, name="mailbox_permission_answer"),
    path("mailboxes/<int:pk>/try", mailboxes.try_now, name="mailbox_try"),
    path("mailboxes/<int:pk>/pause", mailboxes.pause, name="mailbox_pause"),
    path("mailboxes/<int:pk>/resumption", mailboxes.resume, name="mailbox_resumption"),
    path("mailboxes/<int:pk>/password", mailboxes.password, name="mailbox_password"),
    path("mailboxes/<int:pk>/permission", mailbox_permission.renew, name="mailbox_permission_renewal"),
    path("mailboxes/<int:pk>/receiver", mailboxes.receiver, name="mailbox_receiver"),
    path("mailboxes/<int:pk>/removal", mailboxes.removal, name="mailbox_removal"),
]

being_told = [
    path("notices", notices.show, name="notices"),
    path("notices/reading", notices.reading, name="notices_reading"),
    path("notices/<int:pk>/opening", notices.opening, name="notice_opening"),
    path("notices/settings", notice_settings.show, name="notice_settings"),
    path("notices/mail", notice_settings.mail_resumption, name="notice_mail_resumption"),
    path("devices", devices.add, name="devices"),
    path("devices/key", devices.key, name="push_key"),
    path("devices/<int:pk>/removal", devices.removal, name="device_removal"),
    path("push-worker.js", devices.worker, name="push_worker"),
]

mail_and_work = [
    path("mail-ledger", mail_ledger.show, name="mail_ledger"),
    path("quarantine", quarantine.show_all, name="quarantine"),
    path("quarantine/<int:pk>", quarantine.show, name="quarantined_mail"),
    path("quarantine/<int:pk>/raw", quarantine.raw, name="quarantined_mail_raw"),
    path("quarantine/<int:pk>/retry", quarantine.retry, name="quarantined_mail_retry"),
    path("quarantine/<int:pk>/decision", quarantine.decision, name="quarantined_mail_decision"),
    path("from-addresses", from_addresses.show_all, name="from_addresses"),
    path("from-addresses/new", from_addresses.add, name="new_from_address"),
    path("from-addresses/<int:pk>", from_addresses.change, name="from_address"),
    path("from-addresses/<int:pk>/removal", from_addresses.remove, name="from_address_removal"),
    path("stuck-work", stuck_work.show, name="stuck_work"),
    path("stuck-work/<slug:kind>/<int:pk>/retry", stuck_work.retry, name="stuck_work_retry"),
]

# allauth's own views would take a PUT for a form.
page = require_http_methods(["GET", "HEAD", "POST"])

# allauth's views under our addresses. Its pages for signing up and for several addresses a person are left out.
coming_in = [
    path("sign-in", password_if_allowed(page(account.login)), name="account_login"),
    path("sign-in/code", allowed("code")(page(account.request_login_code)), name="account_request_login_code"),
    path("sign-in/code/confirmation", page(account.confirm_login_code), name="account_confirm_login_code"),
    path("sign-in/new", page(account.signup), name="account_signup"),
    path("sign-in/inactive", page(account.account_inactive), name="account_inactive"),
    path("sign-in/second-factor", page(mfa.authenticate), name="mfa_authenticate"),
    path("sign-in/passkey", allowed("passkey")(page(webauthn.login_webauthn)), name="mfa_login_webauthn"),
    path("sign-in/again", page(account.reauthenticate), name="account_reauthenticate"),
    path("sign-in/again/second-factor", page(mfa.reauthenticate), name="mfa_reauthenticate"),
    path("sign-in/again/passkey", page(webauthn.reauthenticate_webauthn), name="mfa_reauthenticate_webauthn"),
    path("sign-in/company/<slug:provider_id>", company_sign_in.begin, name="openid_connect_login"),
    path("sign-in/company/<slug:provider_id>/back", company_sign_in.come_back, name="openid_connect_callback"),
    path("sign-in/company-said-no", page(social.login_cancelled), name="socialaccount_login_cancelled"),
    path("sign-in/<slug:token>", signing_in.SignInLink.as_view(), name="sign_in_link"),
    path("join/<slug:token>", joining.Joining.as_view(), name="joining"),
    path("sign-out", page(account.logout), name="account_logout"),
    path("second-factor", page(second_factor.Ways.as_view()), name="mfa_index"),
    path("second-factor/app", page(totp.activate_totp), name="mfa_activate_totp"),
    path("second-factor/app/removal", page(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("second-factor/codes", page(codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path("second-factor/codes/new", page(codes.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("second-factor/codes/file", page(codes.download_recovery_codes), name="mfa_download_recovery_codes"),
    path("passkeys", second_factor.to_the_list, name="mfa_list_webauthn"),
    path("passkeys/new", page(second_factor.NewPasskey.as_view()), name="mfa_add_webauthn"),
    path("passkeys/<int:pk>/removal", page(webauthn.remove_webauthn), name="mfa_remove_webauthn"),
    path("sessions/end", sessions.end, name="session_end"),
    path("sessions/end-all", sessions.end_all, name="sessions_end_all"),
    path("password", allowed("password")(page(account.password_change)), name="account_change_password"),
    path("password/first", allowed("password")(page(account.password_set)), name="account_set_password"),
    path("password/reset", allowed("password")(page(account.password_reset)), name="account_reset_password"),
    path("password/reset/done", page(account.password_reset_done), name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)$",
        allowed("password")(page(account.password_reset_from_key)),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/finished",
        page(account.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
]

this_device = [
    path("appearance", appearance.theme, name="appearance"),
    path("shortcuts", appearance.shortcuts, name="shortcuts"),
    path("keys", appearance.keys, name="keys"),
    path("live", no_hub.show, name="live"),
    path("healthz", healthz.show, name="healthz"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    *inbox_and_search,
    *conversations,
    *served,
    *company,
    *mailboxes_elsewhere,
    *being_told,
    *mail_and_work,
    *coming_in,
    *this_device,
]
