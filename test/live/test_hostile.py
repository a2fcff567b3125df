"""What strangers send to a port that the whole world can reach.

The flood is short by default. FLOOD=full is the whole of it: 200 connections
that drip a byte a second, 50 that send 25 MB each, 10,000 opened and dropped,
all at once; only then the memory is held to its budget, since a sanitizer
takes some of its own.
"""

import multiprocessing
import os
import re
import socket
import statistics
import struct
import subprocess
import threading
import time

import pytest

from box import PATIENCE_S, wait_for

FULL = os.environ.get("FLOOD") == "full"
DRIPS, LARGES, LARGE_SIZE, KNOCKS = \
    (200, 50, 25_000_000, 10_000) if FULL else (20, 5, 5_000_000, 500)
HONEST_EVERY_S = 0.5
HONEST_WITHIN_S = 2
BUDGET = 32_000_000     # bytes of PSS; docs/architecture.md, "Memory"
SLACK = 4_000_000       # what one stranger may make all roles grow by
ENVELOPE = (b"EHLO client.example\r\n"
            b"MAIL FROM:<sender@sender.example>\r\n"
            b"RCPT TO:<anybody@example.test>\r\n")


class Stranger:
    """A raw connection."""

    def __init__(self, port, source="127.0.0.1"):
        self.socket = socket.create_connection(("127.0.0.1", port),
                                               PATIENCE_S, (source, 0))
        self.replies = self.socket.makefile("rb")

    def send(self, data):
        self.socket.sendall(data)

    def reply(self):
        """The last line of the next reply, or b"" at the end."""
        try:
            while (line := self.replies.readline())[3:4] == b"-":
                pass
        except ConnectionResetError:
            return b""
        return line

    def greeted(self):
        assert self.reply().startswith(b"220 ")
        return self

    def in_text(self):
        """Greeted, and behind DATA."""
        self.greeted().send(ENVELOPE + b"DATA\r\n")
        assert [self.reply()[:3] for _ in range(4)] == [b"250"] * 3 + [b"354"]
        return self

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               struct.pack("ii", 1, 0))
        self.replies.close()
        self.socket.close()

    def close(self):
        self.replies.close()
        self.socket.close()


SMUGGLED = (b"MAIL FROM:<spoofed@sender.example>\r\n"
            b"RCPT TO:<victim@example.test>\r\nDATA\r\n"
            b"Subject: smuggled\r\n\r\n.\r\n")


@pytest.mark.parametrize("end", [
    b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r",
    b"\r\r\n.\r\r\n", b"\n.\r", b"\r.\n", b"\r\n\0.\r\n", b"\0\r\n.\r\n",
], ids=repr)
@pytest.mark.parametrize("pause_s", [0, 0.1])
def test_smuggling(empty, end, pause_s):
    """Nothing but CRLF dot CRLF ends a text, however it is cut."""
    stranger = Stranger(empty.smtp_port).in_text()
    stranger.send(b"Subject: first\r\n\r\ntext" + end[:2])
    time.sleep(pause_s)
    stranger.send(end[2:] + SMUGGLED + b"QUIT\r\n")
    assert stranger.reply().startswith(b"554 5.6.0 ")
    assert stranger.reply() == b""
    stranger.close()
    assert empty.fetch() == []


def test_http_by_a_browser(empty):
    """What a web page can make a browser send is not obeyed."""
    done = subprocess.run(
        ["curl", "-sS", "--http0.9", "--max-time", "20", "-H", "Host: x",
         "--data-binary", (ENVELOPE + b"DATA\r\nSubject: x\r\n\r\n.\r\n")
         .decode(), f"http://127.0.0.1:{empty.smtp_port}/"],
        capture_output=True, text=True)
    assert "354" not in done.stdout
    assert empty.fetch() == []


