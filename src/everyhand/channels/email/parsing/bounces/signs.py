"""How to tell that a mail without fields for programs is a delivery report, and not a person writing about one."""

from __future__ import annotations

import re

MAX_LINES = 60

_DAEMON = re.compile(
    r"mailer[-_. ]?daemon|post[-_. ]?master|mail ?delivery|delivery (?:subsystem|system|agent)|mail ?administrator|"
    r"mail ?system|system administrator|mdaemon|mail ?router|mmdf|smtp server|mail ?server|symantec_antivirus|"
    r"bounce|mail gateway|mailgateway|virus ?scan",
    re.IGNORECASE,
)
_ANSWER = re.compile(
    r"^\s*(?:re|aw|fwd?|wg|tr|sv|vs|rv|antw|odp|r|i|enc|res|ответ|回复|转发)\s{0,3}[:：]", re.IGNORECASE
)
_SUBJECT = re.compile(
    r"undeliver|non[- ]?deliver|deliver\w* (?:status|fail|problem|error|report|notif|has failed|delay|unsuccess|incomplete)|"
    r"deliver\w* (?:message|mail)? ?(?:fail|delay)|failed deliver|failed mail|"
    r"fail(?:ure|ed)? (?:notice|notification|delivery)|failure to deliver|mail (?:failure|error|fail|not delivered)|returned (?:mail|to sender)|"
    r"returned:|return(?:ed)? mail|returning message|mail system error|error (?:sending|delivering)|could ?n[o']t (?:be )?deliver|"
    r"not (?:be )?delivered|cannot be delivered|unable to deliver|message (?:rejected|refused|not delivered|bounced|delayed)|rejected mail|"
    r"user unknown|unknown user|delayed (?:mail|message)|message .{0,80} delayed|bounce|problems? (?:delivering|sending)|mail delivery|"
    r"delivery notification|nondelivery|unzustellbar|nicht zugestellt|unzustellbarkeit|zustellung fehlgeschlagen|"
    r"no entregado|no se puede entregar|error de entrega|non remis|non distribu|échec de (?:la )?remise|echec|"
    r"mancata consegna|impossibile recapitare|não entregue|não foi possível entregar|falha na entrega|"
    r"не доставлен|недоставлен|не может быть доставлен|niedostarczon|nie dostarczon|kézbesítetlen|doručen|onbestelbaar|"
    r"退信|无法投递|投递失败|退回|配信不能|配信エラー|送信エラー|届きません|エラーメール|배달 실패|반송|teslim edilemedi|"
    r"aws notification message|mail could not|undelivered|warning: .{0,100}(?:delay|unknown|not)",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"could ?n[o']t be (?:delivered|sent|reached)|cannot be (?:delivered|sent)|can't be delivered|not be delivered|unable to deliver|not able to deliver|"
    r"wasn't able to deliver|was not delivered|not been delivered|has not yet been delivered|were not delivered|wasn't delivered|"
    r"(?:has|have) been delayed|is delayed|delayed for|(?:did|have|has) not reach|could not deliver|couldn't deliver|error delivering|undeliverable|undelivered|"
    r"failed permanently|delivery (?:to|of|has|was|failed|failure|attempt|status)|deliver[ey]ry? .{0,60}(?:failed|aborted)|returned to (?:you|sender)|"
    r"this is a permanent error|following address(?:\(es\)|es)? (?:failed|had)|had permanent|transcript of session|fatal errors|"
    r"generated following response|generated response|unknown user|user unknown|no such user|not receive|unknown local|encountered .{0,30}problems|"
    r"invalid final delivery userid|rejected by|was rejected|was refused|has been (?:rejected|refused|blocked|quarantined)|"
    r"mail system error|mailbox .{0,40}full|over quota|message not delivered|recipients? .{0,40}(?:failed|rejected|not)|"
    r"failure reasons|error reason|notificationtype|technical details|smtp error|550 |554 |552 |"
    r"nicht zugestellt|unzustellbar|konnte nicht|no se pudo|no ha podido|n'a pas pu|non è stato|não foi|не может быть|не удалось|"
    r"送信できませんでした|届けられません|送信に失敗|配送できません|配信できません|エラー|无法|失败|退回",
    re.IGNORECASE,
)


def is_daemon(name: str, email: str) -> bool:
    """Whether a mail server or its keeper signs as the sender; nobody at all counts too."""
    local = email.partition("@")[0]
    return not email.strip() or bool(_DAEMON.search(local[:100]) or _DAEMON.search(name[:200]))


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
