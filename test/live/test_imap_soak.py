"""Twenty mail programs on one mailbox while mail comes in: afterwards each of
them knows what the store knows, by what it was told alone.

IMAP_SOAK  seconds (default 15; `make soak` takes ten minutes)
"""

import os
import random
import threading
import time

import pytest

from imap import Imap, items

SECONDS = float(os.environ.get("IMAP_SOAK", "15"))
CLIENTS = 20
WORDS = ("\\Seen", "\\Flagged", "\\Answered", "\\Draft", "work", "$Junk",
         "later")


class View:
    """A mailbox as the untagged replies tell it."""

    def __init__(self):
        self.messages = []      # [uid or None, flags or None], by number

    def hear(self, told):
        if told[0].upper() == b"VANISHED":
            if not isinstance(told[1], list):
                self.vanish(told[1])
        elif len(told) > 1 and isinstance(told[1], bytes):
            self.count(told)

    def count(self, told):
        kind = told[1].upper()
        if kind == b"EXISTS":
            assert int(told[0]) >= len(self.messages), told
            while len(self.messages) < int(told[0]):
                self.messages.append([None, None])
        elif kind == b"EXPUNGE":
            del self.messages[int(told[0]) - 1]
        elif kind == b"FETCH":
            self.fetched(int(told[0]), items(told[2]))

    def fetched(self, number, told):
        assert number <= len(self.messages), (number, len(self.messages))
        message = self.messages[number - 1]
        if b"UID" in told:
            uid = int(told[b"UID"])
            assert message[0] in (None, uid), (message, uid)
            message[0] = uid
        if b"FLAGS" in told:
            message[1] = {f for f in told[b"FLAGS"] if f != b"\\Recent"}

    def vanish(self, uids):
        gone = set()
        for run in uids.split(b","):
            first, _, last = run.partition(b":")
            gone.update(range(int(first), int(last or first) + 1))
        known = [m for m in self.messages if m[0] in gone]
        self.messages = [m for m in self.messages if m[0] not in gone]
        # Of a message whose UID was never asked for nobody can say where
        # it was: such a client asks anew.
        self.lost = len(gone) - len(known)

    def unknown(self):
        return [n + 1 for n, m in enumerate(self.messages)
                if m[0] is None or m[1] is None]


class Client(threading.Thread):
    def __init__(self, box, number):
        super().__init__()
        self.box, self.number = box, number
        self.chance = random.Random(number)
        self.qresync = number % 3 == 0
        self.failure = None
        self.commands = 0
        self.stop_at = 0
        self.open()

    def open(self):
        self.imap = Imap(self.box.imaps_port, self.box.tls)
        self.imap.login(self.box.login, self.box.app_password)
        if self.qresync:
            self.imap.ok("ENABLE QRESYNC")
        self.select()

    def select(self):
        self.imap.heard = None
        if self.imap.serial > 3:
            self.imap.command("UNSELECT")
        self.view = View()
        self.imap.heard = self.view.hear
        self.imap.ok("SELECT INBOX")
        self.learn()

    def learn(self):
        """Ask for what is not known yet, as mail programs do."""
        while unknown := self.view.unknown():
            self.imap.ok(f"FETCH {unknown[0]}:{unknown[-1]} (UID FLAGS)")

    def run(self):
        try:
            while time.monotonic() < self.stop_at:
                self.one()
                self.learn()
                self.commands += 1
        except Exception as e:      # shown by the test
            self.failure = e

    def some(self):
        """A few sequence numbers."""
        count = len(self.view.messages)
        first = self.chance.randrange(1, count + 1)
        return f"{first}:{min(count, first + self.chance.randrange(4))}"

    def uids(self):
        known = [m[0] for m in self.view.messages]
        return ",".join(map(str, sorted(self.chance.sample(
            known, min(len(known), 3)))))

    def one(self):
        what = self.chance.random()
        words = " ".join(self.chance.sample(WORDS, 2))
        if not self.view.messages or what < 0.08:
            self.imap.append("INBOX", b"Subject: appended\r\n\r\nx\r\n",
                             self.chance.choice(("", "\\Seen", "work")))
        elif what < 0.30:
            self.imap.command(f"STORE {self.some()} " + self.chance.choice(
                ("+FLAGS", "-FLAGS", "FLAGS", "+FLAGS.SILENT")),
                f"({words})")
        elif what < 0.40:
            self.imap.command(f"UID STORE {self.uids()} +FLAGS "
                              f"({words})")
        elif what < 0.48:
            self.imap.command(f"UID STORE {self.uids()} +FLAGS.SILENT "
                              "(\\Deleted)")
        elif what < 0.54:
            self.imap.command("EXPUNGE")
        elif what < 0.58:
            self.imap.command(f"UID COPY {self.uids()} INBOX")
        elif what < 0.61:
            self.imap.command(f"UID MOVE {self.uids()} Archive")
        elif what < 0.70:
            self.imap.command(f"FETCH {self.some()} (UID FLAGS ENVELOPE "
                              "BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        elif what < 0.74:
            self.imap.command(f"FETCH {self.some()} BODY[]")
        elif what < 0.80:
            self.imap.command("UID SEARCH OR UNSEEN SUBJECT appended")
        elif what < 0.86:
            self.imap.command("NOOP")
        elif what < 0.88:
            self.select()
        else:
            self.idle()

    def idle(self):
        tag = self.imap.idle()
        time.sleep(self.chance.random() * 0.2)
        self.imap.done(tag)

    def known(self):
        """What it knows once all is quiet."""
        self.imap.ok("NOOP")
        self.learn()
        return {m[0]: m[1] for m in self.view.messages}


def deliver(box, stop_at, failures):
    try:
        n = 0
        while time.monotonic() < stop_at:
            box.send(["shop@example.test"],
                     f"Subject: letter {n}\r\n\r\nHello.\r\n")
            n += 1
            time.sleep(0.05)
    except Exception as e:          # shown by the test
        failures.append(e)


@pytest.mark.timeout(SECONDS * 2 + 120)
def test_soak(make_box):
    box = make_box()
    box.start()
    for n in range(20):
        box.send(["shop@example.test"], f"Subject: first {n}\r\n\r\nHi.\r\n")
    clients = [Client(box, n) for n in range(CLIENTS)]
    stop_at = time.monotonic() + SECONDS
    failures = []
    smtp = threading.Thread(target=deliver, args=(box, stop_at, failures))
    smtp.start()
    for client in clients:
        client.stop_at = stop_at
        client.start()
    for thread in [smtp, *clients]:
        thread.join()
    assert not failures, failures
    for client in clients:
        if client.failure:
            raise client.failure
    judge = Client(box, 1000)
    truth = judge.known()
    for client in clients:
        assert client.known() == truth, client.number
        assert [m[0] for m in client.view.messages] == sorted(truth)
    print(f"{sum(c.commands for c in clients)} commands by {CLIENTS} clients "
          f"in {SECONDS:.0f} s; {len(truth)} messages are left")
    for client in [judge, *clients]:
        client.imap.close()
