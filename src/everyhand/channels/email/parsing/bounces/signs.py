"""How to tell that a mail without fields for programs is a delivery report, and not a person writing about one."""

from __future__ import annotations

import re
from email.message import Message

from everyhand.channels.email.parsing import headers
from everyhand.channels.email.parsing.bounces.fields import Recipient
from everyhand.channels.email.parsing.bounces.report import Report
from everyhand.desk.inbound import Address

MAX_LINES = 60

# Programs that sign as themselves, and accounts of the people who keep a server, in whose name programs write too.
_PROGRAM = re.compile(
    r"mailer[-_. ]?daemon|post_master|mdaemon|mail[-_. ]?deliver|delivery (?:subsystem|system|agent)|"
    r"system administrator|symantec_antivirus|mail router",
    re.IGNORECASE,
)
_KEEPER = re.compile(
    r"post[-. ]?master|mail ?administrator|mail ?system|mmdf|smtp server|mail ?server|bounce|mail ?gateway|"
    r"virus ?scan|mail ?marshal|interscan|mail ?admin|smtp|mail[-_. ]?service|listserv|majordomo|"
    r"-(?:admin|owner|request)$",
    re.IGNORECASE,
)
_ANSWER = re.compile(
    r"^\s*(?:re|aw|fwd?|wg|tr|sv|vs|rv|antw|odp|r|i|enc|res|ответ|回复|转发)\s{0,3}[:：]", re.IGNORECASE
)
_SUBJECT = re.compile(
    r"undeliver|non[- ]?deliver|"
    r"deliver\w* (?:status|fail|problem|error|report|notif|has failed|delay|unsuccess|incomplete)|"
    r"deliver\w* (?:message|mail)? ?(?:fail|delay)|failed deliver|failed mail|"
    r"fail(?:ure|ed)? (?:notice|notification|delivery)|failure to deliver|"
    r"mail (?:failure|error|fail|not delivered)|returned (?:mail|to sender)|returned:|return(?:ed)? mail|"
    r"returning message|mail system error|error (?:sending|delivering)|could ?n[o']t (?:be )?deliver|"
    r"not (?:be )?delivered|cannot be delivered|unable to deliver|"
    r"message (?:rejected|refused|not delivered|bounced|delayed)|rejected mail|user unknown|unknown user|"
    r"delayed (?:mail|message)|message .{0,80} delayed|bounce|problems? (?:delivering|sending)|mail delivery|"
    r"delivery notification|nondelivery|unzustellbar|nicht zugestellt|unzustellbarkeit|"
    r"zustellung fehlgeschlagen|no entregado|no se puede entregar|error de entrega|non remis|non distribu|"
    r"échec de (?:la )?remise|echec|mancata consegna|impossibile recapitare|não entregue|"
    r"não foi possível entregar|falha na entrega|не доставлен|недоставлен|не может быть доставлен|"
    r"niedostarczon|nie dostarczon|kézbesítetlen|doručen|onbestelbaar|退信|无法投递|投递失败|退回|"
    r"配信不能|配信エラー|送信エラー|届きません|"
    r"エラーメール|배달 실패|반송|teslim edilemedi|aws notification message|mail could not|undelivered|"
    r"warning: .{0,100}(?:delay|unknown|not)|are not (?:a )?member|processing error",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"could ?n[o']t be (?:delivered|sent|reached)|cannot be (?:delivered|sent)|can't be delivered|"
    r"not be delivered|unable to deliver|not able to deliver|wasn't able to deliver|was not delivered|"
    r"not been delivered|has not yet been delivered|were not delivered|wasn't delivered|"
    r"(?:has|have) been delayed|is delayed|delayed for|(?:did|have|has) not reach|could not deliver|"
    r"couldn't deliver|error delivering|undeliverable|undelivered|failed permanently|"
    r"delivery (?:to|of|has|was|failed|failure|attempt|status)|deliver[ey]ry? .{0,60}(?:failed|aborted)|"
    r"returned to (?:you|sender)|this is a permanent error|following address(?:\(es\)|es)? (?:failed|had)|"
    r"had permanent|transcript of session|fatal errors|generated following response|generated response|"
    r"unknown user|user unknown|no such user|not receive|unknown local|has been returned|returned because|"
    r"encountered an error|not a member of th|encountered .{0,30}problems|invalid final delivery userid|"
    r"rejected by|was rejected|was refused|has been (?:rejected|refused|blocked|quarantined)|mail system error|"
    r"mailbox .{0,40}full|over quota|message not delivered|recipients? .{0,40}(?:failed|rejected|not)|"
    r"failure reasons|error reason|notificationtype|technical details|smtp error|550 |554 |552 |"
    r"nicht zugestellt|unzustellbar|konnte nicht|no se pudo|no ha podido|n'a pas pu|non è stato|não foi|"
    r"не может быть|не удалось|送信できませんでした|届けられません|送信に失敗|"
    r"配送できません|配信できません|エラー|无法|失败|退回",
    re.IGNORECASE,
)
_RETURN_PATH = re.compile(r"(?:^|[-_.<])bounces?(?:\+[^@\s]{0,200})?@", re.IGNORECASE)

