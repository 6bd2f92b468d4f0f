"""Who works at the Riverside Courier, who answers for what, and what its readers wrote lately.

Pure data. `hours_ago` counts back from the moment the demo is loaded, so that something is always about to break.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Letter:
    """What a reader wrote. In a scene's second letter and later ones, only name, address, text and time count."""

    name: str
    email: str
    text: str
    hours_ago: float
    subject: str = ""
    to: str = "help"
    cc: str = ""
    html: str = ""
    automatic: bool = False
    files: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True)
class RawLetter:
    """Bytes that no mail program would send."""

    content: bytes
    hours_ago: float


@dataclass(frozen=True)
class Replies:
    who: str
    hours_ago: float
    text: str


@dataclass(frozen=True)
class Notes:
    who: str
    hours_ago: float
    text: str


@dataclass(frozen=True)
class HandsOver:
    who: str
    hours_ago: float
    to: str


@dataclass(frozen=True)
class Closes:
    who: str
    hours_ago: float


Scene = list[Letter | RawLetter | Replies | Notes | HandsOver | Closes]

# name, what they do here, role
STAFF = (
    ("Ines Hart", "Chair of the board", "member"),
    ("Noor Aziz", "Reader service, first answer", "specialist"),
    ("Ana Silva", "Head of delivery, routes 1 to 5", "admin"),
    ("Ben Okoro", "Delivery, routes 6 to 9", "specialist"),
    ("Mira Lindqvist", "App and website, tier 2", "specialist"),
    ("Teo Marchetti", "App and website, tier 3", "specialist"),
    ("Yuki Tanaka", "Systems, tier 4", "specialist"),
    ("Ruth Adler", "Editor-in-chief", "specialist"),
    ("Carla Weiss", "Columnist", "member"),
    ("Samir Haddad", "Sports editor", "member"),
    ("Joan Petrie", "Subscriptions and billing", "specialist"),
)

# slug, name, what it answers for, lead, members
TEAMS = (
    ("courier-delivery", "Delivery", "A paper on every doorstep by six", "ana", ("ana", "ben")),
    ("courier-digital", "App and website", "Everything with a screen", "mira", ("mira", "teo", "yuki")),
    ("courier-newsroom", "Newsroom", "What we print, and what we got wrong", "ruth", ("ruth", "carla", "samir")),
    ("courier-accounts", "Subscriptions", "Bills, holidays, gifts", "joan", ("joan", "noor")),
)

# looks at, finds, which is about, who answers: a team's slug or a first name
RULES = (
    ("recipient", "letters@*", "letters to the editor", "ruth"),
    ("words", "Riverside route 4, route 4", "Riverside route 4", "ana"),
    ("words", "route 6, route 7, route 8, route 9", "the northern routes", "ben"),
    ("words", "did not come, no paper, not delivered, wet paper, delivery", "", "courier-delivery"),
    ("page", "/sport/*", "the sports pages", "samir"),
    ("words", "Carla Weiss, Weiss's column, the Friday column", "the Friday column", "carla"),
    ("words", "correction, you got it wrong, misspelt, wrong name", "corrections", "ruth"),
    ("words", "crossword, the app, website, log in, password", "", "courier-digital"),
    ("words", "invoice, refund, subscription, cancel, holiday, gift", "", "courier-accounts"),
    ("recipient", "*@riverside-courier.example", "everything else at the Courier", "noor"),
)

_PHOTO = b"A picture would be here: the letterbox at 12 Mill Lane, empty, 06:40.\n"
_HTML = """<html><body style="font-family:Georgia"><p>Dear Courier,</p>
<p>the app shows <b>yesterday's crossword</b> again. A picture of my screen:</p>
<p><img src="https://pictures.example/screen.png" width="320" alt="my screen"></p>
<blockquote style="border-left:3px solid #999;padding-left:1em">“Today's puzzle will appear at 5 a.m.”</blockquote>
<p>It is ten past nine.<br>Leonie Krug</p></body></html>"""
_TOO_DEEP = (
    b"From: list@bulk.example\r\nTo: help@riverside-courier.example\r\nSubject: Digest of digests\r\n"
    + b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (level, level) for level in range(400)
    )
    + b"Content-Type: text/plain\r\n\r\nhello\r\n"
)

