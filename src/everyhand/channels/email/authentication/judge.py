"""The verdict on a mail: from our receiving server where one is trusted, else found out by us."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Final

import structlog

from everyhand.channels.email.authentication import dmarc, forwarders, receiver, spf
from everyhand.channels.email.authentication.lookup import Dns, NoAnswer, Questions, Resolver
from everyhand.channels.email.authentication.signatures import SIGNATURES_AT_MOST, Signature, SignedMail
from everyhand.desk.verdict import OURSELVES, Finding, Result, Verdict

log = structlog.get_logger(__name__)

# For all questions about one mail. What decides is asked first, so slow servers of others can't use it up.
SECONDS_A_MAIL: Final = 6.0

# A server of our own brings mail from such an address, and whose server it came from before is not ours to judge.
_INSIDE: Final = tuple(
    ip_network(network)
    for network in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10"),
        *("::1/128", "fc00::/7", "fe80::/10"),
    )
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail as it came: `source` is "smtp 192.0.2.7" for one brought straight to our door and "webhook postmark" for
    one that a provider brought by HTTP; `sender` is the address in `From` as we read it; `helo` is what the server that
    brought it called itself. `receiver` is whose findings are believed about the mailbox it was fetched from, "" for
    nobody's.
    """

    raw: bytes
    source: str
    sender: str
    envelope_from: str = ""
    helo: str = ""
    receiver: str = ""

    @property
    def claimed(self) -> str:
        return self.sender.rpartition("@")[2].lower().rstrip(".")

    @property
    def peer(self) -> str:
        """The address of the server that brought it to our door; "" when it came another way."""
        way, _blank, address = self.source.partition(" ")
        return address if way == "smtp" and _is_address(address) else ""

    @property
    def was_fetched(self) -> bool:
        return self.source.startswith("imap ")

    @property
    def came_by_webhook(self) -> bool:
        return self.source.startswith("webhook ")

    @property
    def is_as_sent(self) -> bool:
        """Whether its signatures can hold: some providers take a mail apart, and it is rebuilt from that."""
        return bool(self.peer) or (self.came_by_webhook and "," not in self.source)

    @property
    def came_from_outside(self) -> bool:
        return bool(self.peer) and not any(ip_address(self.peer) in network for network in _INSIDE)


