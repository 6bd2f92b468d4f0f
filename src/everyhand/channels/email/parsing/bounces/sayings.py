"""What mail servers say when they refuse or lose a mail.

Servers word the same few conditions in hundreds of ways. These are sayings seen in public delivery reports, lower case,
with single spaces. `SAYINGS` is read from top to bottom and the first hit wins, so what names a cause precisely stands
above what is said on many occasions.
"""

from __future__ import annotations

from dataclasses import dataclass

from everyhand.channels.email.parsing.bounces.conditions import (
    BROKEN_SERVER,
    EXPIRED,
    LOOP,
    MAILBOX_FULL,
    MOVED,
    REFUSED,
    SENDER_REFUSED,
    SUSPENDED,
    TAKES_NO_MAIL,
    TOO_LARGE,
    TOO_MUCH_MAIL,
    TRY_LATER,
    UNKNOWN_HOST,
    UNKNOWN_USER,
    UNPROVEN_SENDER,
    UNREACHABLE,
    Condition,
)

# What stands for NAME in a saying.
NAMES = ("user", "recipient", "address", "mailbox", "account", "alias", "addressee")
# The pieces of a saying with a gap stand close together, in this order.
MAX_GAP = 60


@dataclass(frozen=True, slots=True)
class Saying:
    """Words of a server; "user .. not found" leaves room for a name."""

    pieces: tuple[str, ...]

    @property
    def is_one_word(self) -> bool:
        return len(self.pieces) == 1 and not set(self.pieces[0]) & set(" .")

    def is_in(self, words: str) -> bool:
        """Whether `words`, lower case with single spaces, holds the saying. Looks at each first piece, linearly."""
        first, *others = self.pieces
        start = words.find(first)
        while start >= 0 and others:
            position = start + len(first)
            for piece in others:
                position = words.find(piece, position, position + MAX_GAP + len(piece))
                if position < 0:
                    break
                position += len(piece)
            else:
                return True
            start = words.find(first, start + 1)
        return start >= 0


Table = tuple[tuple[Condition, tuple[Saying, ...]], ...]


def _table(*groups: tuple[Condition, str]) -> Table:
    return tuple((condition, _sayings(listed)) for condition, listed in groups)


def _sayings(listed: str) -> tuple[Saying, ...]:
    plain = [" ".join(saying.split()) for saying in listed.split("|") if saying.strip()]
    unique = dict.fromkeys(one for saying in plain for one in (_named(saying) if "NAME" in saying else (saying,)))
    return tuple(Saying(tuple(piece.strip() for piece in saying.split(" .. "))) for saying in unique)


def _named(saying: str) -> list[str]:
    """`saying` with every name that servers have for an address."""
    return [saying.replace("NAME", name) for name in NAMES]


