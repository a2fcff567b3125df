"""The same mail in two boxes, the same commands to both: what Dovecot answers
and what we do. docs/rfc.md tells the differences on purpose."""

import random
import re

import pytest

import ugly
from dovecot import MISSING, Dovecot, present
from imap import Imap, plain

pytestmark = pytest.mark.skipif(not present(), reason=MISSING)

# Replies that tell of a server rather than of the mail.
OWN_CODES = (b"UIDVALIDITY", b"HIGHESTMODSEQ", b"MAILBOXID", b"UNSEEN",
             b"PERMANENTFLAGS", b"NOMODSEQ", b"CLOSED")
OWN_REPLIES = (b"RECENT", b"CAPABILITY", b"ID")


def letter(n, chance):
    """One of the letters that are searched and sorted."""
    people = ["Ann <ann@a.example>", "bob@b.example", "Zo\u00eb <zoe@z.example>",
              '"Doe, John" <john@a.example>', "Carl <carl@c.example>"]
    words = ["alpha", "beta", "gamma", "caf\u00e9", "Stra\u00dfe", "DELTA",
             "\u0391\u03b8\u03ae\u03bd\u03b1", "invoice", "hello world"]
    subject = chance.choice(("", "Re: ", "Fwd: ", "RE: [list] ", "")) + \
        chance.choice(words) + " " + chance.choice(words)
    day = chance.randrange(1, 28)
    month = chance.choice(("Jan", "Mar", "Jul", "Nov"))
    zone = chance.choice(("+0000", "-0800", "+0530"))
    head = [f"From: {chance.choice(people)}", f"To: {chance.choice(people)}",
            f"Date: {day} {month} {chance.randrange(2019, 2026)} "
            f"{chance.randrange(24):02}:15:00 {zone}",
            f"Message-ID: <m{n}@example.test>"]
    if chance.random() < 0.3:
        head.append(f"Cc: {chance.choice(people)}")
    if n > 3 and chance.random() < 0.6:
        older = chance.sample(range(n), min(n, chance.choice((1, 2, 3))))
        head.append("References: " +
                    " ".join(f"<m{o}@example.test>" for o in sorted(older)))
        if chance.random() < 0.5:
            head.append(f"In-Reply-To: <m{max(older)}@example.test>")
    return encoded(head, subject, chance.choice(words), chance)


def encoded(head, subject, word, chance):
    """The letter in one of the ways in which letters are written."""
    from email.header import Header
    charset = chance.choice(("utf-8", "utf-8", "iso-8859-1"))
    try:
        subject.encode(charset), word.encode(charset)
    except UnicodeEncodeError:
        charset = "utf-8"
    head.append("Subject: " + (subject if subject.isascii() else
                               Header(subject, charset).encode()))
    head = [line if line.isascii() else
            re.sub(r"Zo\u00eb", "=?utf-8?q?Zo=C3=AB?=", line)
            for line in head]
    body = f"Some text about {word}.\r\nAnd a line more.\r\n".encode(charset)
    how = chance.choice(("8bit", "quoted-printable", "base64"))
    if how == "base64":
        import base64
        body = base64.encodebytes(body).replace(b"\n", b"\r\n")
    elif how == "quoted-printable":
        import quopri
        body = quopri.encodestring(body).replace(b"\r", b"")
        body = body.replace(b"=0D", b"").replace(b"\n", b"\r\n")
    head += ["MIME-Version: 1.0", f"Content-Type: text/plain; "
             f"charset={charset}", f"Content-Transfer-Encoding: {how}"]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


FLAGS = ("", "\\Seen", "\\Flagged \\Seen", "\\Answered", "work", "\\Draft",
         "\\Seen $Forwarded work")


MADE = ugly.made(60)


def fill(client):
    client.ok("SUBSCRIBE INBOX")    # as it is with us from the start
    chance = random.Random(4)
    for n in range(120):
        date = f"{chance.randrange(10, 28)}-Oct-2025 " \
               f"{chance.randrange(24):02}:30:00 +0000"
        client.append("INBOX", letter(n, chance), chance.choice(FLAGS), date)
    for name in [f"made-{n}" for n in range(60) if n % 3 != 2]:
        client.append("INBOX", MADE[name], date="01-Nov-2025 10:00:00 +0000")