def test_talking_before_the_greeting(make_box):
    box = make_box(smtp="greet_delay_ms = 1000;").start()
    early = Stranger(box.smtp_port)
    early.send(ENVELOPE)
    assert early.reply().startswith(b"554 5.5.0 ")
    assert early.reply() == b""
    early.close()
    began = time.monotonic()
    Stranger(box.smtp_port).greeted().close()
    assert time.monotonic() - began >= 0.9


def s_client(port, *words):
    """The transcript of openssl s_client, with the handshake's messages."""
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-msg",
         "-name", "client.example", "-ign_eof", *words],
        input=b"QUIT\r\n", capture_output=True, timeout=PATIENCE_S)
    assert b"Cipher is " in done.stdout, done.stdout[-2000:]
    return done.stdout


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_no_session_tickets_on_port_25(box, version):
    """A large sender's TLS breaks on them."""
    said = s_client(box.smtp_port, "-starttls", "smtp", version)
    assert b"221 2.0.0" in said
    assert b"NewSessionTicket" not in said
    assert b"TLS session ticket:" not in said


@pytest.mark.parametrize("words", [
    ["-tls1_1"], ["-tls1"], ["-tls1_2", "-cipher", "RC4:3DES:aNULL:eNULL"],
    ["-tls1_2", "-cipher", "AES128-SHA"],
], ids=" ".join)
def test_weak_tls_is_refused(box, words):
    words = [word + ":@SECLEVEL=0" if word.startswith(("RC4", "AES"))
             else word for word in words]
    if len(words) == 1:
        words += ["-cipher", "ALL:@SECLEVEL=0"]
    for more in ([box.pop3s_port], [box.smtp_port, "-starttls", "smtp"]):
        done = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{more[0]}",
             *more[1:], *words], input=b"QUIT\r\n", capture_output=True,
            timeout=PATIENCE_S)
        assert done.returncode != 0


def test_garbage_for_a_handshake(box):
    for number in range(50):
        stranger = Stranger(box.smtp_port).greeted()
        stranger.send(b"EHLO client.example\r\nSTARTTLS\r\n")
        assert stranger.reply().startswith(b"250 ")
        assert stranger.reply().startswith(b"220 ")
        stranger.send(os.urandom(1000) if number % 2 else
                      b"\x16\x03\x01\xff\xff\x01\x00\xff\xff")
        if number % 4 == 3:
            stranger.reset()
        else:
            stranger.socket.shutdown(socket.SHUT_WR)
            stranger.replies.read()
            stranger.close()
    assert box.send("anybody@example.test", tls=True) == {}


def drips_until_closed(stranger, what, seconds):
    """Send byte by byte until it is closed; how long that took."""
    began = time.monotonic()
    stranger.socket.settimeout(0.2)
    while time.monotonic() < began + seconds:
        try:
            stranger.socket.send(what)
            said = stranger.socket.recv(1000)
        except TimeoutError:
            continue
        except ConnectionError:
            said = b""
        if said == b"" or said.startswith(b"421 4.4.2"):
            return time.monotonic() - began
    return None


@pytest.mark.parametrize("where", ["command", "text", "handshake", "chunk"])
def test_drips_are_no_progress(make_box, where):
    box = make_box(smtp="idle_s = 1;").start()
    if where == "text":
        stranger = Stranger(box.smtp_port).in_text()
    else:
        stranger = Stranger(box.smtp_port).greeted()
    if where == "handshake":
        stranger.send(b"EHLO client.example\r\nSTARTTLS\r\n")
        assert stranger.reply() and stranger.reply().startswith(b"220 ")
        stranger.send(b"\x16\x03\x01\x02\x00")
    elif where == "chunk":
        stranger.send(ENVELOPE + b"BDAT 1000000 LAST\r\n")
        assert [stranger.reply()[:3] for _ in range(3)] == [b"250"] * 3
    took = drips_until_closed(stranger, b"x", 8)
    assert took is not None and 0.5 < took < 4
    stranger.close()
    assert box.fetch() == []


