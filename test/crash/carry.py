#!/usr/bin/python3
"""kill -9 while letters go out: none may be lost, and none go twice but where
nobody can know better.

Writers submit letters all the time, a mail server takes them (and puts off one
in ten), and every 50 to 300 ms the keeper, the courier or the whole
tree of processes is killed. At the end

* each letter answered 250 at submission has arrived, with the right content;
* one that arrived twice is one whose first copy was answered 250 by the mail
  server and the answer, as far as the server could see, never heard: the
  client did not go on. Or everything was killed at once while the answer was
  on its way to the disk;
* the queue is empty, and "pillarbox check --data" finds nothing.

usage: carry.py [--letters N] [--seed N] [--keep]
PILLARBOX names the program. The last line is "N passed, N failed".
"""

import argparse
import collections
import json
import pathlib
import random
import re
import shutil
import smtplib
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent
                       / "live"))
from box import Box                     # noqa: E402
from kill import content_of             # noqa: E402
from outside import Mx, Names           # noqa: E402

PAUSE_S = (0.05, 0.3)       # between two kills
VICTIMS = ["keeper"] * 45 + ["courier"] * 45 + ["all"] * 10
SIZES = [4_000] * 8 + [30_000, 150_000]     # the last is a file of its own
WRITERS = 4
DOMAINS = 8
REST_S = 0.3                # a writer between two letters, at most
DEADLINE_S = 60
SLOW_S = 0.25               # a role that takes so long to return is being
                            # held back: the next blow is for all
ON_ITS_WAY_S = 0.5          # from an answer to the disk, at most


class Ledger:
    def __init__(self):
        self.lock = threading.Lock()
        self.left = 0           # letters to be promised
        self.tried = {}         # name: size
        self.promised = set()
        self.doubtful = set()   # the answer never came
        self.faults = []
        self.blows = []         # (when, victim)

    def fault(self, text):
        with self.lock:
            self.faults.append(text)
        print("FAULT:", text, flush=True)


class Writer(threading.Thread):
    """Submits letters until enough are promised."""

    def __init__(self, box, ledger, number, seed):
        super().__init__(daemon=True)
        self.box, self.ledger, self.number = box, ledger, number
        self.chance = random.Random(f"{seed} {number}")
        self.count = 0

    def run(self):
        while self.ledger.left > 0:
            try:
                with self.box.submission(timeout=DEADLINE_S) as client:
                    for _ in range(20):
                        time.sleep(self.chance.uniform(0, REST_S))
                        if self.ledger.left > 0:
                            self.letter(client)
            except (OSError, smtplib.SMTPException):
                time.sleep(0.02)

    def letter(self, client):
        self.count += 1
        name = f"{self.number}.{self.count}"
        size = self.chance.choice(SIZES)
        to = f"a@d{self.chance.randrange(DOMAINS)}.example"
        with self.ledger.lock:
            self.ledger.tried[name] = size
        content = content_of(name, size).replace(
            b"sender@sender.example", b"shop@example.test")
        client.mail("shop@example.test")
        client.rcpt(to)
        with self.ledger.lock:
            self.ledger.doubtful.add(name)
        code, _ = client.data(content)
        with self.ledger.lock:
            self.ledger.doubtful.discard(name)
            if code == 250:
                self.ledger.promised.add(name)
                self.ledger.left -= 1
        if code != 250:
            client.rset()


def strike(box, ledger, chance, all_of_it):
    """Kill somebody; returns whether it was slow to come back."""
    victim = "all" if all_of_it else chance.choice(VICTIMS)
    ledger.blows.append((time.monotonic(), victim))
    if victim == "all":
        box.kill()
        box.start()
        return False
    began = time.monotonic()
    box.wait_role(victim, box.kill_role(victim))
    return time.monotonic() - began > SLOW_S


def queued(box):
    return len(json.loads(box.pillarbox("queue", "list", "--json")))


def examine(ledger, letter):
    """The name of a letter that arrived, its content checked."""
    found = re.search(rb"^Message-ID: <([^@>]+)@", letter.data, re.M | re.I)
    name = found[1].decode() if found else "?"
    size = ledger.tried.get(name)
    if size is None:
        ledger.fault(f"{name} was never written")
    elif letter.data.partition(b"\r\n\r\n")[2] != \
            content_of(name, size).partition(b"\r\n\r\n")[2]:
        ledger.fault(f"{name} of {size} arrived as another")
    return name


