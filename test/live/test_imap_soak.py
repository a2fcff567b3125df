"""Twenty mail programs of four kinds on one mailbox while mail comes in:
afterwards each of them knows what the store knows, by what it was told alone.

IMAP_SOAK  seconds (default 15; `make soak` takes ten minutes)
"""

import collections
import os
import random
import re
import threading
import time

import pytest

from imap import Imap, items

SECONDS = float(os.environ.get("IMAP_SOAK", "15"))
CLIENTS = 20
MANY = 100      # from so many messages on rather one is deleted than added
ROUND_S = 1.5   # and then all must know the same
FIRST = 20      # letters that are there at the beginning
WORDS = ("\\Seen", "\\Flagged", "\\Answered", "\\Draft", "work", "$Junk",
         "later")
HELD = {"FETCH", "STORE", "SEARCH"}     # RFC 9051 section 7.5.1
MODSEQ = re.compile(rb"\[?HIGHESTMODSEQ (\d+)")


def numbers(uids):
    """What a set of UIDs means."""
    found = set()
    for run in uids.split(b","):
        first, _, last = run.partition(b":")
        found.update(range(int(first), int(last or first) + 1))
    return found


def told_flags(told):
    return {f for f in told[b"FLAGS"] if f != b"\\Recent"}


class View:
    """A mailbox as the untagged replies tell it, by message number."""

    def __init__(self):
        self.messages = []      # [uid or None, flags or None]
        self.verb = ""          # of the command under way
        self.modseq = 0         # as RFC 7162 section 6 has it
        self.highest = self.said = 0

    def hear(self, told):
        if told[0].upper() == b"OK" and (found := MODSEQ.match(told[1])):
            self.said = int(found[1])
        elif told[0].upper() == b"VANISHED":
            earlier = isinstance(told[1], list)
            assert earlier or self.verb not in HELD, (self.verb, told)
            self.vanish(numbers(told[2 if earlier else 1]), earlier)
        elif told[0].isdigit():
            self.count(int(told[0]), told[1].upper(), told[2:])

    def count(self, number, kind, told):
        if kind == b"EXISTS":
            self.exist(number)
        elif kind == b"EXPUNGE":
            assert self.verb not in HELD, (self.verb, number)
            del self.messages[number - 1]
        elif kind in (b"FETCH", b"UIDFETCH"):
            found = items(told[0])
            if b"MODSEQ" in found:
                self.highest = max(self.highest, int(found[b"MODSEQ"][0]))
            self.fetched(kind, number, found)

    def exist(self, count):
        assert count >= len(self.messages), (count, len(self.messages))
        while len(self.messages) < count:
            self.messages.append([None, None])

    def fetched(self, kind, number, told):
        assert kind == b"FETCH" and 0 < number <= len(self.messages), number
        message = self.messages[number - 1]
        if b"UID" in told:
            uid = int(told[b"UID"])
            assert message[0] in (None, uid), (message, uid)
            message[0] = uid
        if b"FLAGS" in told:
            message[1] = told_flags(told)

    def vanish(self, gone, earlier):
        assert not earlier
        known = {m[0] for m in self.messages}
        self.messages = [m for m in self.messages if m[0] not in gone]
        # Who was counted, and gone before it said its UID: UIDs ascend.
        for uid in sorted(gone - known):
            at = max((n + 1 for n, m in enumerate(self.messages)
                      if m[0] is not None and m[0] < uid), default=0)
            assert self.messages[at][0] is None, (uid, self.messages)
            del self.messages[at]

    def settle(self, code):
        """A command was answered: up to which modseq all is known."""
        if found := MODSEQ.match(code.encode()):
            self.said = int(found[1])
        self.modseq = self.said or max(self.modseq, self.highest)
        self.highest = self.said = 0

    def unknown(self):
        """What to ask for, as a command; "" when all is known."""
        missing = [n + 1 for n, m in enumerate(self.messages)
                   if m[0] is None or m[1] is None]
        return missing and f"FETCH {missing[0]}:{missing[-1]} (UID FLAGS)"

    def known(self):
        uids = [m[0] for m in self.messages]
        assert uids == sorted(set(uids)), uids
        return dict(self.messages)


