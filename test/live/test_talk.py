"""Plays the scripts of test/talk against the running program.

The dialect is described in test/talk_script.h. Left out here are the scripts
that change what no running program can be made to change: its clock, a store
that fails, its limits.

The fixture `box` has smtp_port, submission_port, submissions_port, pop3_port,
pop3s_port, login, password, and pillarbox(*args) for the command line. Its
domains are example.test (the main one) and second.example. Each script begins
with an empty mailbox: what an earlier one left is deleted, and the addresses
it closed are opened again.
"""

import base64
import binascii
import mailbox
import pathlib
import re
import socket
import ssl

import pytest

SCRIPTS = sorted((pathlib.Path(__file__).parent.parent / "talk").glob("*.talk"))
PURE_ONLY = {"wait", "store", "login", "size", "own-senders", "subdomains"}
PATIENCE_S = 60     # a refused login may take long to be answered
ESCAPES = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\",
           '"': b'"'}
PADDING = (b"0123456789 abcdefghijklmnopqrstuvwxyz "
           b"the text is as long as it was asked for\r\n")


def canned(number, size=0):
    """The canned message of a number, as talk_canned() makes it."""
    text = (f"From: Sender <sender@sender.example>\r\n"
            f"To: <shop-{number}@example.test>\r\n"
            f"Subject: message {number}\r\n"
            f"Message-ID: <{number}@sender.example>\r\n"
            f"\r\n"
            f"This is message {number}.\r\n"
            f".A line with a dot.\r\n"
            f"\r\n"
            f"Its last line.\r\n").encode()
    while len(text) < size:
        left = size - len(text)
        if left > len(PADDING):
            left = len(PADDING) - (left == len(PADDING) + 1)
        text += PADDING[len(PADDING) - left:]
    return text


def read_raw(text):
    """The bytes of a C~ line."""
    quoted, times = re.fullmatch(r'"((?:\\.|[^"\\])*)"\s*(?:\*\s*(\d+))?\s*',
                                 text).groups()
    raw = b""
    for number, escape, plain in re.findall(
            r"\\x([0-9A-Fa-f]{2})|\\(.)|([^\\])", quoted):
        if number:
            raw += bytes.fromhex(number)
        else:
            raw += ESCAPES[escape] if escape else plain.encode()
    return raw * int(times or 1)