STORY: list[Scene] = [
    [
        Letter(
            "Ada Brown",
            "ada.brown@readers.example",
            subject="No paper again",
            hours_ago=1.6,
            text="Good morning,\n\nthird day in a row without a paper. I am on Riverside route 4, number 12 Mill Lane, and "
            "the box was empty at 6:40. I do not want a refund, I want to read it with my coffee.\n\nAda Brown",
            files=(("letterbox.jpg", _PHOTO),),
        ),
        Notes("ana", 1.4, "The new carrier starts at the wrong end of Mill Lane. Calling him at eleven."),
    ],
    [
        Letter(
            "Leonie Krug",
            "leonie@puzzlers.example",
            subject="Yesterday's crossword",
            hours_ago=0.7,
            html=_HTML,
            text="Dear Courier,\n\nthe app shows yesterday's crossword again. It is ten past nine.\n\nLeonie Krug",
        ),
    ],
    [
        Letter(
            "Rosa Delgado",
            "rosa@harbourcafe.example",
            subject="You misspelt my father's name",
            hours_ago=0.3,
            text="In Tuesday's obituary you got it wrong: he was Joaquín Delgado Ruiz, not Ruis. My mother keeps the page. "
            "Could you correct it, please?\n\nRosa Delgado",
        ),
    ],
    [
        Letter(
            "Hugh Pemberton",
            "hugh.pemberton@readers.example",
            subject="Wet paper, third letter",
            hours_ago=5.2,
            text="This is my third letter. Wet paper on route 7 every time it rains. Two phone calls, two promises. "
            "My wife says to cancel. I have read you for 31 years.\n\nH. Pemberton",
        ),
    ],
    [
        Letter(
            "Dani Cole",
            "dani@cardtable.example",
            subject="Your card game goes ffffppfftfpffff",
            hours_ago=2.1,
            text="I love the patience game in the app, but since the update every move goes ffffppfftfpffff and takes "
            "a second. Old phone, I know. Is there a setting?\n\nDani",
        ),
        Notes("mira", 1.9, "It is the new card animation. Teo put a switch in, but hid it under Accessibility."),
        Replies(
            "mira",
            1.8,
            "Hello Dani,\n\nthat sound is our fault: the update animates every card. Under Settings, Accessibility, turn "
            "“Animate cards” off and it is as quick as before. Would you tell me whether it is quiet now?\n\nMira Lindqvist",
        ),
        Letter(
            "Dani Cole",
            "dani@cardtable.example",
            hours_ago=0.4,
            text="Silence! Thank you. One more thing, now that somebody listens: undo does not work in the second round.",
        ),
    ],
    [
        Letter(
            "Prof. Emil Brandt",
            "e.brandt@university.example",
            subject="The Friday column and the bridge",
            hours_ago=26,
            text="Weiss's column says the old bridge was built in 1911. It was 1899; my students found the stone.\n\n"
            "Emil Brandt",
        ),
        Replies(
            "carla",
            24.6,
            "Dear Professor Brandt,\n\nyou are right and I was wrong; I went to look at the stone this afternoon. We print "
            "the correction on Friday with your students' names, if they agree. Thank you for writing.\n\nCarla Weiss",
        ),
        Letter(
            "Prof. Emil Brandt",
            "e.brandt@university.example",
            hours_ago=23,
            text="They agree, and they are proud. Thank you.",
        ),
        Replies("carla", 22.5, "Then it is settled. A copy for each of them is in the post.\n\nCarla Weiss"),
        Closes("carla", 22.4),
    ],
    [
        Letter(
            "Mai Nguyen",
            "mai@nguyen-family.example",
            subject="Holiday from the 20th",
            hours_ago=30,
            text="Please pause my subscription for two weeks; the neighbour's dog eats the papers otherwise.\n\nMai Nguyen",
        ),
        Replies(
            "joan", 29.5, "Paused for two weeks, and the dog has been informed. Have a good holiday!\n\nJoan Petrie"
        ),
        Closes("joan", 29.4),
    ],
    [
        Letter(
            "Otto Vance",
            "otto.vance@readers.example",
            subject="Charged twice",
            hours_ago=7,
            text="My invoice for this month came off my account twice, 34.90 each. Please refund one.\n\nOtto Vance",
        ),
        Replies(
            "joan",
            6.2,
            "Dear Mr Vance,\n\nI see both payments and have sent one back; the bank says two days. Please write to me here "
            "if it is not there on Thursday.\n\nJoan Petrie",
        ),
    ],
    [
        Letter(
            "Grace Obi",
            "grace@obi-legal.example",
            subject="Reprint of an article",
            hours_ago=9,
            cc="Paul Reed <paul@obi-legal.example>",
            text="May we hang your article on the river court in our office? My colleague Paul would collect a copy.\n\nGrace Obi",
        ),
        Replies("noor", 8.4, "Gladly, and it costs nothing. Shall I have a good print made for Paul?\n\nNoor Aziz"),
    ],
    [
        Letter(
            "Felix Ahrens",
            "felix@rowing.example",
            subject="Rowing results",
            hours_ago=1.1,
            text="The table on https://www.riverside-courier.example/sport/rowing has our crew last. We won!\n\nFelix Ahrens",
        ),
    ],
    [
        Letter(
            "Ilse Baum",
            "ilse.baum@readers.example",
            subject="A letter for the page",
            hours_ago=3,
            to="letters",
            text="To the editor: the lamps on Quay Street have been out since March. I am 84 and I do not see in the dark.\n\nIlse Baum",
        ),
        Replies(
            "ruth",
            2.2,
            "Dear Mrs Baum,\n\nwe print your letter tomorrow, and Samir asked the city this morning: new lamps on the 14th. "
            "If they are not there, I will walk down with a photographer.\n\nRuth Adler",
        ),
    ],
    [
        Letter(
            "Kwame Mensah",
            "kwame@mensah.example",
            subject="Cannot log in since Sunday",
            hours_ago=28,
            text="The website says my password is wrong, the reset mail never comes. I pay for this.\n\nKwame Mensah",
        ),
        Notes("mira", 27.5, "Reset mails to his provider bounce since Sunday. Not a password problem."),
        HandsOver("mira", 27.4, "yuki"),
        Replies(
            "yuki",
            26.9,
            "Hello Mr Mensah,\n\nI run the servers here. Your provider has refused our mail since Sunday because of a mistake "
            "in our settings. It is mended; I have signed you in by the link below, and your month is on us.\n\nYuki Tanaka",
        ),
        Letter(
            "Kwame Mensah",
            "kwame@mensah.example",
            hours_ago=26,
            text="Works. That was the shortest support mail of my life.",
        ),
        Closes("yuki", 25.8),
    ],
    [
        Letter(
            "Tom Fielding",
            "tom@fielding.example",
            subject="Gift for my sister",
            hours_ago=0.15,
            text="Can I give a gift subscription that starts on her birthday, the 3rd? She moves house that week.\n\nTom",
        ),
    ],
    [
        Letter(
            "Greta Holm",
            "greta@holm.example",
            subject="Wer ist zuständig?",
            hours_ago=1.3,
            text="Guten Tag,\n\nich habe drei Nummern angerufen und jedes Mal eine vierte bekommen. Wer kann mir sagen, warum "
            "meine Anzeige nicht erschienen ist?\n\nMit freundlichen Grüßen\nGreta Holm",
        ),
    ],
    [
        Letter(
            "Mai Nguyen",
            "mai@nguyen-family.example",
            subject="Automatic reply: Holiday",
            hours_ago=29.3,
            automatic=True,
            text="I am away for two weeks and will read your mail when I am back.",
        ),
    ],
    [RawLetter(_TOO_DEEP, hours_ago=4)],
]