class Return(View):
    """The same while a mailbox is selected again with QRESYNC: what was
    known before is changed by what is told."""

    def __init__(self, before):
        super().__init__()
        self.uids = before.known()
        self.modseq = before.modseq
        self.total = 0
        self.places = {}

    def exist(self, count):
        self.total = count

    def fetched(self, kind, number, told):
        self.uids[int(told[b"UID"])] = told_flags(told)
        self.places[int(told[b"UID"])] = number

    def vanish(self, gone, earlier):
        assert earlier
        for uid in gone:
            self.uids.pop(uid, None)

    def view(self):
        """What it comes to."""
        view = View()
        view.modseq, view.highest, view.said = (self.modseq, self.highest,
                                                self.said)
        view.messages = [[uid, self.uids[uid]] for uid in sorted(self.uids)]
        for uid, number in self.places.items():
            assert view.messages[number - 1][0] == uid, (uid, number)
        assert len(view.messages) == self.total
        return view


class UidView(View):
    """The same without message numbers (RFC 9586)."""

    def __init__(self):
        super().__init__()
        self.uids = {}
        self.total = 0
        self.learnt = 0         # up to this UID all are known

    def exist(self, count):
        assert count >= self.total
        self.total = count

    def fetched(self, kind, number, told):
        assert kind == b"UIDFETCH"
        if b"FLAGS" in told:
            self.uids[number] = told_flags(told)

    def vanish(self, gone, earlier):
        assert not earlier
        self.total -= len(gone)
        for uid in gone:
            self.uids.pop(uid, None)

    def unknown(self):
        if len(self.uids) == self.total:
            self.learnt = max(self.uids, default=0)
            return ""
        return f"UID FETCH {self.learnt + 1}:* (FLAGS)"

    def known(self):
        assert len(self.uids) == self.total
        return dict(self.uids)


