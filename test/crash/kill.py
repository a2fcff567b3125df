#!/usr/bin/python3
"""kill -9 under load: no letter answered 250 may be lost, none be there twice.

Senders put letters in all the time, a fetcher takes them out again and deletes
them, and every 50 to 300 ms the keeper, the intake, the courier or the whole
tree of processes is killed. At the end

* each letter answered 250 was fetched exactly once, with the right content;
* every other letter was fetched at most once;
* what a QUIT answered +OK deleted never came back, and what a QUIT that was
  not answered may have deleted went as a whole or not at all;
* "pillarbox check --data" finds nothing.

usage: kill.py [--rounds N] [--senders N] [--seed N] [--keep]
PILLARBOX names the program. The last line is "N passed, N failed".
"""

import argparse
import collections
import hashlib
import pathlib
import poplib
import random
import re
import shutil
import socket
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent
                       / "live"))
from box import Box, split_trace      # noqa: E402

PAUSE_S = (0.05, 0.3)       # between two kills
SLOW_S = 0.25               # a role that takes so long to return is being
                            # held back: the next blow is for all
VICTIMS = ["keeper"] * 60 + ["intake"] * 15 + ["courier"] * 5 + ["all"] * 20
SIZES = [4_000] * 16 + [30_000] * 2 + [70_000, 150_000]     # bytes; the last
                            # two are files of their own, the others rows
DEADLINE_S = 60             # for anything a client waits for
FAULTS_MAX = 20             # and we give up
BATCHES = (30, 100, 300)    # messages per POP3 session
WAITING_MAX = 3000          # letters in the box before senders wait