def normal(reply):
    """A reply as far as two servers must agree on it."""
    out = []
    for told in reply.untagged:
        name = told[0].upper() if isinstance(told[0], bytes) else b""
        kind = told[1].upper() if len(told) > 1 and \
            isinstance(told[1], bytes) else b""
        if name == b"OK":
            code = re.match(rb"\[([A-Z-]+)", told[1])
            if not code or code[1] in OWN_CODES:
                continue
            told = [name, re.sub(rb"COPYUID \d+", b"COPYUID n", re.match(
                rb"\[([^\]]*)", told[1])[1])]
        if name in (b"NO", b"BAD") or name in OWN_REPLIES or \
                kind in OWN_REPLIES:
            continue
        out.append(shaped(told, name, kind))
    # Who sorts and threads tells an order; the rest may come in any.
    code = re.sub(r"(COPYUID|APPENDUID) \d+", r"\1 n", reply.code)
    return sorted(out, key=repr), reply.status, \
        code if not code.startswith(OWN_TEXT) else ""


OWN_TEXT = ("CAPABILITY", "HIGHESTMODSEQ", "READ", "SERVERBUG", "LIMIT",
            "CANNOT", "CLIENTBUG", "BADCHARSET", "NONEXISTENT", "PARSE",
            "UNKNOWN-CTE", "MAILBOXID")


def shaped(told, name, kind):
    """One untagged reply without what is a server's own."""
    if kind == b"FETCH":
        pairs = dict(zip([t.upper() for t in told[2][::2]], told[2][1::2]))
        pairs.pop(b"MODSEQ", None)
        # A day has a space or a zero in front (RFC 9051, date-day-fixed),
        # and they were not saved in the same second.
        if b"INTERNALDATE" in pairs:
            pairs[b"INTERNALDATE"] = re.sub(rb"^ ", b"0",
                                            pairs[b"INTERNALDATE"])
        for name in (b"ENVELOPE", b"BODY", b"BODYSTRUCTURE"):
            if name in pairs:
                pairs[name] = plain(pairs[name])
        pairs.pop(b"SAVEDATE", None)
        pairs.pop(b"PREVIEW", None)     # every server has its own words
        if b"FLAGS" in pairs:
            pairs[b"FLAGS"] = sorted(f for f in pairs[b"FLAGS"]
                                     if f != b"\\Recent")
        return [told[0], b"FETCH", sorted(pairs.items())]
    if name == b"FLAGS":
        return [name, sorted(f for f in told[1] if f != b"nosuch")]
    if name in (b"LIST", b"LSUB"):
        return [name, listed(told[1]), told[2], told[3], *told[4:]]
    if name == b"STATUS":
        pairs = dict(zip(told[2][::2], told[2][1::2]))
        for own in (b"UIDVALIDITY", b"HIGHESTMODSEQ", b"RECENT",
                    b"MAILBOXID"):
            pairs.pop(own, None)
        return [name, told[1], sorted(pairs.items())]
    return told


def listed(attributes):
    """Those of a mailbox that two servers agree on."""
    names = {a.lower() for a in attributes} - {b"\\marked", b"\\unmarked"}
    if b"\\nonexistent" in names:      # RFC 5258's word for \Noselect
        names = names - {b"\\nonexistent"} | {b"\\noselect"}
    if b"\\noselect" in names:
        names -= {b"\\haschildren"}   # which goes without saying
    return sorted(names)