class Watch:
    """The most memory that a box takes meanwhile; nothing if not root."""

    def __init__(self, box):
        self.box = box
        self.least = self.most = box.pss() or 0
        self.over = threading.Event()
        self.watcher = threading.Thread(target=self.look)

    def look(self):
        while not self.over.wait(0.05):
            self.most = max(self.most, self.box.pss() or 0)

    def __enter__(self):
        self.watcher.start()
        return self

    def __exit__(self, *why):
        self.over.set()
        self.watcher.join()

    def grew(self):
        return self.most - self.least


def pour(stranger, data, times):
    """Send without reading; returns when it is closed, or all is sent."""
    try:
        for _ in range(times):
            stranger.send(data)
    except (ConnectionError, TimeoutError):
        pass


@pytest.fixture
def lean(monkeypatch):
    """Has the sanitizer not keep what was freed."""
    if os.geteuid() != 0:
        pytest.skip("only root may ask how much memory a role takes")
    monkeypatch.setenv("ASAN_OPTIONS", "quarantine_size_mb=1:"
                       "thread_local_quarantine_size_kb=64")


def test_endless_line_takes_no_memory(lean, make_box):
    box = make_box().start()
    with Watch(box) as watch:
        for begin in (b"", b"EHLO ", b"MAIL FROM:<"):
            stranger = Stranger(box.smtp_port).greeted()
            stranger.send(begin)
            pour(stranger, b"a" * 1_000_000, 30)
            stranger.reset()
        stranger = Stranger(box.smtp_port).in_text()
        pour(stranger, b"a" * 1_000_000, 30)
        stranger.reset()
    assert watch.grew() < SLACK


def test_replies_unread_take_no_memory(lean, make_box):
    box = make_box().start()
    with Watch(box) as watch:
        for verb in (b"NOOP\r\n", b"EHLO x\r\n", b"nonsense\r\n"):
            stranger = Stranger(box.smtp_port).greeted()
            stranger.socket.settimeout(1)
            pour(stranger, verb * 10_000, 30)
            stranger.reset()
    assert watch.grew() < SLACK


def test_too_large_takes_no_memory(lean, make_box):
    """Refused when announced; else read to its end, not kept, refused."""
    box = make_box(smtp="size_max = 1000000;").start()
    stranger = Stranger(box.smtp_port).greeted()
    stranger.send(b"EHLO client.example\r\n"
                  b"MAIL FROM:<a@sender.example> SIZE=1000001\r\n")
    assert stranger.reply() and stranger.reply().startswith(b"552 5.3.4")
    stranger.close()
    with Watch(box) as watch:
        stranger = Stranger(box.smtp_port).in_text()
        pour(stranger, b"a line of a letter that is too large\r\n" * 25_000,
             30)
        stranger.send(b".\r\n")
        assert stranger.reply().startswith(b"552 5.3.4")
        stranger.send(b"NOOP\r\n")
        assert stranger.reply().startswith(b"250 ")
        stranger.close()
    assert watch.grew() < SLACK
    assert box.fetch() == []
    assert list((box.data / "blob").iterdir()) == []


def test_reset_in_the_middle_leaves_nothing(make_box):
    box = make_box().start()
    text = b"a line of a letter that never ends\r\n" * 40_000
    for number in range(40):
        stranger = Stranger(box.smtp_port).in_text()
        pour(stranger, text[:number * 36_000 + 7], 1)
        if number % 2:
            stranger.reset()
        else:
            stranger.close()
    wait_for(lambda: list((box.data / "blob").iterdir()) == [],
             "something of them stays on the disk")
    assert box.fetch() == []
    box.pillarbox("check", "--data")


# -- the flood --

def drip(port, count, over):
    """Connections that send a byte a second, half of them within a text."""
    half = count // 2
    strangers = [Stranger(port, f"127.1.{n % 250}.1") for n in range(count)]
    for stranger in strangers[:half]:
        stranger.in_text()
    while not over.wait(1):
        for stranger in strangers:
            try:
                stranger.send(b"x")
            except OSError:
                pass    # it had to go, as it may