def content_of(name, size):
    """The letter of a name; the name and size say all of it."""
    filler = hashlib.shake_256(name.encode()).hexdigest(size * 39 // 80)
    lines = [filler[at:at + 76] for at in range(0, len(filler), 76)]
    # A leading dot now and then, for the sake of stuffing.
    lines = ["." + line if line[0] == "7" else line for line in lines]
    return ("From: <sender@sender.example>\r\n"
            f"Subject: {size}\r\nMessage-ID: <{name}@sender.example>\r\n\r\n"
            + "".join(line + "\r\n" for line in lines)).encode()


class Ledger:
    """What was promised, and what came out."""

    def __init__(self):
        self.lock = threading.Lock()
        self.tried = {}                         # name: size
        self.stored = set()                     # answered 250
        self.fetched = collections.Counter()    # and deleted for good
        self.refused = 0
        self.unanswered = 0
        self.sessions = 0
        self.faults = []

    def fault(self, text):
        with self.lock:
            self.faults.append(text)
            if len(self.faults) <= FAULTS_MAX:
                print("FAULT:", text, flush=True)

    def answered(self, name, reply):
        with self.lock:
            if reply.startswith(b"250"):
                self.stored.add(name)
            elif reply.startswith(b"4"):
                self.refused += 1
            elif reply == b"":
                self.unanswered += 1
            else:
                self.faults.append(f"{name}: {reply!r}")

    def examine(self, message):
        """The name of a letter that was fetched, its content checked."""
        content = split_trace(message)[1]
        found = re.search(rb"^Message-ID: <([^@>]+)@", content, re.M)
        name = found[1].decode() if found else "?"
        size = self.tried.get(name)
        if size is None:
            self.fault(f"{name} was never sent")
        elif content != content_of(name, size):
            self.fault(f"{name} of {size} came out as another")
        return name

    def waiting(self):
        """About how many letters are in the box."""
        return len(self.stored) - len(self.fetched)

    def judge(self):
        """Add what is wrong in the end."""
        for name in self.stored:
            if self.fetched[name] == 0:
                self.fault(f"{name} of {self.tried[name]} is lost")
        for name, times in self.fetched.items():
            if times > 1:
                self.fault(f"{name} was there {times} times")


class Sender(threading.Thread):
    """Sends letters until told to stop, each but once."""

    def __init__(self, box, ledger, number, seed):
        super().__init__(daemon=True)
        self.box = box
        self.ledger = ledger
        self.number = number
        self.chance = random.Random(f"{seed} {number}")
        self.over = threading.Event()
        self.count = 0

    def run(self):
        while not self.over.is_set():
            try:
                self.session()
            except (ConnectionError, EOFError):
                self.over.wait(0.01)
            except TimeoutError:
                self.ledger.fault(f"sender {self.number} waits in vain")

    def session(self):
        with socket.create_connection(
                ("127.0.0.1", self.box.smtp_port), DEADLINE_S,
                (f"127.0.{self.number + 1}.1", 0)) as wire:
            replies = wire.makefile("rb")
            self.expect(replies, b"220")
            wire.sendall(b"EHLO client.example\r\n")
            self.expect(replies, b"250")
            for _ in range(self.chance.randrange(1, 30)):
                if self.over.is_set():
                    break
                if self.ledger.waiting() > WAITING_MAX:
                    self.over.wait(0.05)
                self.letter(wire, replies)
            wire.sendall(b"QUIT\r\n")

    @staticmethod
    def reply(replies):
        while (line := replies.readline())[3:4] == b"-":
            pass
        return line

    def expect(self, replies, code):
        line = self.reply(replies)
        if not line.startswith(code):
            raise EOFError

    def letter(self, wire, replies):
        self.count += 1
        name = f"{self.number}.{self.count}"
        size = self.chance.choice(SIZES)
        chunked = self.chance.random() < 0.2
        content = content_of(name, size)
        with self.ledger.lock:
            self.ledger.tried[name] = size
        to = f"s{self.number}-{self.count % 50}@example.test".encode()
        wire.sendall(b"MAIL FROM:<sender@sender.example>\r\n"
                     b"RCPT TO:<" + to + b">\r\n")
        if chunked:
            wire.sendall(b"BDAT %d LAST\r\n" % len(content) + content)
        else:
            wire.sendall(b"DATA\r\n")
        self.expect(replies, b"250")
        if not self.reply(replies).startswith(b"250"):
            # The address could not be looked up: nothing is under way.
            self.reply(replies)
            wire.sendall(b"RSET\r\n")
            self.expect(replies, b"250")
            self.ledger.answered(name, b"4")
            self.over.wait(0.01)
            return
        if not chunked:
            self.expect(replies, b"354")
            wire.sendall(re.sub(rb"(?m)^\.", b"..", content) + b".\r\n")
        reply = b""
        try:
            reply = self.reply(replies)
        finally:
            self.ledger.answered(name, reply)
        if not reply:
            raise EOFError


class Fetcher(threading.Thread):
    """Takes letters out by POP3, and deletes them."""

    def __init__(self, box, ledger, seed):
        super().__init__(daemon=True)
        self.box = box
        self.ledger = ledger
        self.over = threading.Event()
        self.chance = random.Random(seed)
        self.doubtful = {}      # UID: name; of a QUIT that was not answered
        self.gone = set()       # UIDs deleted for good

    def run(self):
        while not self.over.is_set():
            self.try_session()
            self.over.wait(0.02)

    def try_session(self):
        """Returns how many were there; None when it was cut off."""
        try:
            return self.session()
        except TimeoutError:
            self.ledger.fault("the fetcher waits in vain")
        except poplib.error_proto as error:
            if isinstance(error.args[0], bytes):    # else the end came
                self.ledger.fault(f"POP3: {error}")
        except OSError:
            pass
        return None

    def settle_doubts(self, uids):
        """What an unanswered QUIT meant is seen now."""
        still = [uid for uid in self.doubtful if uid in uids]
        if still and len(still) < len(self.doubtful):
            self.ledger.fault(f"of {len(self.doubtful)} deleted together "
                              f"{len(still)} are there")
        for uid, name in self.doubtful.items():
            if uid not in uids:
                self.settle(uid, name)
        self.doubtful = {}

    def settle(self, uid, name):
        self.gone.add(uid)
        with self.ledger.lock:
            self.ledger.fetched[name] += 1

    def session(self):
        client = self.box.pop(password=self.box.app_password)
        try:
            uids = [line.split()[1] for line in client.uidl()[1]]
            if len(set(uids)) < len(uids):
                self.ledger.fault("a UID is there twice")
            self.settle_doubts(set(uids))
            for uid in self.gone.intersection(uids):
                self.ledger.fault(f"UID {uid} was deleted and came back")
            batch = {}
            size = self.chance.choice(BATCHES)
            for number, uid in enumerate(uids[:size], 1):
                lines = client.retr(number)[1]
                batch[uid] = self.ledger.examine(
                    b"".join(line + b"\r\n" for line in lines))
                client.dele(number)
            self.doubtful = batch
            client.quit()
            self.doubtful = {}
            for uid, name in batch.items():
                self.settle(uid, name)
            self.ledger.sessions += 1
            return len(uids)
        finally:
            client.close()


class Killer:
    """Strikes, and sees that all comes back."""

    def __init__(self, box, ledger, seed):
        self.box = box
        self.ledger = ledger
        self.chance = random.Random(seed)
        self.blows = collections.Counter()
        self.slow = False

    def round(self):
        time.sleep(self.chance.uniform(*PAUSE_S))
        victim = "all" if self.slow else self.chance.choice(VICTIMS)
        self.slow = False
        self.blows[victim] += 1
        if victim == "all":
            self.box.kill()
            self.box.start()
            return
        began = time.monotonic()
        pid = self.box.kill_role(victim)
        self.box.wait_role(victim, pid)
        self.slow = time.monotonic() - began > SLOW_S


def finish(box, senders, fetcher, ledger):
    """Let the load run out, fetch what is left, and look at everything."""
    for sender in senders:
        sender.over.set()
    for sender in senders:
        sender.join(2 * DEADLINE_S)
        if sender.is_alive():
            ledger.fault(f"sender {sender.number} does not end")
    fetcher.over.set()
    fetcher.join(2 * DEADLINE_S)
    until = time.monotonic() + 10 * DEADLINE_S
    while fetcher.try_session() != 0:
        if time.monotonic() > until or len(ledger.faults) > FAULTS_MAX:
            ledger.fault("the mailbox does not become empty")
            break
    ledger.judge()
    box.stop()
    box.pillarbox("check", "--data")
    log = box.log()
    for word in ("Sanitizer", "runtime error", "event=impossible"):
        if word in log:
            ledger.fault(f"{word} in the log")


def run(folder, rounds, sender_count=6, seed=None):
    """Returns the faults that were found, as texts."""
    seed = random.randrange(1 << 32) if seed is None else seed
    box = Box(folder, top='log_level = "error";')
    ledger = Ledger()
    killer = Killer(box, ledger, seed)
    assert box.app_password
    box.start()
    senders = [Sender(box, ledger, number, seed)
               for number in range(sender_count)]
    fetcher = Fetcher(box, ledger, seed)
    began = time.monotonic()
    for thread in [*senders, fetcher]:
        thread.start()
    try:
        for number in range(1, rounds + 1):
            killer.round()
            if len(ledger.faults) > FAULTS_MAX:
                break
            if number % 100 == 0:
                print(f"{number} rounds, {len(ledger.stored)} letters, "
                      f"{len(ledger.faults)} faults", flush=True)
        minutes = (time.monotonic() - began) / 60
        finish(box, senders, fetcher, ledger)
    finally:
        if box.process is not None:
            box.kill()
    blows = ", ".join(f"{role} {times}" for role, times
                      in killer.blows.most_common())
    print(f"seed {seed}: {rounds} kills ({blows}), {rounds / minutes:.0f} a "
          f"minute\n{len(ledger.tried)} letters tried, {len(ledger.stored)} "
          f"answered 250, {ledger.refused} put off, {ledger.unanswered} not "
          f"answered; {sum(ledger.fetched.values())} fetched in "
          f"{ledger.sessions} sessions", flush=True)
    if len(ledger.stored) < rounds:
        ledger.fault("there was hardly any load")
    return ledger.faults


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=1000)
    options.add_argument("--senders", type=int, default=6)
    options.add_argument("--seed", type=int)
    options.add_argument("--keep", action="store_true",
                         help="keep the data directory")
    given = options.parse_args()
    folder = tempfile.mkdtemp(prefix="pillarbox-kill-")
    try:
        faults = run(folder, given.rounds, given.senders, given.seed)
    finally:
        if given.keep:
            print("kept:", folder)
        else:
            shutil.rmtree(folder)
    print(f"{given.rounds if not faults else 0} passed, "
          f"{len(faults)} failed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