# 1 to 120 are letters as people write them; of the rest some have two
# subjects, or a date that nobody can read.
SEARCHES = """\
ALL
SEEN
UNSEEN
ANSWERED
UNANSWERED
DELETED
UNDELETED
DRAFT
UNDRAFT
FLAGGED
UNFLAGGED
KEYWORD work
KEYWORD WORK
UNKEYWORD work
KEYWORD nosuch
UNKEYWORD nosuch
1:10
10:1
5,7,9
*
150:*
UID 1:20
UID 500:600
UID 1,3,5:9,*
NOT SEEN
NOT 1:50
OR SEEN FLAGGED
OR (SEEN FLAGGED) (ANSWERED)
NOT (SEEN FLAGGED)
NOT NOT SEEN
(SEEN)
((SEEN) (1:30))
SEEN 1:30 KEYWORD work
OR OR SEEN ANSWERED DRAFT
BEFORE 20-Oct-2025
ON 20-Oct-2025
SINCE 20-Oct-2025
SINCE 1-Nov-2025
BEFORE "1-Jan-1990"
NOT ON 20-Oct-2025
1:120 SENTBEFORE 1-Jan-2022
SENTON 10-Jul-2021
1:120 SENTSINCE 1-Jan-2023
SENTSINCE 1-Jan-2020 SENTBEFORE 1-Jan-2021
LARGER 400
SMALLER 400
LARGER 0
SMALLER 1
LARGER 400 SMALLER 500
FROM ann
FROM "ann@a.example"
FROM ANN
FROM Doe
FROM "Doe, John"
FROM a.example
FROM "<bob"
1:120 FROM ""
FROM nobody
TO bob
TO "zoe@z"
CC carl
CC ""
BCC x
SUBJECT alpha
SUBJECT ALPHA
SUBJECT "alpha beta"
SUBJECT "hello world"
1:120 SUBJECT re:
1:120 SUBJECT "[list]"
SUBJECT ""
SUBJECT invoice
SUBJECT "alpha  beta"
HEADER Subject gamma
HEADER SUBJECT ""
HEADER Message-ID "m1@"
HEADER Message-ID "<m17@example.test>"
HEADER References ""
HEADER References m3@
HEADER In-Reply-To ""
HEADER X-Nothing ""
HEADER X-Nothing something
HEADER From ann
HEADER Content-Type utf-8
HEADER Content-Type text/plain
HEADER Content-Transfer-Encoding base64
HEADER MIME-Version 1.0
HEADER Date 2021
HEADER Date +0530
BODY alpha
BODY ALPHA
BODY "about alpha"
BODY "a line more"
BODY "more.\r\n"
BODY nothing-like-it
BODY invoice
BODY "text about"
TEXT alpha
TEXT invoice
TEXT "ann@a.example"
TEXT "base64"
TEXT "m17@example"
NOT BODY alpha
NOT TEXT invoice
OR BODY alpha SUBJECT beta
OR SUBJECT alpha FROM ann
SUBJECT alpha BODY beta
BODY alpha SEEN
1:40 BODY gamma
NOT (FROM ann OR SUBJECT alpha SUBJECT beta)
UNSEEN FROM bob SINCE 15-Oct-2025
OLDER 100
YOUNGER 100
OLDER 1000000000
YOUNGER 1000000000
MODSEQ 1
MODSEQ 0
NOT MODSEQ 1
""".splitlines()

UTF8_SEARCHES = ["SUBJECT caf\u00e9", "SUBJECT CAF\u00c9", "BODY caf\u00e9",
                 "BODY CAF\u00c9", "FROM Zo\u00eb", "FROM ZO\u00cb",
                 "BODY \u03b1\u03b8\u03ae\u03bd\u03b1",
                 "BODY \u0391\u0398\u0389\u039d\u0391",
                 "SUBJECT \u0391\u03b8\u03ae\u03bd\u03b1", "TEXT Stra\u00dfe",
                 "BODY cafe\u0301", "TEXT \u20ac"]

RETURNS = ["RETURN (COUNT) ALL", "RETURN (MIN) SEEN", "RETURN (MAX) SEEN",
           "RETURN (MIN MAX COUNT) SEEN", "RETURN (ALL) SEEN",
           "RETURN () SEEN", "RETURN (MIN MAX ALL COUNT) KEYWORD work",
           "RETURN (COUNT) KEYWORD nosuch", "RETURN (MIN) KEYWORD nosuch",
           "RETURN (ALL COUNT) BODY alpha"]

SORTS = ["ARRIVAL", "REVERSE ARRIVAL", "CC", "DATE", "REVERSE DATE", "FROM",
         "REVERSE FROM", "SIZE", "REVERSE SIZE", "SUBJECT",
         "REVERSE SUBJECT", "TO", "SUBJECT DATE", "FROM REVERSE DATE",
         "SIZE FROM", "TO SUBJECT REVERSE ARRIVAL"]