def read_script(path):
    """Lines as (number, word, how, text)."""
    for number, line in enumerate(path.read_text().split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        talk = re.fullmatch(r"([CSM])([:=~])(?: (.*))?", line)
        if talk:
            who, how, text = talk.groups()
            yield number, who, how, text or ""
        else:
            word, *rest = line.split(" #")[0].split()
            yield number, word, "", " ".join(rest)


class Wire:
    """A client's end of a connection."""

    def __init__(self, port, tls=False):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        self.pending = b""
        if tls:
            self.secure()

    def secure(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.socket = context.wrap_socket(self.socket)

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (ConnectionError, ssl.SSLError):
            pass    # it closed; what it said before is still to be read

    def more(self):
        try:
            data = self.socket.recv(65536)
        except (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            data = b""
        self.pending += data
        return bool(data)

    def line(self):
        """The next line without CRLF, or None at the end."""
        while b"\r\n" not in self.pending:
            if not self.more():
                assert self.pending == b"", "ends within a line"
                return None
        line, self.pending = self.pending.split(b"\r\n", 1)
        assert b"\n" not in line, "bare LF"
        return line

    def ask(self, command):
        self.send(command.encode() + b"\r\n")
        return self.line()

    def block(self):
        """The lines up to the lone dot, dots undone."""
        lines = []
        while (line := self.line()) != b".":
            lines.append(line[1:] if line.startswith(b".") else line)
        return lines

    def close(self):
        self.socket.close()


class Play:
    """One script against one box."""

    def __init__(self, box, directory, stls):
        self.box = box
        self.directory = directory
        self.stls = stls
        self.wire = None
        self.lines = []         # S lines that were put back
        self.ids = []           # unique-ids of all messages, as they came
        self.imported = 0
        self.message = []       # what M lines have not looked at
        self.closed_addresses = []

    # -- what the script does not see --

    def log_in(self):
        wire = Wire(self.box.pop3s_port, tls=True)
        assert wire.line().startswith(b"+OK")
        assert wire.ask("USER " + self.box.login).startswith(b"+OK")
        reply = wire.ask("PASS " + self.box.password)
        assert reply.startswith(b"+OK"), reply
        return wire

    def look(self):
        """The unique-ids that are there now."""
        wire = self.log_in()
        assert wire.ask("UIDL").startswith(b"+OK")
        ids = [line.split()[1] for line in wire.block()]
        wire.ask("QUIT")
        wire.close()
        self.ids += [one for one in ids if one not in self.ids]
        return ids

    def empty(self):
        wire = self.log_in()
        count = int(wire.ask("STAT").split()[1])
        for number in range(1, count + 1):
            assert wire.ask(f"DELE {number}").startswith(b"+OK")
        assert wire.ask("QUIT").startswith(b"+OK")
        wire.close()

    def last_message(self):
        wire = self.log_in()
        count = int(wire.ask("STAT").split()[1])
        assert wire.ask(f"RETR {count}").startswith(b"+OK")
        lines = wire.block()
        wire.close()
        return lines

    def ours(self, line):
        """What the client says, with the login of this box."""
        words = [self.box.password if word == "right" else
                 self.box.login if word == "mailbox@example.test" else word
                 for word in line.split(" ")]
        for i, word in enumerate(words):
            try:
                parts = base64.b64decode(word, validate=True).split(b"\0")
            except (binascii.Error, ValueError):
                continue
            if parts[-1] == b"right":
                parts[-1] = self.box.password.encode()
            elif parts != [b"mailbox@example.test"]:
                continue
            parts = [self.box.login.encode()
                     if part == b"mailbox@example.test" else part
                     for part in parts]
            words[i] = base64.b64encode(b"\0".join(parts)).decode()
        return " ".join(words).encode() + b"\r\n"

    # -- the words of the dialect --

    def begin(self, protocol, tls):
        self.end()
        self.look()
        if protocol == "smtp":
            self.wire = Wire(self.box.smtp_port)
            if tls:
                self.wire.line()
                self.wire.ask("EHLO client.example")
                while not self.wire.pending.startswith(b"250 "):
                    self.wire.line()
                self.wire.line()
                assert self.wire.ask("STARTTLS").startswith(b"220")
                self.wire.secure()
        elif protocol == "submission":
            port = (self.box.submissions_port if tls
                    else self.box.submission_port)
            self.wire = Wire(port, tls)
        elif tls and self.stls:
            self.wire = Wire(self.box.pop3_port)
            self.lines = [self.wire.line()]
            assert self.wire.ask("STLS").startswith(b"+OK")
            self.wire.secure()
        else:
            port = self.box.pop3s_port if tls else self.box.pop3_port
            self.wire = Wire(port, tls)

    def end(self):
        if self.wire:
            assert not self.lines and self.wire.pending == b"", "said more"
            self.wire.close()
        self.wire = None
        self.message = []

    def reply(self):
        return self.lines.pop(0) if self.lines else self.wire.line()

    def stored_line(self):
        if not self.message:
            self.message = self.last_message()
        return self.message.pop(0) if self.message else None

    @staticmethod
    def match(next_line, how, wanted):
        wanted = wanted.replace("192.0.2.1", "127.0.0.1").encode()
        while True:
            line = next_line()
            assert line is not None, f"missing: {wanted}"
            if line == wanted or how != "=" and line.startswith(wanted):
                return
            assert how == "~", f"wanted {wanted}, got {line}"

    def mail(self, count, size=0):
        folder = self.directory / f"mail-{self.imported}"
        mailbox.Maildir(folder, create=True)
        for number in range(int(count)):
            self.imported += 1
            (folder / "new" / f"{number:09}.canned").write_bytes(
                canned(self.imported, int(size)))
        self.box.pillarbox("import", str(folder))

    def kept(self, numbers):
        return [self.ids[int(number) - 1] for number in numbers]

    def line(self, word, how, text):
        if word in ("pop3", "smtp", "submission"):
            self.begin(word, text == "tls")
        elif word == "C":
            self.wire.send(read_raw(text) if how == "~" else self.ours(text))
        elif word == "S":
            self.match(self.reply, how, text)
        elif word == "M":
            self.match(self.stored_line, how, text)
        elif word == "closed":
            assert self.reply() is None, "still open"
        elif word == "starttls":
            assert self.wire.pending == b"", "said more"
            self.wire.secure()
        elif word == "mail":
            self.mail(*text.split())
        elif word == "kept":
            now = self.look()
            assert now == self.kept(text.split())
        elif word == "deleted":
            assert not set(self.look()) & set(self.kept(text.split()))
        elif word == "stored":
            self.look()
            assert len(self.ids) - self.imported == int(text)
        elif word in ("refuse", "mute"):
            self.box.pillarbox("address", word, text)
            self.closed_addresses.append(text)
        else:
            assert False, "no such word"

    def run(self, script):
        self.empty()
        number = 0
        try:
            for number, *line in script:
                self.line(*line)
            self.end()
        except AssertionError as error:
            raise AssertionError(f"line {number}: {error}") from error
        finally:
            if self.wire:
                self.wire.close()
            for address in self.closed_addresses:
                self.box.pillarbox("address", "open", address)


def cases():
    for path in SCRIPTS:
        script = list(read_script(path))
        marks = []
        if PURE_ONLY & {word for _, word, _, _ in script}:
            marks = [pytest.mark.skip(reason="needs the fake world")]
        yield pytest.param(script, False, id=path.stem, marks=marks)
        if any(line[1::2] == ("pop3", "tls") for line in script):
            yield pytest.param(script, True, id=path.stem + "-stls",
                               marks=marks)


@pytest.mark.parametrize("script, stls", cases())
def test_talk(box, tmp_path, script, stls):
    Play(box, tmp_path, stls).run(script)