def excused(ledger, letter):
    """Whether another copy may follow this one."""
    return not letter.heard or any(
        victim == "all" and letter.when <= when <= letter.when + ON_ITS_WAY_S
        for when, victim in ledger.blows)


def judge(ledger, arrived):
    copies = collections.defaultdict(list)
    for letter in sorted(arrived, key=lambda letter: letter.when):
        copies[examine(ledger, letter)].append(letter)
    for name in ledger.promised - set(copies):
        ledger.fault(f"{name} of {ledger.tried[name]} is lost")
    for name in set(copies) - ledger.promised - ledger.doubtful:
        ledger.fault(f"{name} arrived, and was refused to its writer")
    twice = 0
    for name, some in copies.items():
        twice += len(some) - 1
        for letter in some[:-1]:
            if not excused(ledger, letter):
                ledger.fault(f"{name} went again though it was answered")
    return len(copies), twice


def world(box):
    """A mail server for all domains, which puts off one in ten."""
    def greylist(_):
        return "450 4.2.0 Again, please" if random.random() < 0.1 else None

    names = Names(box.dns_port)
    for number in range(DOMAINS):
        names.mx(f"d{number}.example", (10, f"mx.d{number}.example",
                                        "127.0.6.1"))
    return names, Mx("127.0.6.1", box.outside_port,
                     script={"RCPT": greylist})


def run(folder, letters, seed=None):
    """Returns the faults that were found, as texts."""
    seed = random.randrange(1 << 32) if seed is None else seed
    chance = random.Random(seed)
    box = Box(folder, top='log_level = "info";')
    names, mx = world(box)
    ledger = Ledger()
    ledger.left = letters
    assert box.app_password
    box.start()
    writers = [Writer(box, ledger, n, seed) for n in range(WRITERS)]
    for writer in writers:
        writer.start()
    slow = False
    try:
        while ledger.left > 0 or len(mx.letters) < letters * 0.9:
            time.sleep(chance.uniform(*PAUSE_S))
            slow = strike(box, ledger, chance, slow)
            if len(ledger.blows) % 25 == 0:
                box.pillarbox("queue", "retry")
            if len(ledger.blows) > 20 * letters:
                ledger.fault("it does not come to an end")
                break
        for writer in writers:
            writer.join(2 * DEADLINE_S)
        mx.script.clear()
        until = time.monotonic() + 5 * DEADLINE_S
        while queued(box) and time.monotonic() < until:
            box.pillarbox("queue", "retry")
            time.sleep(1)
        if queued(box):
            ledger.fault(f"{queued(box)} letters stay in the queue")
        box.stop()
        box.pillarbox("check", "--data")
    finally:
        if box.process is not None:
            box.kill()
        mx.close()
        names.close()
    arrived, twice = judge(ledger, mx.letters)
    log = box.log()
    for word in ("Sanitizer", "runtime error", "event=impossible"):
        if word in log:
            ledger.fault(f"{word} in the log")
    blows = ", ".join(f"{victim} {times}" for victim, times in
                      collections.Counter(
                          victim for _, victim in ledger.blows).most_common())
    print(f"seed {seed}: {len(ledger.blows)} kills ({blows}); "
          f"{len(ledger.promised)} letters answered 250, "
          f"{len(ledger.doubtful)} not answered, {arrived} arrived, "
          f"{twice} copies beside", flush=True)
    return ledger.faults


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--letters", type=int, default=1000)
    options.add_argument("--seed", type=int)
    options.add_argument("--keep", action="store_true",
                         help="keep the data directory")
    given = options.parse_args()
    folder = tempfile.mkdtemp(prefix="pillarbox-carry-")
    try:
        faults = run(folder, given.letters, given.seed)
    finally:
        if given.keep:
            print("kept:", folder)
        else:
            shutil.rmtree(folder)
    print(f"{given.letters if not faults else 0} passed, "
          f"{len(faults)} failed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