SAYINGS: Table = _table(
    (
        MAILBOX_FULL,
        """
        mailbox full | number of messages in .. exceeded | exceeded the local limit | mail folder .. full |
        quota-issues | has exceeded .. quota | exceeded .. storage | mailbox is full | mailbox has exceeded |
        mailbox exceeded | mailbox exceeds | mailbox would exceed | mailbox size limit | mailbox quota |
        mailbox for user is full | mail box full | mail box is full | mail box space | mailfolder is full |
        full mailbox | inbox is full | inbox full | account is full | over quota | overquota |
        over the allowed quota | over its quota | over the maximum allowed | out of disk space for |
        out of storage space | quota exceed | quota violation | quota is full | quota full | quota for mailbox |
        exceeded quota | exceeds quota | exceeded his quota | exceeded the quota | exceeded their quota |
        exceeded its quota | exceed his quota | exceeds allowed quota | exceeding the quota | exceeded email quota |
        exceeds the maximum mailbox | disk quota | storage quota | quotaexceeded | quota has been exceeded |
        exceeds mailbox | beyond the quota | is out of quota | no space left | not enough disk space |
        not enough space | not enough storage space | insufficient disk space | insufficient space |
        insufficient mailbox space | too many messages on the server | too many messages in this mailbox |
        maildir over | maildir delivery failed: domaindisk | mailbox has reached | mailbox is temporarily full |
        has no space | cuota excedida | buzon lleno | boite pleine | postfach voll | postfach ist voll |
        speicherplatz | casella piena | caixa postal cheia | caixa de correio cheia | 容量 |
        почтовый ящик переполнен
        """,
    ),
    (
        TOO_LARGE,
        """
        message too large | message too big | message is too large | message is too big | message too long |
        message length exceeds | message size exceeds | message size exceeded | message exceeds |
        message size limit | message file too big | message header size | exceeded maximum inbound message size |
        exceeds size limit | exceeds fixed limit | exceeds maximum | exceeded message size | exceeds the maximum |
        exceeds your maximum | max message size | maximum message size | mail size limit | mail is larger than |
        larger than the current system limit | size limit exceeded | line limit exceeded | line too long |
        too big for | too large for | data size exceeded | email too large | size of the message |
        has exceeded the size limit | 5mb limit
        """,
    ),
    (
        MOVED,
        """
        has moved to | address has changed | address changed | has been replaced by | user has moved |
        recipient has moved | mailbox has moved | no longer valid. please | no longer on server | new address is
        """,
    ),
    (
        SENDER_REFUSED,
        """
        sender address | sender rejected | sender was rejected | sender domain | sender's domain |
        sender denied | sender is invalid | sender verify failed | sender not | sender email | sender unspecified |
        sender, recipient | sender blocked | sender address has been blacklisted | invalid sender | bad sender |
        unknown sender | unverified sender | originator | domain of sender | domain in sender | backscatter |
        not allowed to send | not authorized to send | not permitted to send | not accept mail from |
        not accepting mail from | don't accept mail from | not receive mail from | permission to send |
        mail from domain | envelope sender | return path | your domain | <> invalid | blocked sender |
        access denied (in reply to mail from | email server requires | send on behalf | you are sending to/from |
        your access to | cannot send
        """,
    ),
    (
        UNPROVEN_SENDER,
        """
        helo | ehlo | your ip | invalid ip | unknown ip | sending ip | your host | your server |
        dmarc | dkim | spf | spf check | sender policy framework | unauthenticated | not authenticated |
        unauthorized | authentication required | authentication is required | authentication failed |
        authentication check | reverse dns | rdns | ptr record | no ptr | ptr | reverse lookup | reverse host |
        reverse mapping | reverse address | unverifiable sending ip | cannot find your hostname |
        client host rejected | unresolvable | helo command rejected | must issue a starttls | tls | certificate |
        insecure | encryption
        """,
    ),
    (
        # A gateway that serves only who signed up there.
        REFUSED,
        """
        not a registered gateway user
        """,
    ),
    (
        TOO_MUCH_MAIL,
        """
        too many connection | too many concurrent | too many session | too many recipients | too many emails |
        too many messages | too many mails | too many unwanted | too many errors | too many invalid |
        too much mail | too many smtp | too fast | rate limit | ratelimit | rate that prevents |
        receiving mail at a rate | receiving mail too quickly | throttl | exceeded the rate | connection limit |
        connection rate | maximum connections | max connections | unexpected volume | slow down | please slow |
        daily limit | daily quota | hourly limit | sending limit | sending quota | limit exceeded |
        limits exceeded | exceeded limit
        """,
    ),
    (
        UNKNOWN_USER,
        """
        NAME .. unknown | NAME .. not found | NAME .. notfound | NAME .. no found | NAME .. not known |
        NAME .. not exist | does not exist | doesn't exist | dosn't exist | NAME .. no longer |
        NAME .. is invalid | NAME invalid | NAME .. is not valid | NAME .. not recognized | NAME .. not listed |
        NAME .. not local | NAME .. is wrong | NAME .. is not correct | NAME .. n't be found |
        NAME .. could not be found | NAME .. nonexistent | NAME .. non-existent | NAME .. has been deleted |
        NAME deleted | NAME .. discontinued | NAME .. not registered | NAME .. does not have |
        NAME .. doesn't have | no such NAME | no such .. here | no such person | no such local | no such virtual |
        no such email | no such e-mail | unknown NAME | unknown .. NAME | unknown local | unknown destination |
        unknown to us | unknown or illegal | invalid NAME | invalid local | invalid .. NAME |
        invalid final delivery userid | invalidsmtpaddress | illegal NAME | bad NAME | bad destination |
        not a valid NAME | not a known NAME | not a local NAME | not a registered | is not a valid |
        no valid NAME | no NAME found | find NAME | find .. mailbox | find .. user | no mailbox | no recipient |
        no .. by that name | nobody .. by that name | have no such | does not have .. account |
        doesn't have .. account | no longer valid | no longer exists | no longer has | no longer with |
        no longer works | no longer employed | no longer an active | no longer accepts mail | not our customer |
        is not known | not known here | not known at this | not found in our | not in my user database |
        not found in directory | not in directory | listed in domino directory | listed in public name |
        name is not recognized | didn't find | no matches to nameserver | there is no one at this |
        recipnotfound | recipientnotfound | unable to receive mail | bad-mailbox | mailbox not available |
        mailbox unavailable or not local | cannot accept NAME | can't accept NAME |
        recipient address rejected: access denied | discontinued | user path no exist | unrouteable NAME |
        unroutable NAME | undeliverable NAME | unverified NAME | cannot be verified | non-existent NAME |
        nonexistent NAME | wrong e-mail | wrong NAME | userid .. not | user id .. not | rcp-p1 |
        several matches found | all relevant mx records point to non-existent | ungültige adresse |
        unbekannter empfänger | empfänger .. unbekannt | empfaenger .. unbekannt | empfänger .. nicht |
        existiert nicht | no existe | destinatario desconocido | destinatario no válido |
        destinatario non valido | usuario desconocido | utilisateur inconnu | adresse inconnue |
        adresse invalide | destinataire inconnu | destinataire invalide | n'existe pas | utente sconosciuto |
        destinatario inesistente | non esiste | não existe | nao existe | inexistente | не существует |
        не найден | недействител | 見つかりません | 存在しません | 不存在
        """,
    ),
    (
        TAKES_NO_MAIL,
        """
        does not accept mail | not accepting network messages | does not accept any mail | mail receiving disabled |
        accepts no mail | not a mail exchanger | no mx for | does not accept e-mail |
        couldn't find .. mail exchanger | does not accept email | doesn't accept mail | does not receive mail |
        doesn't receive mail | null mx | nullmx | no mx record found | no mx records found |
        domain does not accept | host does not accept | mail not accepted here | name server: . : host not found |
        could not find a mail exchanger | smtp protocol returned a permanent error | we do not accept mail
        """,
    ),
    (
        UNKNOWN_HOST,
        """
        host .. not found | domain .. not found | domain .. does not exist | domain .. doesn't exist |
        host .. does not exist | domain .. doesnt exist | domain .. couldn't be found |
        domain .. could not be found | no route found to domain | bad-domain | domain is not valid |
        invalid domain | domain .. no longer exists | no a, aaaa or mx | host unknown | unknown host |
        domain unknown | unknown domain | name or service not known | no such domain | no such host |
        non-existent domain | nonexistent domain | nxdomain | couldn't find any host | could not find any host |
        unrouteable mail domain | unroutable mail domain | all relevant mx records | illegal host |
        bad destination system | bad destination host | recipient domain must exist |
        domain mentioned in email address is unknown | the account or domain may not exist | domain part |
        no dns information | no dns records
        """,
    ),
    (
        REFUSED,
        """
        groups.google.com | not a member | not member | moderator | spam | junk | unsolicited | virus | malware |
        infected | phish | malicious | black list | blacklist | blocklist | block list | denylist | blocked | rbl |
        dnsbl | reputation | banned | poor standing | listed at | listed in | listed by | policy | content |
        prohibited | forbidden | relay | not rfc | rfc 5322 | rfc5322 | rfc 2822 | header | restricted |
        restriction | security | suspicious | abuse | attachment | score | filter | message rejected |
        message refused | mail rejected | mail refused | mail rejete | message was rejected |
        message has been rejected | refused to accept | not accepted for | unwelcome | unacceptable | not allowed |
        not permitted | permission denied | permissions to deliver | permission to post | permission |
        not authorized | bulk mail | bulk email | transaction failed | our guidelines
        """,
    ),
    (
        LOOP,
        """
        mail loop | mail forwarding loop | loops back | looping | loop detected | routing loop | too many hops |
        hop count | hops exceeded | loop count
        """,
    ),
    (
        SUSPENDED,
        """
        mailbox disabled | mailbox is disabled | mailbox currently suspended | mailbox inactive |
        mailbox is frozen | mailbox unavailable or access denied | account disabled | inactive-mailbox |
        account is disabled | account has been disabled | account has been suspended | account has been locked |
        account has been temporarily suspended | account inactive | account is temporarily | account expired |
        account closed | account deactivated | account not subscribed | address is disabled | address disabled |
        is a deactivated | is suspended | suspended | deactivated | disabled | is locked | is inactive |
        inactive account | not active | out of business | user suspended | status: locked | vacation |
        temporarily disabled
        """,
    ),
    (
        EXPIRED,
        """
        after multiple retries | delivery failed .. attempts | hosts .. have been failing | all hosts .. failing |
        within the allowed queue period | retry timeout exceeded | message expired | delivery expired | expired |
        in the queue too long | in queue too long | queued too long | retry time not reached |
        retry count exceeded | could not be delivered for | was not delivered within | delivery time expired |
        time limit | too old | unable to deliver in | could not deliver for the last | not been delivered for |
        giving up on | delivery attempts | failed to deliver after | was aborted after | lifetime |
        maximum delivery time
        """,
    ),
    (
        UNREACHABLE,
        """
        connection refused | no-answer-from-host | bad-connection | connection reset | connection closed |
        connection lost | connection failed | connection error | connection dropped | connection was dropped |
        connect failed | connect error | lost connection | failed to connect | unable to connect |
        could not connect | couldn't connect | cannot connect | can't connect | could not be reached | timed out |
        timeout | no route to host | network unreachable | network is unreachable | network error |
        host unreachable | socket error | no smtp connection | wasn't able to establish | unable to establish |
        not accept our requests to connect | dns error | dns lookup | dns failure | dns problem | dns server |
        dns query failed | name server timeout | name service error | server failure | host name lookup failure |
        name lookup failed | temporary lookup failure | could not contact | unable to contact |
        could not find a gateway | no such process | bad connection
        """,
    ),
    (
        TRY_LATER,
        """
        greylist | verification in progress | graylist | grey list | try again | try later | temporar | deferred |
        later | tempfail | busy | overloaded | system load | resources | will be retried | will retry |
        not yet been delivered | not yet delivered | being retried | attempts will continue |
        currently unavailable | delayed
        """,
    ),
    (
        BROKEN_SERVER,
        """
        local error | configuration error | misconfig | internal error | internal server | system error |
        unexpected error | mailer error | i/o error | database error | out of memory | disk full |
        insufficient system | can't create | cannot create | unable to write | pipe to | command died |
        command failed | exit status | exited with | died with status | protocol error | bad sequence |
        syntax error | command not | unrecognized command | procmail | ldap
        """,
    ),
)

# Words that hint at a condition where nothing above is said and no code tells more.
HINTS: Table = _table(
    (
        UNKNOWN_USER,
        """
        recipient address rejected | recipient rejected | rejected recipient | recipient not accepted |
        does not like recipient | mailbox unavailable | does not exist | user not | no user
        """,
    ),
    (
        BROKEN_SERVER,
        """
        service unavailable | not available
        """,
    ),
    (
        REFUSED,
        """
        rejected | refused | denied | violation | not accept
        """,
    ),
)
