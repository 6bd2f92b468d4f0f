"""Every address of the program, and who may do what there: the table that `test_access` holds it to."""

from __future__ import annotations

from dataclasses import dataclass

# In this order: nobody, a member whose affair it is not, another one who leads a team, the member who owns it, a
# specialist, an administrator.
READERS = ("nobody", "stranger", "lead", "owner", "specialist", "admin")

IN = 302  # nobody is sent to the sign-in
EVERYBODY = (IN, 200, 200, 200, 200, 200)
THEIRS = (IN, 404, 404, 200, 200, 200)
LOOKS_AFTER_MAIL = (IN, 403, 403, 403, 200, 200)
WAITING_MAIL = (IN, 404, 404, 404, 200, 200)
SETS_UP = (IN, 403, 403, 403, 403, 200)
NOT_LIKE_THIS = (IN, 405, 405, 405, 405, 405)

SETS_UP_A_TEAM = (IN, 403, 200, 403, 403, 200)  # whoever leads one, and administrators
# Whoever has neither password nor second factor can't prove who they are again
NOBODY_YET = (IN, 403, 403, 403, 403, 403)

DOES = (403, 302, 302, 302, 302, 302)
DOES_THEIRS = (403, 404, 404, 302, 302, 302)
DOES_MY_DRAFT = (403, 404, 404, 302, 404, 404)
DOES_MAIL = (403, 403, 403, 403, 302, 302)
DOES_WAITING_MAIL = (403, 404, 404, 404, 302, 302)
DOES_SETTING_UP = (403, 403, 403, 403, 403, 302)
CHECKS_SETTING_UP = (403, 403, 403, 403, 403, 422)  # what was typed does not suffice
CHECKS_SETTING_UP_A_TEAM = (403, 403, 422, 403, 403, 302)  # of somebody else's team, or of none
NOTHING_TO_DO = (403, 405, 405, 405, 405, 405)
PUBLIC = (200, 200, 200, 200, 200, 200)
AWAY = (200, 302, 302, 302, 302, 302)  # whoever is in has nothing to do at the door

RULE = {"looks_at": "words", "pattern": "route 9", "member": "{ben}"}
ABOUT_ME = {"name": "Somebody", "title": "", "time_zone": "", "hours": ""}
ABOUT_THEM = {**ABOUT_ME, "email": "new@courier.test", "role": "member"}
TEAM = {"name": "Sport", "slug": "sport", "about": ""}

LADDER = {
    "begins_before": "15",
    "acts_within": "30",
    "rung-TOTAL_FORMS": "1",
    "rung-INITIAL_FORMS": "0",
    "rung-0-whom": "owner",
    "rung-0-minutes": "10",
}


@dataclass(frozen=True)
class Access:
    """The expected status for each of READERS, looking (GET) and doing (POST, with these fields)."""

    path: str
    get: tuple[int, ...]
    post: tuple[int, ...]
    fields: dict[str, str] | None = None