_STILL_TRYING = re.compile(
    r"not yet been delivered|warning message only|this is a warning only|will be retried until|"
    r"temporary failure report|attempts will continue|will continue to|still being retried|"
    r"do not need to re-?send|will keep trying|will try again|(?:has|have) been delayed|is delayed",
    re.IGNORECASE,
)


def is_report(message: Message, report: Report, sender: Address, subject: str, *, lists_recipients: bool) -> bool:
    """Whether `message` is a server's report that mail was not delivered.

    `lists_recipients` says that it names them in the fields of RFC 3464. Without those it takes several signs
    together: that a machine sends it, what the subject says, how the text opens, and whether the lost mail is
    enclosed. A person who writes that their parcel or their mail "was not delivered" is no machine.
    """
    if report.report_type == "disposition-notification" or "message/disposition-notification" in report.kinds:
        # A receipt, except that some servers use its form to return a mail they would not keep.
        return "rejected" in headers.text(message, "auto-submitted").lower() or "rejected" in subject.lower()
    if report.kind.endswith("delivery-status"):
        return True
    if report.kind == "multipart/report" and (lists_recipients or report.report_type == "delivery-status"):
        return True
    if is_answer(subject) and not (is_program(sender) or went_to_a_return_path(message)):
        return False
    if headers.text(message, "x-failed-recipients"):
        return True
    enclosed = bool(report.lost_mail) + 2 * lists_recipients
    return _signs_agree(message, report, sender, subject, enclosed)


def _signs_agree(message: Message, report: Report, sender: Address, subject: str, enclosed: int) -> bool:
    program = is_program(sender)
    precedence = " ".join(headers.all_text(message, "precedence")).lower()
    automatic = headers.text(message, "auto-submitted").lower().startswith("auto-") or "bulk" in precedence
    machine = 2 * program + _is_keeper(sender) + came_from_nobody(message) + automatic + went_to_a_return_path(message)
    named = speaks_of_failure(subject)
    if not machine or not (program or named or enclosed):
        return False  # an absence note says "your mail will not be delivered to anybody", too
    if not (program or enclosed or "@" in report.notice):
        return False  # a parcel service's notice names no address
    spoken = 2 * named + 2 * opens_like_a_report(report.notice)
    return spoken + enclosed > 1 and machine + spoken + enclosed >= 4


def is_delay(report: Report, subject: str, concerned: list[Recipient]) -> bool:
    """Whether a report on the `concerned` recipients says that the server still tries."""
    if any(one.action for one in concerned):
        return all(one.action == "delayed" for one in concerned if one.action)
    return bool(_STILL_TRYING.search(f"{subject[:400]}\n{report.notice}"))


def came_from_nobody(message: Message) -> bool:
    """Whether the envelope named no sender (RFC 5321, section 4.5.5), as the last server noted."""
    paths = [value.strip().lower() for value in headers.raw(message, "return-path")[:1]]
    return any(path == "<>" or path.startswith(("<mailer-daemon", "mailer-daemon")) for path in paths)


def went_to_a_return_path(message: Message) -> bool:
    """Whether it is addressed to where only servers write: "list-bounces@example.org", "bounces+42@example.org"."""
    return bool(
        re.search(r"(?:^|[-_.])bounces?(?:\+[^@\s]{0,200})?@", headers.text(message, "to")[:400], re.IGNORECASE)
    )


def is_program(sender: Address) -> bool:
    """Whether a mail program signs as the sender ("Mail Delivery System", mailer-daemon@example.org)."""
    return bool(_PROGRAM.search(sender.email.partition("@")[0][:100]) or _PROGRAM.search(sender.name[:200]))


def is_keeper_of_mail(email: str) -> bool:
    """Whether `email` is an address that servers use for themselves, and hardly a person."""
    return bool(re.match(r"(?:mailer[-_.]?daemon|postmaster)(?:@|$)", email[:100].strip(), re.IGNORECASE))


def _is_keeper(sender: Address) -> bool:
    local = sender.email.partition("@")[0]
    return not sender.email.strip() or bool(_KEEPER.search(local[:100]) or _KEEPER.search(sender.name[:200]))


def is_answer(subject: str) -> bool:
    """Whether somebody answers or forwards ("Re: ...", "WG: ...")."""
    return bool(_ANSWER.match(subject[:40]))


def speaks_of_failure(subject: str) -> bool:
    """Whether `subject` is one that servers give to their reports."""
    return bool(_SUBJECT.search(subject[:400]))


def opens_like_a_report(notice: str) -> bool:
    """Whether the first lines of `notice`, quoted ones left out, say that a mail was not delivered."""
    lines = [line[:400] for line in notice[:16_000].splitlines() if line.strip() and not line.startswith(">")]
    return bool(_OPENING.search(" ".join(lines[:MAX_LINES])))