FETCHES = """\
FAST
ALL
FULL
UID
FLAGS
INTERNALDATE
RFC822.SIZE
ENVELOPE
BODY
BODYSTRUCTURE
(UID FLAGS INTERNALDATE RFC822.SIZE)
(UID ENVELOPE BODYSTRUCTURE)
BODY.PEEK[]
BODY.PEEK[HEADER]
BODY.PEEK[TEXT]
BODY.PEEK[1]
BODY.PEEK[1.MIME]
BODY.PEEK[HEADER.FIELDS (FROM TO SUBJECT DATE)]
BODY.PEEK[HEADER.FIELDS.NOT (FROM TO SUBJECT DATE)]
BODY.PEEK[HEADER.FIELDS (X-NOTHING)]
BODY.PEEK[]<0.10>
BODY.PEEK[]<5.1>
BODY.PEEK[]<100000.5>
BODY.PEEK[TEXT]<3.7>
BODY.PEEK[1]<0.3>
BODY.PEEK[HEADER]<7.9>
(BODY.PEEK[HEADER] BODY.PEEK[TEXT])
BINARY.PEEK[1]
BINARY.PEEK[1]<2.5>
BINARY.SIZE[1]
(BINARY.SIZE[1] BINARY.PEEK[1])
RFC822.HEADER
(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)] UID)
BODY.PEEK[2]
BODY.PEEK[1.1]
PREVIEW
(UID SAVEDATE)
""".splitlines()

ERRORS = """\
FETCH
FETCH 1
FETCH 1 (
FETCH 1 ()
FETCH x FLAGS
FETCH 0 FLAGS
FETCH 1 NOSUCH
FETCH 1 BODY[
FETCH 1 BODY[HEADER.FIELDS]
FETCH 1 BODY.PEEK[]<1>
FETCH 1 BODY.PEEK[]<0.0>
FETCH 1:2:3 FLAGS
FETCH 100000 FLAGS
UID FETCH 100000 FLAGS
STORE 1
STORE 1 +FLAGS (\\Nosuch)
STORE 1 +FLAGS (\\Recent)
STORE 1 NOFLAGS (\\Seen)
COPY 1
COPY 1 nosuch
COPY 100000 Trash
MOVE 1 nosuch
SEARCH
SEARCH NOSUCH
SEARCH (
SEARCH OR SEEN
SEARCH NOT
SEARCH BEFORE x
SEARCH BEFORE 32-Jan-2020
SEARCH LARGER x
SEARCH CHARSET nosuch ALL
SORT (DATE)
SORT () UTF-8 ALL
SORT (NOSUCH) UTF-8 ALL
SORT (DATE) nosuch ALL
THREAD NOSUCH UTF-8 ALL
THREAD REFERENCES
SELECT nosuch
SELECT
STATUS nosuch (MESSAGES)
STATUS INBOX
STATUS INBOX (NOSUCH)
CREATE INBOX
CREATE ""
DELETE INBOX
DELETE nosuch
RENAME nosuch other
RENAME INBOX/x other
SUBSCRIBE
LIST
LIST ""
APPEND
NOSUCH
LOGIN a b
AUTHENTICATE PLAIN
STARTTLS
UID
UID NOSUCH
UID EXPUNGE
GETMETADATA nosuch /private/comment
""".splitlines()

LISTS = """\
LIST "" ""
LIST "" *
LIST "" %
LIST "" "a*"
LIST "" "a/%"
LIST "" "a/*"
LIST "a/" "%"
LIST "a" "/%"
LIST "" "%/%"
LIST "" "*b"
LIST "" "%b"
LIST "" "a/b"
LIST "" "nosuch"
LIST "" inbox
LIST "" "INB*"
LIST "" ("a*" "INBOX")
LIST (SUBSCRIBED) "" *
LIST (SUBSCRIBED) "" %
LIST () "" *
LIST "" * RETURN (CHILDREN)
LIST "" % RETURN (CHILDREN)
LIST "" * RETURN (SUBSCRIBED)
LIST "" * RETURN (SUBSCRIBED CHILDREN)
LIST (SPECIAL-USE) "" *
LIST "" * RETURN (SPECIAL-USE)
LIST "" "a*" RETURN (STATUS (MESSAGES UNSEEN UIDNEXT))
LIST (SUBSCRIBED RECURSIVEMATCH) "" %
LIST (SUBSCRIBED) "" "a/*"
LSUB "" *
LSUB "" %
LSUB "" "a/%"
LSUB "" "a*"
NAMESPACE
""".splitlines()