class Judge:
    """Judges mails; any number of threads may ask.

    `trusted_receiver` is the authserv-id of the server that hands mail over to us, or "" (a mailbox that is fetched has
    its own, see `Arrival`); `verify` is whether we ask the DNS ourselves
    about what is brought to our door. `forwarders` are the domains whose word is taken for what a mail proved before
    they changed it (ARC).
    """

    def __init__(
        self,
        *,
        trusted_receiver: str = "",
        verify: bool = True,
        forwarders: Collection[str] = (),
        resolver: Resolver | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._receiver, self._verify, self._monotonic = trusted_receiver, verify, monotonic
        self._forwarders = frozenset(one.lower() for one in forwarders)
        self._resolver: Resolver = resolver or Dns()

    def judge(self, arrival: Arrival) -> Verdict:
        """Never raises: what can't be found out is `Result.NONE`."""
        try:
            return self._judge(arrival)
        except Exception:
            log.exception("a mail could not be judged; nothing is taken for proved")
            return Verdict()

    def _judge(self, arrival: Arrival) -> Verdict:
        if not arrival.claimed:
            return Verdict()
        believed = self._believed(arrival)
        if believed:
            found = receiver.verdict_of(arrival.raw, receiver=believed, claimed=arrival.claimed, source=arrival.source)
            if found:
                return found
        if not self._verify or not arrival.is_as_sent:
            return Verdict()
        questions = Questions(self._resolver, seconds=SECONDS_A_MAIL, monotonic=self._monotonic)
        return _Verification(arrival, questions, self._forwarders).verdict()

    def _believed(self, arrival: Arrival) -> str:
        """Who took the mail in before us and may say what it found; "" for nobody."""
        if arrival.was_fetched:
            return arrival.receiver
        # Who comes from outside straight to our door could have written any header, the receiver's name in it too.
        # So could whoever wrote to a provider that brings mail by HTTP; it is not the receiver that is trusted.
        return "" if arrival.came_from_outside or arrival.came_by_webhook else self._receiver


class _Verification:
    """Finding it out ourselves: first what decides (the policy, and who may speak for the domain), then the rest."""

    def __init__(self, arrival: Arrival, questions: Questions, forwarders: frozenset[str] = frozenset()) -> None:
        self._arrival, self._questions, self._forwarders = arrival, questions, forwarders
        self._mail = SignedMail(arrival.raw)
        self._unknown = not arrival.came_from_outside  # whether something that might have spoken for it is not known
        self._policy: dmarc.Policy | None = None

    def verdict(self) -> Verdict:
        claimed = self._arrival.claimed
        if not self._arrival.came_from_outside and not self._mail.signatures:
            return Verdict(claimed=claimed, judged_by=OURSELVES)  # nothing could prove it, so nobody is asked
        try:
            self._policy = dmarc.policy_of(claimed, self._questions)
        except NoAnswer:
            self._unknown = True
        own = [one for one in self._mail.signatures if self._may_be_of_the_owner(one.domain)][:SIGNATURES_AT_MOST]
        foreign = [one for one in self._mail.signatures if one not in own][: SIGNATURES_AT_MOST - len(own)]
        signed, sent = self._signed(own), self._sent()
        dmarc_says = self._decided(signed, sent)
        # What follows decides nothing; it is told to whoever reads the mail.
        if signed.result is not Result.PASS and (other := self._signed(foreign)).result is Result.PASS:
            signed = other
        arc = self._mail.verify_chain(self._questions)
        says = ""
        if dmarc_says.result is not Result.PASS and arc.result is Result.PASS:
            says = forwarders.vouching(self._arrival.raw, claimed, trusted=self._forwarders)
        return Verdict(
            spf=sent,
            dkim=signed,
            dmarc=Finding(Result.PASS, claimed) if says else dmarc_says,
            arc=arc,
            claimed=claimed,
            judged_by=OURSELVES,
            vouched_by=says,
        )

    def _decided(self, signed: Finding, sent: Finding) -> Finding:
        policy, claimed = self._policy, self._arrival.claimed
        if policy is None:
            return Finding()
        if self._speaks(signed, policy, strict=policy.strict_dkim) or self._speaks(
            sent, policy, strict=policy.strict_spf
        ):
            return Finding(Result.PASS, claimed)
        if self._unknown or policy.asks_for_nothing:
            return Finding(Result.NONE, claimed)
        return Finding(Result.FAIL, claimed)

    def _signed(self, signatures: list[Signature]) -> Finding:
        """The first signature that holds, else one that doesn't. A key that can't be looked up leaves it open."""
        failed = Finding()
        for signature in signatures:
            result = self._mail.verify(signature, self._questions)
            if result is Result.PASS:
                return Finding(result, signature.domain)
            if result is Result.FAIL:
                failed = Finding(result, signature.domain)
            elif signature.covers_the_mail and self._may_be_of_the_owner(signature.domain):
                self._unknown = True
        return failed

    def _sent(self) -> Finding:
        """What SPF says of the server that brought the mail."""
        if not self._arrival.came_from_outside:
            return Finding()
        result, domain = spf.check(
            self._questions, peer=self._arrival.peer, helo=self._arrival.helo, mail_from=self._arrival.envelope_from
        )
        if result == "temperror" and self._may_be_of_the_owner(domain):
            self._unknown = True
        return Finding({"pass": Result.PASS, "fail": Result.FAIL}.get(result, Result.NONE), domain)

    def _speaks(self, found: Finding, policy: dmarc.Policy, *, strict: bool) -> bool:
        if found.result is not Result.PASS:
            return False
        try:
            return dmarc.speaks_for(
                found.domain, self._arrival.claimed, policy, strict=strict, questions=self._questions
            )
        except NoAnswer:
            self._unknown = True
            return False

    def _may_be_of_the_owner(self, domain: str) -> bool:
        """Whether `domain` could be aligned with the claimed one, by its name alone."""
        claimed = self._arrival.claimed
        owner = self._policy.owner if self._policy else claimed
        return domain == owner or domain.endswith(f".{owner}") or claimed.endswith(f".{domain}")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