MATRIX: dict[str, Access] = {
    "home": Access("/", (IN, 302, 302, 302, 302, 302), NOTHING_TO_DO),
    "first_steps": Access("/first-steps", SETS_UP, NOTHING_TO_DO),
    "first_steps_skipped": Access("/first-steps/skipped", NOT_LIKE_THIS, DOES_SETTING_UP),
    "demo_opening": Access("/first-steps/demo", NOT_LIKE_THIS, DOES_SETTING_UP),
    "demo_removal": Access("/first-steps/demo/removal", NOT_LIKE_THIS, DOES_SETTING_UP),
    "inbox": Access("/inbox/everyone", EVERYBODY, NOTHING_TO_DO),
    "inbox_filters": Access("/inbox/everyone/filters?owner=me", EVERYBODY, NOTHING_TO_DO),
    "new_saved_view": Access("/inbox/everyone/saving?status=waiting", EVERYBODY, DOES, {"name": "Waiting"}),
    "saved_view_removal": Access("/views/{view}/removal", NOT_LIKE_THIS, (403, 404, 404, 302, 404, 404)),
    "triage_closures": Access("/triage/closures", NOT_LIKE_THIS, DOES, {"conversation": "{conversation}"}),
    "triage_reopenings": Access("/triage/reopenings", NOT_LIKE_THIS, DOES, {"conversation": "{conversation}"}),
    "triage_assignments": Access(
        "/triage/assignments", NOT_LIKE_THIS, DOES, {"conversation": "{conversation}", "to": "me"}
    ),
    "triage_choice": Access(
        "/triage/choice", NOT_LIKE_THIS, (403, 200, 200, 200, 200, 200), {"conversation": "{conversation}"}
    ),
    "triage_tags": Access(
        "/triage/tags", NOT_LIKE_THIS, (403, 302, 302, 200, 200, 200), {"conversation": "{conversation}"}
    ),
    "triage_later": Access(
        "/triage/later", NOT_LIKE_THIS, (403, 302, 302, 200, 200, 200), {"conversation": "{conversation}"}
    ),
    "triage_sleeps": Access(
        "/triage/sleeps", NOT_LIKE_THIS, DOES, {"conversation": "{conversation}", "until": "{soon}"}
    ),
    "triage_taggings": Access(
        "/triage/taggings", NOT_LIKE_THIS, DOES, {"conversation": "{conversation}", "names": "vip"}
    ),
    "triage_undoings": Access("/triage/undoings", NOT_LIKE_THIS, DOES, {"facts": "1,2"}),
    "capture": Access("/capture", EVERYBODY, DOES, {"name": "Ada", "how": "phone", "said": "No paper"}),
    "search": Access("/search", EVERYBODY, NOTHING_TO_DO),
    # conversations
    "conversation": Access("/conversations/{conversation}", THEIRS, NOTHING_TO_DO),
    "conversation_replies": Access(
        "/conversations/{conversation}/replies", NOT_LIKE_THIS, DOES_THEIRS, {"text": "Hello", "seen": "{seen}"}
    ),
    "conversation_notes": Access("/conversations/{conversation}/notes", NOT_LIKE_THIS, DOES_THEIRS, {"text": "Hm"}),
    "conversation_writing": Access(
        "/conversations/{conversation}/writing", NOT_LIKE_THIS, (403, 404, 404, 204, 204, 204)
    ),
    "conversation_reading": Access(
        "/conversations/{conversation}/reading", NOT_LIKE_THIS, (403, 404, 404, 204, 204, 204)
    ),
    "conversation_drafts": Access(
        "/conversations/{conversation}/drafts", NOT_LIKE_THIS, (403, 404, 404, 200, 200, 200), {"text": "Hm"}
    ),
    "draft_removal": Access("/drafts/{draft}/removal", NOT_LIKE_THIS, DOES_MY_DRAFT),
    "draft_file": Access("/draft-files/{draft_file}", (IN, 404, 404, 200, 404, 404), NOTHING_TO_DO),
    "draft_file_removal": Access("/draft-files/{draft_file}/removal", NOT_LIKE_THIS, DOES_MY_DRAFT),
    "conversation_address": Access(
        "/conversations/{conversation}/address", NOT_LIKE_THIS, DOES_THEIRS, {"email": "ada@home.example"}
    ),
    "conversation_assignment": Access(
        "/conversations/{conversation}/assignment", NOT_LIKE_THIS, DOES_THEIRS, {"owner": "{ben}"}
    ),
    "conversation_closure": Access("/conversations/{conversation}/closure", NOT_LIKE_THIS, DOES_THEIRS),
    "conversation_joining": Access(
        "/conversations/{conversation}/joining", THEIRS, DOES_THEIRS, {"other": "{other_conversation}"}
    ),
    "conversation_asides": Access(
        "/conversations/{conversation}/asides",
        THEIRS,
        DOES_THEIRS,
        {"to": "pat@example.org", "subject": "S", "text": "Q"},
    ),
    "message_forwarding": Access(
        "/messages/{reply}/forwarding", THEIRS, DOES_THEIRS, {"to": "pat@example.org", "subject": "S", "text": "Q"}
    ),
    "aside": Access("/asides/{aside}", THEIRS, NOTHING_TO_DO),
    "aside_drafts": Access("/asides/{aside}/drafts", NOT_LIKE_THIS, (403, 404, 404, 200, 200, 200), {"text": "Hm"}),
    "aside_replies": Access("/asides/{aside}/replies", NOT_LIKE_THIS, DOES_THEIRS, {"text": "Q", "seen": "{seen}"}),
    "conversation_linking": Access(
        "/conversations/{conversation}/linking", THEIRS, DOES_THEIRS, {"other": "{other_conversation}"}
    ),
    "conversation_unlinking": Access(
        "/conversations/{conversation}/unlinking", NOT_LIKE_THIS, DOES_THEIRS, {"other": "{other_conversation}"}
    ),
    "joining_undo": Access("/joinings/{joined}/undo", NOT_LIKE_THIS, DOES_THEIRS),
    "message_split": Access("/messages/{reply}/split", NOT_LIKE_THIS, DOES_THEIRS),
    "conversation_tags": Access("/conversations/{conversation}/tags", THEIRS, NOTHING_TO_DO),
    "conversation_sleep": Access(
        "/conversations/{conversation}/sleep", NOT_LIKE_THIS, DOES_THEIRS, {"until": "{soon}"}
    ),
    "conversation_waiting": Access("/conversations/{conversation}/waiting", NOT_LIKE_THIS, DOES_THEIRS),
    "conversation_taking_up": Access("/conversations/{conversation}/taking-up", NOT_LIKE_THIS, DOES_THEIRS),
    "conversation_reopening": Access("/conversations/{conversation}/reopening", NOT_LIKE_THIS, DOES_THEIRS),
    "conversation_escalation": Access(
        "/conversations/{conversation}/escalation", THEIRS, DOES_THEIRS, {"why": "The shop burns"}
    ),
    "conversation_acknowledgement": Access("/conversations/{conversation}/acknowledgement", NOT_LIKE_THIS, DOES_THEIRS),
    "conversation_escalation_end": Access("/conversations/{conversation}/escalation/end", NOT_LIKE_THIS, DOES_THEIRS),
    "participant_approval": Access("/participants/{participant}/approval", NOT_LIKE_THIS, DOES_THEIRS),
    "participant_refusal": Access("/participants/{participant}/refusal", NOT_LIKE_THIS, DOES_THEIRS),
    # A note is its author's alone (tests/web/test_notes.py); this one is a reply.
    "note": Access("/messages/{reply}/note", (IN, 404, 404, 404, 404, 404), (403, 404, 404, 404, 404, 404)),
    "note_removal": Access("/messages/{reply}/note/removal", NOT_LIKE_THIS, (403, 404, 404, 404, 404, 404)),
    "message_undo": Access("/messages/{reply}/undo", NOT_LIKE_THIS, DOES_THEIRS),
    "message_html": Access("/messages/{message}/html", THEIRS, NOTHING_TO_DO),
    "message_pictures": Access("/messages/{message}/pictures", NOT_LIKE_THIS, DOES_THEIRS),
    "message_raw": Access("/messages/{message}/raw", THEIRS, NOTHING_TO_DO),
    "attachment": Access("/attachments/{attachment}", THEIRS, NOTHING_TO_DO),
    "delivery_retry": Access("/deliveries/{delivery}/retry", NOT_LIKE_THIS, DOES_THEIRS),
    "conversation_canned_replies": Access(
        "/conversations/{conversation}/canned-replies", THEIRS, DOES_THEIRS, {"text": "Dear Ada, "}
    ),
    "conversation_colleagues": Access("/conversations/{conversation}/colleagues?q=b", THEIRS, NOTHING_TO_DO),
    "canned_replies": Access("/canned-replies", EVERYBODY, NOTHING_TO_DO),
    "new_canned_reply": Access("/canned-replies/new", EVERYBODY, DOES, {"text": "We look into it."}),
    "canned_pictures": Access("/canned-replies/pictures", NOT_LIKE_THIS, (403, 200, 200, 200, 200, 200), {}),
    "canned_picture": Access("/canned-pictures/{canned_picture}", (IN, 404, 404, 200, 404, 404), NOTHING_TO_DO),
    "canned_reply": Access(
        "/canned-replies/{canned}", (IN, 404, 404, 200, 404, 404), (403, 404, 404, 302, 404, 404), {"text": "We look."}
    ),
    "canned_reply_removal": Access("/canned-replies/{canned}/removal", NOT_LIKE_THIS, (403, 404, 404, 302, 404, 404)),
    # the people we serve
    "customers": Access("/customers", EVERYBODY, NOTHING_TO_DO),
    "customer": Access("/customers/{customer}", THEIRS, NOTHING_TO_DO),
    "customer_description": Access(
        "/customers/{customer}/description", (IN, 404, 404, 302, 302, 302), DOES_THEIRS, {"name": "Ada"}
    ),
    "customer_merging": Access(
        "/customers/{customer}/merging", LOOKS_AFTER_MAIL, DOES_MAIL, {"other": "{other_customer}"}
    ),
    "merging_undo": Access("/mergings/{merging}/undo", NOT_LIKE_THIS, DOES_MAIL),
    "customer_export": Access("/customers/{customer}/export", NOT_LIKE_THIS, (403, 403, 403, 403, 403, 200)),
    "customer_erasure": Access(
        "/customers/{customer}/erasure", SETS_UP, DOES_SETTING_UP, {"confirmation": "ada@example.org"}
    ),
    "customer_erasure_call_off": Access("/customers/{customer}/erasure/calling-off", NOT_LIKE_THIS, DOES_SETTING_UP),
    "organization": Access(
        "/organizations/{organization}", EVERYBODY, (403, 403, 403, 403, 302, 302), {"name": "The Mill"}
    ),
    # the company
    "people": Access("/people", EVERYBODY, NOTHING_TO_DO),
    "person": Access("/people/{ben}", EVERYBODY, NOTHING_TO_DO),
    "new_member": Access("/people/new", SETS_UP, DOES_SETTING_UP, ABOUT_THEM),
    "member_details": Access("/people/{ben}/details", SETS_UP, DOES_SETTING_UP, ABOUT_THEM),
    "disabling": Access("/people/{ben}/disabling", SETS_UP, DOES_SETTING_UP),
    "enabling": Access("/people/{ben}/enabling", (IN, 405, 405, 405, 405, 405), DOES_SETTING_UP),
    "invitations": Access("/people/invitations", SETS_UP_A_TEAM, NOTHING_TO_DO),
    "invitation_by_address": Access(
        "/people/invitations/address",
        NOT_LIKE_THIS,
        CHECKS_SETTING_UP_A_TEAM,
        {"email": "new@courier.test", "role": "member"},
    ),
    "invitation_by_link": Access(
        "/people/invitations/link", NOT_LIKE_THIS, (403, 403, 422, 403, 403, 200), {"places": "3", "days": "7"}
    ),
    "invitation_by_list": Access(
        "/people/invitations/list", NOT_LIKE_THIS, CHECKS_SETTING_UP_A_TEAM, {"text": "new@courier.test"}
    ),
    "invitation_revocation": Access("/people/invitations/{invitation}/revocation", NOT_LIKE_THIS, DOES_SETTING_UP),
    "ladders": Access("/ladders", EVERYBODY, NOTHING_TO_DO),
    "promising": Access(
        "/ladders/promises",
        SETS_UP,
        DOES_SETTING_UP,
        {"first_reply": "2", "first_unit": "hours", "next_reply": "4", "next_unit": "hours"},
    ),
    "house_ladder": Access("/ladders/house", SETS_UP, DOES_SETTING_UP, LADDER),
    "team_ladder": Access("/teams/delivery/ladder", SETS_UP_A_TEAM, (403, 403, 302, 403, 403, 302), LADDER),
    "team_ladder_removal": Access("/teams/delivery/ladder/removal", NOT_LIKE_THIS, (403, 403, 302, 403, 403, 302)),
    "audit_trail": Access("/audit-trail", SETS_UP, NOTHING_TO_DO),
    "audit_trail_file": Access("/audit-trail/file", NOT_LIKE_THIS, (403, 403, 403, 403, 403, 200)),
    "member_notice_mail": Access("/people/{ben}/notice-mail", NOT_LIKE_THIS, DOES_SETTING_UP),
    "profile": Access("/profile", EVERYBODY, DOES, ABOUT_ME),
    "my_time_zone": Access(
        "/profile/time-zone", NOT_LIKE_THIS, (403, 204, 204, 204, 204, 204), {"zone": "Europe/Lisbon"}
    ),
    "portrait": Access("/profile/picture", NOT_LIKE_THIS, (403, 422, 422, 422, 422, 422)),
    "portrait_removal": Access("/profile/picture/removal", NOT_LIKE_THIS, DOES),
    "face": Access("/faces/{face}", EVERYBODY, NOTHING_TO_DO),
    "teams": Access("/teams", EVERYBODY, NOTHING_TO_DO),
    "team": Access("/teams/delivery", EVERYBODY, NOTHING_TO_DO),
    "new_team": Access("/teams/new", SETS_UP, DOES_SETTING_UP, TEAM),
    "team_details": Access("/teams/delivery/details", SETS_UP_A_TEAM, (403, 403, 302, 403, 403, 302), TEAM),
    "tags": Access("/tags", LOOKS_AFTER_MAIL, NOTHING_TO_DO),
    "tag_details": Access("/tags/{tag}/details", NOT_LIKE_THIS, DOES_MAIL, {"name": "Paid", "tone": "moss"}),
    "tag_merging": Access("/tags/{tag}/merging", NOT_LIKE_THIS, DOES_MAIL, {"into": "{other_tag}"}),
    "tag_removal": Access("/tags/{tag}/removal", NOT_LIKE_THIS, DOES_MAIL),
    "ownership_map": Access("/ownership-map", EVERYBODY, NOTHING_TO_DO),
    "ownership_trial": Access(
        "/ownership-map/trial", NOT_LIKE_THIS, (403, 200, 200, 200, 200, 200), {"text": "no paper on route 4"}
    ),
    "default_owner": Access("/ownership-map/everything-else", NOT_LIKE_THIS, DOES_SETTING_UP, {"owner": "{ben}"}),
    "rules": Access("/ownership-map/rules", NOT_LIKE_THIS, DOES_SETTING_UP, RULE),
    "rule": Access("/ownership-map/rules/{rule}", NOT_LIKE_THIS, DOES_SETTING_UP, RULE),
    "rule_removal": Access("/ownership-map/rules/{rule}/removal", NOT_LIKE_THIS, DOES_SETTING_UP),
    "rule_move": Access("/ownership-map/rules/{rule}/place", NOT_LIKE_THIS, DOES_SETTING_UP, {"direction": "up"}),
    # mailboxes
    "mailboxes": Access("/mailboxes", SETS_UP, NOTHING_TO_DO),
    "mailbox_addresses": Access(
        "/mailboxes/addresses", NOT_LIKE_THIS, DOES_SETTING_UP, {"address": "letters@courier.test"}
    ),
    "mailbox_address_removal": Access("/mailboxes/addresses/{address}/removal", NOT_LIKE_THIS, DOES_SETTING_UP),
    "new_mailbox": Access("/mailboxes/new", SETS_UP, CHECKS_SETTING_UP, {"address": "help@courier.test"}),
    "mailbox_forecast": Access("/mailboxes/new/forecast", (IN, 403, 403, 403, 403, 302), DOES_SETTING_UP),
    "mailbox_permission": Access("/mailboxes/permission", (IN, 403, 403, 403, 403, 302), NOTHING_TO_DO),
    "mailbox_permission_asking": Access(
        "/mailboxes/permission/google",
        NOT_LIKE_THIS,
        DOES_SETTING_UP,
        {"address": "help@courier.test", "client_id": "ours"},
    ),
    "mailbox_permission_answer": Access(
        "/mailboxes/permission/answer?code=1&state=2", (IN, 403, 403, 403, 403, 302), NOTHING_TO_DO
    ),
    "mailbox_try": Access("/mailboxes/{box}/try", NOT_LIKE_THIS, DOES_SETTING_UP),
    "mailbox_pause": Access("/mailboxes/{box}/pause", NOT_LIKE_THIS, DOES_SETTING_UP),
    "mailbox_resumption": Access("/mailboxes/{box}/resumption", NOT_LIKE_THIS, DOES_SETTING_UP),
    "mailbox_password": Access("/mailboxes/{box}/password", SETS_UP, CHECKS_SETTING_UP),
    "mailbox_permission_renewal": Access(
        "/mailboxes/{permitted}/permission", SETS_UP, DOES_SETTING_UP, {"client_id": "ours"}
    ),
    "mailbox_receiver": Access("/mailboxes/{box}/receiver", SETS_UP, DOES_SETTING_UP, {"receiver": "mx.courier.test"}),
    "mailbox_removal": Access("/mailboxes/{box}/removal", SETS_UP, DOES_SETTING_UP),
    # being told
    "notices": Access("/notices", EVERYBODY, NOTHING_TO_DO),
    "notices_reading": Access("/notices/reading", NOT_LIKE_THIS, DOES, {"last": "1"}),
    "notice_opening": Access("/notices/{notice}/opening", NOT_LIKE_THIS, (403, 404, 404, 302, 404, 404)),
    "notice_settings": Access("/notices/settings", EVERYBODY, (403, 422, 422, 422, 422, 422)),
    "notice_mail_resumption": Access("/notices/mail", NOT_LIKE_THIS, DOES),
    "conversation_following": Access("/conversations/{conversation}/following", NOT_LIKE_THIS, DOES_THEIRS),
    "conversation_following_end": Access("/conversations/{conversation}/following/end", NOT_LIKE_THIS, DOES_THEIRS),
    "conversation_notices": Access("/conversations/{conversation}/notices", NOT_LIKE_THIS, DOES_THEIRS),
    "devices": Access("/devices", NOT_LIKE_THIS, DOES, {"endpoint": "http://nowhere"}),
    "push_key": Access("/devices/key", NOT_LIKE_THIS, (403, 200, 200, 200, 200, 200)),
    "device_removal": Access("/devices/{device}/removal", NOT_LIKE_THIS, (403, 404, 404, 302, 404, 404)),
    "push_worker": Access("/push-worker.js", PUBLIC, (405,) * 6),
    # mail and work
    "mail_ledger": Access("/mail-ledger", LOOKS_AFTER_MAIL, NOTHING_TO_DO),
    "quarantine": Access("/quarantine", LOOKS_AFTER_MAIL, NOTHING_TO_DO),
    "quarantined_mail": Access("/quarantine/{mail}", WAITING_MAIL, NOTHING_TO_DO),
    "quarantined_mail_raw": Access("/quarantine/{mail}/raw", WAITING_MAIL, NOTHING_TO_DO),
    "quarantined_mail_retry": Access("/quarantine/{mail}/retry", NOT_LIKE_THIS, DOES_WAITING_MAIL),
    "quarantined_mail_decision": Access(
        "/quarantine/{mail}/decision", NOT_LIKE_THIS, DOES_WAITING_MAIL, {"decision": "dismiss"}
    ),
    "from_addresses": Access("/from-addresses", SETS_UP_A_TEAM, NOTHING_TO_DO),
    "new_from_address": Access(
        "/from-addresses/new", SETS_UP_A_TEAM, CHECKS_SETTING_UP_A_TEAM, {"address": "press@courier.test"}
    ),
    "from_address": Access("/from-addresses/{from}", SETS_UP, DOES_SETTING_UP, {"address": "press@courier.test"}),
    "from_address_removal": Access("/from-addresses/{from}/removal", NOT_LIKE_THIS, DOES_SETTING_UP),
    "stuck_work": Access("/stuck-work", LOOKS_AFTER_MAIL, NOTHING_TO_DO),
    "stuck_work_retry": Access("/stuck-work/mail/{mail}/retry", NOT_LIKE_THIS, DOES_MAIL),
    # coming in
    "account_login": Access("/sign-in", AWAY, AWAY, {"login": "ana@courier.test", "password": "wrong"}),
    "account_request_login_code": Access(
        "/sign-in/code", AWAY, (302, 302, 302, 302, 302, 302), {"email": "ana@courier.test"}
    ),
    "account_confirm_login_code": Access("/sign-in/code/confirmation", (302,) * 6, (302,) * 6),
    "account_signup": Access("/sign-in/new", AWAY, AWAY),
    "account_inactive": Access("/sign-in/inactive", PUBLIC, (405,) * 6),
    "sign_in_link": Access("/sign-in/{link}", PUBLIC, (302, 302, 302, 302, 302, 302)),
    "joining": Access("/join/{joining}", PUBLIC, (302,) * 6, {"name": "New", "email": "new@courier.test"}),
    "mfa_authenticate": Access("/sign-in/second-factor", (302,) * 6, (302,) * 6),
    "mfa_login_webauthn": Access("/sign-in/passkey", (302,) * 6, (302,) * 6, {"credential": "{{}}"}),
    "openid_connect_login": Access("/sign-in/company/none", (405,) * 6, (404,) * 6),
    "openid_connect_callback": Access("/sign-in/company/none/back", (404,) * 6, (405,) * 6),
    "saml_login": Access("/sign-in/saml", (405,) * 6, (404,) * 6),
    # The provider proves itself by its signature (tests/web/test_saml.py); it is there where one was named.
    "saml_answer": Access("/sign-in/saml/answer", (405,) * 6, (404,) * 6),
    "saml_back": Access("/sign-in/saml/back", (404,) * 6, (405,) * 6),
    "saml_metadata": Access("/sign-in/saml/metadata", (404,) * 6, (405,) * 6),
    "socialaccount_login_cancelled": Access("/sign-in/company-said-no", PUBLIC, (405,) * 6),
    "account_logout": Access("/sign-out", (302, 200, 200, 200, 200, 200), (302,) * 6),
    "account_change_password": Access("/password", (IN, 302, 302, 302, 302, 302), (403, 302, 302, 302, 302, 302)),
    "account_set_password": Access(
        "/password/first", EVERYBODY, (403, 200, 200, 200, 200, 200), {"password1": "short"}
    ),
    "account_reset_password": Access("/password/reset", PUBLIC, (302,) * 6, {"email": "ana@courier.test"}),
    "account_reset_password_done": Access("/password/reset/done", PUBLIC, (405,) * 6),
    "account_reset_password_from_key": Access("/password/reset/key/1-wrong", PUBLIC, PUBLIC),
    "account_reset_password_from_key_done": Access("/password/reset/finished", PUBLIC, (405,) * 6),
    # how one signs in, and where one is signed in; nothing here is anybody else's
    "mfa_index": Access("/second-factor", EVERYBODY, NOTHING_TO_DO),
    "mfa_activate_totp": Access("/second-factor/app", EVERYBODY, (403, 200, 200, 200, 200, 200), {"code": "000000"}),
    "mfa_deactivate_totp": Access(
        "/second-factor/app/removal", (IN, 404, 404, 404, 404, 404), (403, 404, 404, 404, 404, 404)
    ),
    "mfa_view_recovery_codes": Access("/second-factor/codes", (IN, 404, 404, 404, 404, 404), NOTHING_TO_DO),
    "mfa_generate_recovery_codes": Access("/second-factor/codes/new", EVERYBODY, (403, 200, 200, 200, 200, 200)),
    "mfa_download_recovery_codes": Access(
        "/second-factor/codes/file", (IN, 404, 404, 404, 404, 404), (403, 404, 404, 404, 404, 404)
    ),
    "mfa_list_webauthn": Access("/passkeys", (IN, 302, 302, 302, 302, 302), NOTHING_TO_DO),
    "mfa_add_webauthn": Access("/passkeys/new", EVERYBODY, (403, 200, 200, 200, 200, 200), {"name": "key"}),
    "mfa_remove_webauthn": Access("/passkeys/1/removal", (IN, 404, 404, 404, 404, 404), (403, 404, 404, 404, 404, 404)),
    "account_reauthenticate": Access("/sign-in/again", NOBODY_YET, (403,) * 6),
    "mfa_reauthenticate": Access("/sign-in/again/second-factor", NOBODY_YET, (403,) * 6),
    "mfa_reauthenticate_webauthn": Access("/sign-in/again/passkey", NOBODY_YET, (403,) * 6),
    "session_end": Access("/sessions/end", NOT_LIKE_THIS, DOES, {"session": "1"}),
    "sessions_end_all": Access("/sessions/end-all", NOT_LIKE_THIS, DOES),
    # this device, and who watches from outside
    "appearance": Access("/appearance", NOT_LIKE_THIS, DOES, {"theme": "dark"}),
    "shortcuts": Access("/shortcuts", NOT_LIKE_THIS, DOES, {"shortcuts": "on"}),
    "keys": Access("/keys", EVERYBODY, NOTHING_TO_DO),
    # A provider's, who proves itself otherwise (tests/channels/email/webhooks); it is there where one was named.
    "inbound_webhook": Access("/webhooks/mailgun/mime", (405,) * 6, (404,) * 6),
    "live": Access("/live", (IN, 204, 204, 204, 204, 204), NOTHING_TO_DO),
    "healthz": Access("/healthz", PUBLIC, (405,) * 6),
}