# What changes things, in this order; None: select INBOX anew.
CHANGES = """\
STORE 1 +FLAGS (\\Seen)
STORE 1 -FLAGS (\\Seen)
STORE 1:5 FLAGS (\\Flagged)
STORE 2 FLAGS ()
STORE 3 +FLAGS (newword another)
STORE 3 -FLAGS (newword)
STORE 4:6 +FLAGS.SILENT (\\Answered)
FETCH 1:6 FLAGS
UID STORE 7 +FLAGS (\\Deleted)
UID STORE 7 -FLAGS (\\Deleted)
UID STORE 1000 +FLAGS (\\Deleted)
STORE 8,10,12 +FLAGS (\\Deleted)
STORE 8 FLAGS \\Seen
EXPUNGE
FETCH 1:12 (UID FLAGS)
COPY 1:3 Trash
UID COPY 20 Trash
COPY 1 INBOX
STATUS Trash (MESSAGES UIDNEXT UNSEEN SIZE)
MOVE 5 Trash
UID MOVE 30:32 Archive
STATUS Archive (MESSAGES UIDNEXT UNSEEN)
FETCH 1:10 UID
STORE 1,2,3 +FLAGS (\\Deleted)
UID EXPUNGE 1:2
EXPUNGE
NOOP
CHECK
CREATE a
CREATE a
CREATE a/b
CREATE a/b/c
CREATE "d/e/f"
CREATE "sp ace"
CREATE "&AOQ-"
SUBSCRIBE a
SUBSCRIBE a/b
SUBSCRIBE d/e/f
SUBSCRIBE nosuch
UNSUBSCRIBE nosuch
COPY 1:2 a/b
""".splitlines()

LATER = """\
UNSUBSCRIBE a/b
UNSUBSCRIBE nosuch
RENAME a/b a/z
LIST "" a/*
STATUS a/z (MESSAGES)
RENAME a q
LIST "" *
STATUS q/z (MESSAGES UNSEEN)
RENAME q INBOX
RENAME q q
DELETE q/z
DELETE q/z/c
DELETE d/e/f
LIST "" "[A-Z]*"
LIST "" "T*"
SELECT Trash
FETCH 1:* (UID FLAGS RFC822.SIZE)
STORE 1 +FLAGS (\\Deleted)
CLOSE
FETCH 1 UID
STATUS Trash (MESSAGES)
EXAMINE INBOX
STORE 1 +FLAGS (\\Seen)
EXPUNGE
FETCH 1 BODY[]
FETCH 1 FLAGS
UNSELECT
SEARCH ALL
CLOSE
SELECT INBOX
UNSELECT
""".splitlines()


def script():
    """All commands, several hundred, in an order that keeps them alike."""
    chance = random.Random(9)
    yield from (f"SEARCH {s}" for s in SEARCHES)
    yield from (f"UID SEARCH {s}" for s in SEARCHES[::4])
    yield from (f"SEARCH CHARSET UTF-8 {s}" for s in UTF8_SEARCHES)
    yield from (f"SEARCH {r}" for r in RETURNS)
    yield from (f"UID SEARCH {r}" for r in RETURNS)
    yield from (f"SORT ({s}) UTF-8 1:120" for s in SORTS)
    yield from (f"UID SORT ({s}) US-ASCII SEEN" for s in SORTS[::4])
    for how in ("REFERENCES", "ORDEREDSUBJECT"):
        yield f"THREAD {how} UTF-8 1:120"
        yield f"UID THREAD {how} UTF-8 SINCE 20-Oct-2025 1:120"
        yield f"THREAD {how} UTF-8 KEYWORD nosuch"
    for fetch in FETCHES:
        for numbers in ("1:*", str(chance.randrange(1, 160)), "121:130"):
            yield f"FETCH {numbers} {fetch}"
        yield f"UID FETCH {chance.randrange(1, 160)} {fetch}"
    for error in ERRORS:
        yield error
        yield "NOOP"        # many errors in a row end a session
    yield "SELECT INBOX"
    yield "SEARCH RETURN (SAVE) SEEN"
    yield "FETCH $ UID"
    yield "SEARCH $ FLAGGED"
    yield "SEARCH RETURN (SAVE COUNT) KEYWORD nosuch"
    yield "FETCH $ UID"
    yield from CHANGES
    yield from LISTS
    yield from LATER


