#!/usr/bin/python3
"""Measure pillarbox beside Postfix with Dovecot, in interleaved runs.

Prints one table: each figure of both, medians over the repetitions, and the
ratio. With --full also a mailbox of 100,000 messages. Nothing here is a test:
machines differ, so only the ratios of one run mean anything.
"""

import argparse
import json
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import outgoing
import peers
import reading

INTAKE = [
    # row, connections, messages of ours, of theirs, options
    ("4 KB, 1 connection", 1, 4000, 800, {}),
    ("4 KB, 10 connections", 10, 10000, 1500, {}),
    ("4 KB, 50 connections", 50, 10000, 1500, {}),
    ("4 KB, 10 connections, one message each", 10, 2000, 500,
     {"per_connection": 1}),
    ("4 KB, 10 connections, STARTTLS, one message each", 10, 1000, 200,
     {"per_connection": 1, "security": "starttls"}),
    ("100 KB, 1 connection", 1, 500, 200, {"size": 102400}),
    ("100 KB, 10 connections", 10, 1000, 300, {"size": 102400}),
]


class Bench:
    def __init__(self, load, servers, rounds):
        self.load_binary = load
        self.servers = servers
        self.rounds = rounds
        self.rows = {}

    def load(self, mode, after=None, **options):
        """What the load generator tells; it stays until after() is over."""
        words = [f"{name}={value}" for name, value in options.items()]
        with subprocess.Popen(
                [self.load_binary, mode, *words], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, text=True) as running:
            told = running.stdout.readline()
            if told and after:
                after()
            running.stdin.close()
        if running.returncode != 0:
            raise RuntimeError(f"{mode} {words}")
        return json.loads(told)

    def note(self, row, server, value):
        self.rows.setdefault(row, {}).setdefault(server.name, []).append(value)

    def intake(self, row, connections, messages, options):
        for server, count in zip(self.servers, messages):
            before = server.stored()
            pids = server.pids()
            cpu, written = peers.cpu_seconds(pids), peers.written_bytes(pids)
            began = time.monotonic()
            told = self.load("smtp", port=server.smtp, messages=count,
                             connections=connections, **options)
            stored = server.stored() - before
            took = time.monotonic() - began
            if stored != count:
                raise RuntimeError(f"{server.name}: {count} sent, "
                                   f"{stored} in the mailbox")
            pids = server.pids()
            self.note(f"{row}: accepted/s", server, told["per_second"])
            if took > 1.2 * told["seconds"] + 0.2:
                self.note(f"{row}: in the mailbox/s", server, count / took)
            else:
                self.note(f"{row}: in the mailbox/s", server,
                          told["per_second"])
            self.note(f"{row}: p99 of 250, ms", server, told["p99_us"] / 1e3)
            self.note(f"{row}: CPU us/message", server,
                      (peers.cpu_seconds(pids) - cpu) * 1e6 / count)
            self.note(f"{row}: bytes written/message", server,
                      (peers.written_bytes(pids) - written) / count)

    def pop3(self, size):
        for server in self.servers:
            told = self.load("pop3", port=server.pop3s, security="tls",
                             user=server.user, password=server.password,
                             script=f"stat uidl list retr={size} "
                             f"pipe={size} quit")
            session = sum(told[k] for k in ("stat", "uidl", "list"))
            row = f"POP3 TLS, {size:,}"
            self.note(f"{row}: LOGIN, ms", server, told["login"])
            self.note(f"{row}: STAT UIDL LIST, ms", server, session)
            self.note(f"{row}: RETR lockstep/s", server,
                      size * 1e3 / told[f"retr={size}"])
            self.note(f"{row}: RETR pipelined/s", server,
                      size * 1e3 / told[f"pipe={size}"])

    def delete(self, size):
        for server in self.servers:
            told = self.load("pop3", port=server.pop3s, security="tls",
                             user=server.user, password=server.password,
                             script=f"dele={size} quit")
            self.note(f"POP3: DELE of {size} and QUIT, ms", server,
                      told[f"dele={size}"] + told["quit"])

    def handshakes(self):
        for server in self.servers:
            told = self.load("shake", port=server.pop3s, security="tls",
                             connections=4, seconds=2)
            self.note("full TLS handshakes/s (4 clients, same 2 cores)",
                      server, told["per_second"])

    def memory(self):
        for server in self.servers:
            self.note("PSS idle, MB", server,
                      peers.pss_bytes(server.pids()) / 1e6)
            for row, port, security in (
                    ("SMTP", server.smtp, "starttls"),
                    ("POP3", server.pop3s, "tls")):
                held = subprocess.Popen(
                    [self.load_binary, "idle", f"port={port}",
                     f"security={security}", "connections=50"],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                held.stdout.readline()
                self.note(f"PSS with 50 idle TLS {row} sessions, MB", server,
                          peers.pss_bytes(server.pids()) / 1e6)
                held.stdin.close()
                held.wait()
            size = 25_000_000
            if server.name != "pillarbox":
                size = 10_000_000       # its default limit is 10 MB

            def large():
                self.load("smtp", port=server.smtp, connections=10,
                          messages=10, size=size)
                server.stored()

            self.note("PSS at most, 10 x 25 MB arriving, MB", server,
                      self.peak(server, large))

    def peak(self, server, work):
        """The most MB that its processes take during some work."""
        most = [0]
        over = threading.Event()

        def watch():
            while not over.wait(0.02):
                most[0] = max(most[0], peers.pss_bytes(server.pids()))

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            work()
        finally:
            over.set()
            watcher.join()
        return most[0] / 1e6

    def storage(self, count):
        """A fresh box of 4 KB messages; the load is the same for both."""
        for server in self.servers:
            before = server.storage()
            self.load("smtp", port=server.smtp, connections=10,
                      messages=count, size=4096)
            server.stored()
            server.stop()
            grown = server.storage() - before
            begun = server.start()
            self.note("storage per 4 KB message, bytes", server, grown / count)
            self.note("start to first 220, ms", server, begun * 1e3)

    def traced(self, server, work):
        """How often its processes sync during some work; None: no strace."""
        if not shutil.which("strace"):
            return None
        with tempfile.NamedTemporaryFile("r") as trace:
            tracer = subprocess.Popen(
                ["strace", "-f", "-qq", "-o", trace.name, "-e",
                 "trace=fsync,fdatasync,syncfs"]
                + [w for p in server.pids() for w in ("-p", str(p))],
                stderr=subprocess.DEVNULL)
            time.sleep(1)
            work()
            tracer.send_signal(signal.SIGINT)
            tracer.wait()
            return sum("sync" in line and "resumed" not in line
                       for line in trace)

    def syncs(self, connections, count):
        for server in self.servers:
            def some():
                self.load("smtp", port=server.smtp, messages=count,
                          connections=connections)
                server.stored()

            calls = self.traced(server, some)
            if calls is not None:
                self.note(f"syncs per message, {connections} connections",
                          server, calls / count)

    def fill(self, total):
        for server in self.servers:
            left = total - server.stored()
            if left > 0:
                self.load("smtp", port=server.smtp, connections=10,
                          messages=left, size=4096)
                server.stored()

    def table(self):
        names = [server.name for server in self.servers]
        lines = ["| | " + " | ".join(names) + " | ratio |",
                 "|---|" + "---|" * (len(names) + 1)]
        for row, columns in self.rows.items():
            values = [statistics.median(columns[n]) if n in columns else None
                      for n in names]
            shown = ["-" if v is None else f"{v:,.0f}" if v >= 100
                     else f"{v:.2f}" for v in values]
            ratios = ["-"]
            if len(values) > 1 and None not in values and values[-1]:
                ratios = [f"{v / values[-1]:.2f}" for v in values[:-1]]
            lines.append(f"| {row} | " + " | ".join(shown)
                         + f" | {' / '.join(ratios)} |")
        return "\n".join(lines)


def ceiling(load):
    """What the load generator does against a sink that only answers."""
    port = peers.free_port()
    sink = subprocess.Popen([load, "sink", f"sink_port={port}"])
    try:
        peers.wait_for(port)
        for row, options in (
                ("1 connection", ["connections=1", "messages=20000"]),
                ("10 connections", ["connections=10", "messages=50000"]),
                ("10 connections, one message each",
                 ["connections=10", "messages=5000", "per_connection=1"]),
                ("100 KB, 10 connections",
                 ["connections=10", "messages=5000", "size=102400"])):
            out = subprocess.run([load, "smtp", f"port={port}", *options],
                                 check=True, capture_output=True).stdout
            print(f"load generator alone, {row}: "
                  f"{json.loads(out)['per_second']:,.0f}/s")
    finally:
        sink.kill()
        sink.wait()


def say(text):
    print(text, file=sys.stderr, flush=True)


def intake(given, folder):
    """Letters in, and read."""
    ours = peers.Pillarbox(folder, given.pillarbox)
    servers = [ours]
    if not given.alone:
        (folder / "theirs").mkdir()
        servers.append(peers.PostfixDovecot(
            folder / "theirs", ours.certificate, ours.key))
    bench = Bench(given.load, servers, given.rounds)
    return bench, lambda: run(bench, given.full)


def sending(given, folder):
    """Letters out."""
    servers = outgoing.servers(folder, given.pillarbox)
    if given.alone:
        servers.pop()
    bench = Bench(given.load, servers, given.rounds)
    return bench, lambda: outgoing.Outgoing(bench).run(say)


def imap(given, folder):
    """Mail read and changed over IMAP."""
    servers = reading.servers(folder, given.pillarbox)
    if given.alone:
        del servers[1:]
    bench = Bench(given.load, servers, given.rounds)
    return bench, lambda: reading.Reading(bench).run(say, given.full)


def measure(make, given):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pillarbox-bench-"))
    folder.chmod(0o755)
    bench, work = make(given, folder)
    try:
        for server in bench.servers:
            server.start()
        work()
    finally:
        for server in bench.servers:
            server.stop()
        shutil.rmtree(folder)
    print(bench.table(), flush=True)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--load", required=True)
    options.add_argument("--pillarbox", required=True)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--only", choices=("in", "out", "imap"))
    options.add_argument("--full", action="store_true")
    options.add_argument("--alone", action="store_true",
                         help="without the peers")
    given = options.parse_args()

    ceiling(given.load)
    for name, make in (("in", intake), ("out", sending), ("imap", imap)):
        if given.only in (None, name):
            measure(make, given)


def run(bench, full):
    say("storage")
    bench.storage(2000)
    for turn in range(bench.rounds):
        for row, connections, our_count, their_count, options in INTAKE:
            say(f"round {turn + 1}: {row}")
            bench.intake(row, connections, (our_count, their_count), options)
        bench.handshakes()
    say("syncs")
    bench.syncs(1, 200)
    bench.syncs(10, 1000)
    say("10,000 messages")
    bench.fill(10000)
    for _ in range(bench.rounds):
        bench.pop3(10000)
    say("memory")
    bench.memory()
    bench.delete(1000)
    if full:
        say("filling to 100,000 messages")
        bench.fill(100000)
        for turn in range(bench.rounds):
            bench.intake("4 KB, 1 connection, box of 100,000", 1,
                         (4000, 500), {})
            for server in bench.servers:
                told = bench.load("pop3", port=server.pop3s, security="tls",
                                  user=server.user, password=server.password,
                                  script="stat uidl list quit")
                bench.note("POP3 TLS, 100,000: LOGIN to QUIT, ms", server,
                           told["total"])
                bench.note("POP3 TLS, 100,000: STAT UIDL LIST, ms", server,
                           sum(told[k] for k in ("stat", "uidl", "list")))


if __name__ == "__main__":
    main()
