"""IMAP as it is on the wire: a client that hides nothing, and replies taken
apart. The tests that compare and count use it; imaplib shows too little."""

import re
import socket
import ssl

from box import PATIENCE_S

LITERAL = re.compile(rb"~?\{(\d+)\}\r\n$")


class Reply:
    """What a command was answered."""

    def __init__(self, untagged, status, text):
        self.untagged = untagged    # each a list of tokens
        self.status = status        # "OK", "NO", "BAD"
        self.text = text            # bytes behind it
        found = re.match(rb"\[([^\]]*)\]", text)
        self.code = found[1].decode(errors="replace") if found else ""

    def all(self, name, place=1):
        """The untagged replies of a name, which is at some place in them."""
        return [r for r in self.untagged if len(r) > place and
                isinstance(r[place], bytes) and
                r[place].upper() == name.encode()]

    def fetched(self):
        """FETCH replies as a dictionary by sequence number."""
        return {int(r[0]): items(r[2]) for r in self.all("FETCH")}

    def numbers(self, name="SEARCH"):
        """The numbers of a SEARCH or SORT reply."""
        return [int(n) for r in self.all(name, 0) for n in r[1:]
                if isinstance(n, bytes) and n.isdigit()]


def items(tokens):
    """A list of names and values as a dictionary."""
    return {tokens[n].upper(): tokens[n + 1]
            for n in range(0, len(tokens) - 1, 2)}


def quoted(data, at):
    """The quoted string that begins at a place; it, and where it ends."""
    out = bytearray()
    at += 1
    while data[at:at + 1] != b'"':
        if data[at:at + 1] == b"\\":
            at += 1
        out += data[at:at + 1]
        at += 1
    return bytes(out), at + 1


def atom(data, at):
    """The atom at a place, with a section in brackets as part of it."""
    begun, depth = at, 0
    while at < len(data):
        c = data[at:at + 1]
        if c == b"[":
            depth += 1
        elif c == b"]":
            depth -= 1
        elif depth <= 0 and c in (b" ", b"(", b")", b"\r", b"\n"):
            break
        at += 1
    return data[begun:at], at


def tokens(data):
    """A reply behind its "* " as nested lists; NIL is None, strings are
    bytes of the type String, everything else bytes."""
    stack, at = [[]], 0
    while at < len(data):
        c = data[at:at + 1]
        found = re.compile(rb"~?\{(\d+)\}\r\n").match(data, at)
        if c in b" \r\n":
            at += 1
        elif c == b"(":
            stack.append([])
            at += 1
        elif c == b")":
            done = stack.pop()
            stack[-1].append(done)
            at += 1
        elif c == b'"':
            word, at = quoted(data, at)
            stack[-1].append(String(word))
        elif found:
            end = found.end() + int(found[1])
            stack[-1].append(String(data[found.end():end]))
            at = end
        else:
            word, at = atom(data, at)
            assert at > 0 and word, data[max(0, at - 40):at + 40]
            stack[-1].append(None if word.upper() == b"NIL" else word)
    assert len(stack) == 1, data
    return stack[0]


class String(bytes):
    """What stood in quotes or as a literal."""


class Imap:
    """A connection."""

    def __init__(self, port, tls=None, timeout=PATIENCE_S,
                 source="127.0.0.1"):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout,
                                               (source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket,
                                          server_hostname="127.0.0.1")
        self.file = self.socket.makefile("rb")
        self.serial = 0
        self.heard = None       # called with each untagged reply
        self.greeting = self.line()

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def line(self):
        """A whole reply, its literals included."""
        data = self.file.readline()
        if not data.endswith(b"\r\n"):
            raise ConnectionError(f"closed after {data!r}")
        while found := LITERAL.search(data):
            data += self.file.read(int(found[1]))
            data += self.file.readline()
        return data

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())

    def tag(self):
        self.serial += 1
        return b"t%d" % self.serial

    def untagged(self):
        """One reply that belongs to no command, such as within IDLE."""
        line = self.line()
        assert line.startswith(b"* "), line
        told = reply_tokens(line[2:])
        if self.heard:
            self.heard(told)
        return told

    def finish(self, tag):
        """Read to the tagged reply."""
        untagged = []
        while True:
            line = self.line()
            if line.startswith(b"* "):
                untagged.append(reply_tokens(line[2:]))
                if self.heard:
                    self.heard(untagged[-1])
                continue
            if line.startswith(b"+"):
                continue
            got, status, text = (line[:-2].split(b" ", 2) + [b""])[:3]
            assert got == tag, (tag, line)
            return Reply(untagged, status.decode(), text)

    def begin(self, *parts):
        """Send a command; bytes in a tuple go as a literal (LITERAL+)."""
        tag = self.tag()
        data = tag
        for part in parts:
            if isinstance(part, tuple):
                data += b" {%d+}\r\n" % len(part[0]) + part[0]
            else:
                data += b" " + (part if isinstance(part, bytes)
                                else part.encode())
        self.send(data + b"\r\n")
        return tag

    def command(self, *parts):
        return self.finish(self.begin(*parts))

    def ok(self, *parts):
        """The same, which must be answered OK."""
        reply = self.command(*parts)
        assert reply.status == "OK", (parts, reply.status, reply.text)
        return reply

    def login(self, user, password):
        return self.ok(f'LOGIN "{user}" "{password}"')

    def append(self, mailbox, message, flags="", date=None):
        words = ["APPEND", f'"{mailbox}"']
        if flags:
            words.append(f"({flags})")
        if date:
            words.append(f'"{date}"')
        return self.ok(" ".join(words), (message,))

    def idle(self):
        """Begin IDLE; done() with the tag ends it."""
        tag = self.begin("IDLE")
        while not (line := self.line()).startswith(b"+"):
            assert line.startswith(b"* "), line
            if self.heard:
                self.heard(reply_tokens(line[2:]))
        return tag

    def done(self, tag):
        self.send("DONE\r\n")
        return self.finish(tag)


def reply_tokens(data):
    """Tokens, but for what is free text behind OK, NO, BAD, BYE."""
    words = data[:-2].split(b" ", 1)
    if words[0].upper() in (b"OK", b"NO", b"BAD", b"BYE", b"PREAUTH"):
        return [words[0], *words[1:]]
    return tokens(data)


def half_typed(told):
    """Whether a structure has a part with a type and no subtype, or the other
    way: what counts as text/plain (RFC 2045, 5.2) and is not told so there."""
    if not isinstance(told, list) or not told:
        return False
    if len(told) > 6 and b"" in told[:2]:
        return True
    return any(half_typed(t) for t in told)


def plain(told):
    """A value without what says the same in two ways: the letter case of
    words, and the space of a fold in front of a Message-ID."""
    if isinstance(told, list):
        return [plain(t) for t in told]
    return told.strip(b" ").lower() if isinstance(told, bytes) else told


def trusting():
    """TLS that takes any certificate: for servers of the tests' own."""
    tls = ssl.create_default_context()
    tls.check_hostname = False
    tls.verify_mode = ssl.CERT_NONE
    return tls