class Pair:
    def __init__(self, ours, theirs):
        self.clients = (ours, theirs)

    def ask(self, command):
        return [normal(c.command(*literals(command))) for c in self.clients]


def literals(command):
    """Strings that quotes cannot hold as literals."""
    if command.isascii() and "\\r" not in command:
        return [command]
    words = command.rsplit(" ", 1)
    return [words[0], (words[1].encode(),)] if not command.isascii() else \
        [command.replace("\\r", "\r").replace("\\n", "\n").split(' "')[0],
         (command.replace("\\r", "\r").replace("\\n", "\n")
          .split(' "')[1][:-1].encode(),)]


@pytest.fixture(scope="module")
def pair(box, tmp_path_factory):
    ours = Imap(box.imaps_port, box.tls)
    ours.login(box.login, box.app_password)
    dovecot = Dovecot(tmp_path_factory.mktemp("dovecot")).start()
    theirs = dovecot.imap()
    for client in (ours, theirs):
        fill(client)
        client.ok("SELECT INBOX")
    yield Pair(ours, theirs)
    dovecot.stop()


@pytest.mark.timeout(600)
def test_script(pair):
    wrong, count = [], 0
    for command in script():
        count += 1
        ours, theirs = pair.ask(command)
        if ours != theirs and not excused(command, ours, theirs):
            wrong.append((command, difference(ours, theirs)))
    assert count >= 500, count
    assert not wrong, f"{len(wrong)} of {count} differ:\n" + \
        "\n".join(f"{c}\n  {d}" for c, d in wrong[:60])


def difference(ours, theirs):
    """The first thing that two replies do not share."""
    if ours[1:] != theirs[1:]:
        return f"ours {ours[1:]}, theirs {theirs[1:]}"
    only = [t for t in ours[0] if t not in theirs[0]][:2]
    missing = [t for t in theirs[0] if t not in ours[0]][:2]
    return f"ours {str(only)[:400]}, theirs {str(missing)[:400]}"


def excused(command, ours, theirs):
    """The differences on purpose; docs/rfc.md tells why, by command."""
    return any(re.fullmatch(pattern, command) for pattern in ON_PURPOSE)


ON_PURPOSE = [
    # Dovecot makes a keyword of what is only looked for.
    r"SEARCH KEYWORD nosuch",
    # White space runs in a needle count as one, as in what is looked in.
    r'SEARCH SUBJECT "alpha  beta"',
    # Numbers of our own.
    r"(UID )?SEARCH (NOT )?MODSEQ .*",
    # Octets above 127 without a charset are read as windows-1252.
    r"SEARCH CHARSET UTF-8 (SUBJECT|BODY) (caf\u00e9|CAF\u00c9)",
    # No numbers without a length, and no flags without flags (RFC 9051).
    r"FETCH 1 BODY\.PEEK\[\]<(1|0\.0)>",
    r"STORE 1 \+FLAGS \(\\Recent\)", r"SEARCH BEFORE 32-Jan-2020",
    # Names that do not exist may be subscribed to (RFC 9051, 6.3.7).
    r"(UN)?SUBSCRIBE nosuch",
    # Reference and pattern are joined (RFC 9051, 6.3.9).
    r'LIST "a" "/%"',
    # What is only looked at cannot be changed: NO [READ-ONLY].
    r"(STORE 1 \+FLAGS \(\\Seen\)|EXPUNGE)",
    # A part that is no message has no parts.
    r"FETCH (1:\*|121:130) BODY\.PEEK\[1\.1\]",
    # Broken base64 is decoded as far as it goes.
    r"FETCH (1:\*|121:130) .*BINARY.*",
]