def knock(port, count):
    """Connections opened and dropped as fast as can be."""
    for number in range(count):
        Stranger(port, f"127.2.{number % 250}.1").close()


def send_large(port, number, size, done):
    """One large letter; "taken" counts when it was."""
    line = b"a line of a large letter, as long as most of them are\r\n"
    block = line * (1_000_000 // len(line))
    stranger = Stranger(port, f"127.3.{number}.1").in_text()
    stranger.socket.settimeout(600)
    stranger.send(b"Subject: large\r\n\r\n")
    for _ in range(size // len(block)):
        stranger.send(block)
    stranger.send(b".\r\n")
    if stranger.reply().startswith(b"250 "):
        with done.get_lock():
            done.value += 1
    stranger.close()


def send_larges(port, count, size, done):
    senders = [threading.Thread(target=send_large,
                                args=(port, number, size, done))
               for number in range(count)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()


def honest(box, number):
    """One letter of an honest sender, and how long it took."""
    began = time.monotonic()
    assert box.send("honest@example.test",
                    f"Subject: honest {number}\r\n\r\nHello.\r\n",
                    source="127.9.9.9") == {}
    return time.monotonic() - began


def in_flood(box, finite, endless):
    """Send honest letters as long as the finite part runs."""
    took = []
    for process in [*endless, *finite]:
        process.start()
    try:
        while any(process.is_alive() for process in finite) or len(took) < 6:
            began = time.monotonic()
            took.append(honest(box, len(took)))
            time.sleep(max(0, began + HONEST_EVERY_S - time.monotonic()))
    finally:
        for process in [*endless, *finite]:
            if process.is_alive():
                process.terminate()
            process.join()
    return took


def descriptors(box):
    """How many files and sockets the roles have open, if root asks."""
    return {role: len(os.listdir(f"/proc/{pid}/fd"))
            for role, pid in box.pids().items()} if os.geteuid() == 0 else {}


def test_flood(make_box, capsys):
    box = make_box(top='log_level = "info";').start()
    fork = multiprocessing.get_context("fork")
    over, done = fork.Event(), fork.Value("i", 0)
    assert honest(box, "before") < HONEST_WITHIN_S
    box.pop().quit()
    wait_for(lambda: descriptors(box).get("intake", 0) < 20, "some is open")
    idle, opened = box.pss() or 0, descriptors(box)
    with Watch(box) as watch:
        began = time.monotonic()
        took = in_flood(
            box,
            [fork.Process(target=knock, args=(box.smtp_port, KNOCKS // 2))
             for _ in range(2)] +
            [fork.Process(target=send_larges, args=(
                box.smtp_port, LARGES, LARGE_SIZE, done))],
            [fork.Process(target=drip, args=(box.smtp_port, DRIPS, over))])
        seconds = time.monotonic() - began
    with capsys.disabled():
        print(f"\nflood: {seconds:.1f} s, {done.value} of {LARGES} large "
              f"letters taken; honest sender: {len(took)} letters, median "
              f"{statistics.median(took) * 1000:.0f} ms, worst "
              f"{max(took) * 1000:.0f} ms; PSS {idle / 1e6:.1f} MB idle, at "
              f"most {watch.most / 1e6:.1f} MB")
    assert max(took) < HONEST_WITHIN_S
    assert done.value == LARGES
    client = box.pop()
    subjects = [re.search(rb"Subject: (.*)", b"\n".join(
        client.top(n + 1, 0)[1]))[1] for n in range(client.stat()[0])]
    client.quit()
    assert len(subjects) == 1 + len(took) + LARGES
    assert [s for s in subjects if s.startswith(b"honest")] == [
        b"honest before"] + [b"honest %d" % n for n in range(len(took))]
    assert box.events("role-ended") == []
    wait_for(lambda: descriptors(box) == opened, "something stays open")
    if FULL and os.geteuid() == 0:
        assert 0 < watch.most < BUDGET