class Client:
    def __init__(self, box, number):
        self.box, self.number = box, number
        self.chance = random.Random(number)
        self.kind = ("plain", "qresync", "notify", "uidonly")[number % 4]
        self.failure = None
        self.done = collections.Counter()
        self.made, self.moved = [], []  # UIDs in INBOX and in Archive
        self.view = None
        self.open()

    def open(self):
        self.imap = Imap(self.box.imaps_port, self.box.tls)
        self.imap.login(self.box.login, self.box.app_password)
        if self.kind == "qresync":
            self.imap.ok("ENABLE QRESYNC")
        elif self.kind == "uidonly":
            self.imap.ok("ENABLE UIDONLY")
        elif self.kind == "notify":
            self.imap.ok("NOTIFY SET (SELECTED-DELAYED (MessageNew (UID) "
                         "MessageExpunge FlagChange))")
        elif self.number % 8 == 0:
            self.imap.ok("ENABLE CONDSTORE")
        self.select()

    def hear(self, told):
        self.view.hear(told)

    def do(self, *words):
        """A command; what it may be answered is OK, or that others have
        removed messages it is about."""
        self.view.verb = words[0].split()[0]
        reply = self.imap.command(*words)
        assert reply.status == "OK" or reply.code == "EXPUNGEISSUED", \
            (words, reply.status, reply.text)
        self.view.verb = ""
        self.view.settle(reply.code)
        self.done[words[0].split("(")[0].split()[0]] += 1
        return reply

    def select(self):
        before, self.view = self.view, View()
        if self.kind == "uidonly":
            self.view = UidView()
        elif self.kind == "qresync" and before:
            self.view = Return(before)
            self.imap.heard = self.hear
            self.do(f"SELECT INBOX (QRESYNC ({self.validity} "
                    f"{before.modseq}))")
            self.view = self.view.view()
            self.learn()
            return
        self.imap.heard = self.hear
        told = self.do("SELECT INBOX").untagged
        self.validity = next(int(re.search(rb"\d+", t[1])[0]) for t in told
                             if t[0] == b"OK" and b"UIDVALIDITY" in t[1])
        self.learn()

    def leave(self):
        """Close the mailbox, or the connection."""
        self.imap.heard = None
        if self.chance.random() < 0.5:
            self.imap.ok("UNSELECT")
            self.select()
        else:
            self.imap.close()
            self.open()

    def learn(self):
        """Ask for what is not known yet, as mail programs do."""
        for _ in range(100):
            if not (command := self.view.unknown()):
                return
            if self.do(command).status != "OK":
                self.do("NOOP")
        raise AssertionError((self.kind, command, self.view.__dict__))

    def work(self, stop_at):
        try:
            while time.monotonic() < stop_at:
                self.one()
                self.learn()
        except Exception as e:      # shown by the test
            self.failure = e

    def some(self, known):
        """A few messages, and how a command names them."""
        uids = sorted(known)
        if self.chance.random() < 0.3:      # where the others are, too
            uids = uids[:5]
        if self.kind == "uidonly" or self.chance.random() < 0.5:
            some = self.chance.sample(uids, min(len(uids), 3))
            return "UID ", ",".join(map(str, sorted(some))), some
        first = self.chance.randrange(len(uids))
        last = min(len(uids) - 1, first + self.chance.randrange(4))
        return "", f"{first + 1}:{last + 1}", uids[first:last + 1]

    def store(self, known, how, words):
        uid, named, some = self.some(known)
        if how.endswith(".SILENT"):
            # Between commands it would not know what comes first.
            if self.kind == "notify":
                how = how.removesuffix(".SILENT")
            else:
                self.change(known, some, how, words)
        self.do(f"{uid}STORE {named} {how} ({' '.join(words)})")

    @staticmethod
    def change(known, some, how, words):
        """What is not told of one's own changes."""
        flags = {w.encode() for w in words}
        for uid in some:
            if how[0] == "+":
                known[uid] |= flags
            elif how[0] == "-":
                known[uid] -= flags
            else:
                known[uid] -= known[uid] - flags
                known[uid] |= flags

    def given(self, reply, code):
        """The UIDs that COPYUID or APPENDUID tells of."""
        said = [reply.code.encode()] + [r[1] for r in reply.untagged
                                        if r[0] == b"OK"]
        for text in said:
            if found := re.match(rb"\[?" + code + rb" [^\]]*?([\d:,]+)(\]|$)",
                                 text):
                return sorted(numbers(found[1]))
        return []

    def one(self):
        what = self.chance.random()
        words = self.chance.sample(WORDS, 2)
        known = self.view.known()
        if len(known) > MANY and what < 0.10:
            self.store(known, "+FLAGS.SILENT", ["\\Deleted"])
        elif not known or what < 0.08:
            flags = self.chance.choice(("", "(\\Seen) ", "(work) "))
            reply = self.do(f"APPEND INBOX {flags}".strip(),
                            (b"Subject: appended\r\n\r\nx\r\n",))
            self.made += self.given(reply, b"APPENDUID")
        elif what < 0.40:
            self.store(known, self.chance.choice(
                ("+FLAGS", "-FLAGS", "FLAGS", "+FLAGS.SILENT",
                 "-FLAGS.SILENT", "FLAGS.SILENT")), words)
        elif what < 0.45:
            self.store(known, "+FLAGS.SILENT", ["\\Deleted"])
        elif what < 0.50:
            self.do("EXPUNGE")
        elif what < 0.55:
            uid, named, _ = self.some(known)
            reply = self.do(f"{uid}COPY {named} INBOX")
            self.made += self.given(reply, b"COPYUID")
            self.done["copied in vain"] += reply.status != "OK"
        elif what < 0.58:
            uid, named, _ = self.some(known)
            reply = self.do(f"{uid}MOVE {named} Archive")
            self.moved += self.given(reply, b"COPYUID")
        elif what < 0.68:
            uid, named, _ = self.some(known)
            self.do(f"{uid}FETCH {named} (UID FLAGS ENVELOPE "
                    "BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        elif what < 0.74:
            uid, named, _ = self.some(known)
            self.do(f"{uid}FETCH {named} BODY[]")
        elif what < 0.80:
            self.do("UID SEARCH OR UNSEEN SUBJECT appended")
        elif what < 0.86:
            self.do("NOOP")
        elif what < 0.88:
            self.leave()
        else:
            self.idle()

    def idle(self):
        tag = self.imap.idle()
        time.sleep(self.chance.random() * 0.2)
        self.view.settle(self.imap.done(tag).code)
        self.done["IDLE"] += 1

    def knows(self):
        """What it knows once all is quiet."""
        self.do("NOOP")
        self.learn()
        return self.view.known()


class Sender:
    def __init__(self, box):
        self.box = box
        self.sent = 0
        self.failure = None

    def work(self, stop_at):
        try:
            while time.monotonic() < stop_at:
                self.box.send(["shop@example.test"], "Subject: letter "
                              f"{self.sent}\r\n\r\nHello.\r\n")
                self.sent += 1
                time.sleep(0.05)
        except Exception as e:      # shown by the test
            self.failure = e


def status(client, mailbox):
    told = client.imap.ok(f"STATUS {mailbox} (MESSAGES UIDNEXT UNSEEN)")
    return {k.decode(): int(v) for k, v in
            items(told.all("STATUS", 0)[0][2]).items()}


def judge(box, clients):
    """All is quiet: everybody knows what a new one is told."""
    new = Client(box, len(clients))
    truth = new.view.known()
    new.imap.close()
    for client in clients:
        assert client.knows() == truth, (client.number, client.kind)
        if client.kind == "qresync":
            client.leave()
            assert client.view.known() == truth, client.number
    return truth


@pytest.mark.timeout(SECONDS * 2 + 120)
def test_soak(make_box):
    box = make_box()
    box.start()
    for n in range(FIRST):
        box.send(["shop@example.test"], f"Subject: first {n}\r\n\r\nHi.\r\n")
    clients = [Client(box, n) for n in range(CLIENTS)]
    sender = Sender(box)
    stop_at = time.monotonic() + SECONDS
    while time.monotonic() < stop_at:
        until = min(stop_at, time.monotonic() + ROUND_S)
        threads = [threading.Thread(target=who.work, args=(until,))
                   for who in (sender, *clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for who in (sender, *clients):
            if who.failure:
                raise who.failure
        truth = judge(box, clients)
    done = sum((c.done for c in clients), collections.Counter())
    # Nothing was lost on the way, and nothing came twice.
    made = sorted(uid for c in clients for uid in c.made)
    moved = sorted(uid for c in clients for uid in c.moved)
    assert len(made) == len(set(made))
    assert moved == list(range(1, len(moved) + 1))
    counted = FIRST + sender.sent + len(made)
    inbox, archive = (
        status(clients[0], name) for name in ("INBOX", "Archive"))
    assert inbox["MESSAGES"] == len(truth)
    assert inbox["UNSEEN"] == sum(b"\\Seen" not in f for f in truth.values())
    assert archive["MESSAGES"] == len(moved)
    # What a COPY took back had UIDs, four at most.
    assert counted < inbox["UIDNEXT"] <= counted + 1 + \
        4 * done["copied in vain"]
    print(f"{CLIENTS} clients, {SECONDS:.0f} s, {sender.sent} letters: "
          f"{dict(done)}; {len(truth)} messages are left")
    for client in clients:
        client.imap.close()
