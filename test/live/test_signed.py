"""What leaves the box is signed, and two verifiers of others find both
signatures good, whatever was rewritten on the way."""

import json
import os
import pathlib
import re
import subprocess
import sys

import dkim
import pytest

from box import PROGRAM, ROOT, Box, wait_for
from outside import Mx, Names

TESTS = pathlib.Path(PROGRAM).resolve().parent / "test"
CORPUS = ROOT / "test/fuzz/corpus/submit"
BODIES = {
    "plain": b"Hello.\r\n",
    "none": b"",
    "dots": b".\r\n..\r\n.a\r\n \r\n\r\n\r\n",
    "long": (b"word " * 190 + b"\r\n") * 20,
    "large": b"0123456789 abcdefghijklmnopqrstuvwxyz\r\n" * 9000,
    "eight": "Grüße,  so weit\r\n die Füße\ttragen \r\n".encode(),
}
HEADS = {
    "plain": b"From: <shop@example.test>\r\nSubject: An offer\r\n",
    "tag": b"From: Me <mailbox@example.test>\r\n"
           b"Subject: [sendas:Ann <shop>] An offer\r\n",
    "tag folded": b"From: Me <mailbox@example.test>\r\nSubject: An offer\r\n"
                  b"  [sendas:\r\n\tshop]   and   more\r\n",
    "encoded": b"From: =?utf-8?q?J=C3=B6rg?= <shop@example.test>\r\n"
               b"Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\n",
    "another domain": b"From: <me@second.example>\r\nSubject: x\r\n",
    "dropped": b"From: <shop@example.test>\r\nSubject: x\r\n"
               b"Reply-To: mailbox@example.test\r\nBcc: b@mail.example\r\n"
               b"Sender: mailbox@example.test\r\nReceived: from laptop\r\n"
               b"X-Originating-IP: 192.0.2.1\r\n",
    "ids": b"From: <shop@example.test>\r\nSubject: x\r\n"
           b"Message-ID: <1@laptop.local>\r\n"
           b"References: <2@laptop.local>\r\n <3@mail.example>\r\n",
    "list": b"From: <shop@example.test>\r\nSubject: x\r\n"
            b"List-Unsubscribe: <https://example.test/u>\r\n"
            b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
    "multipart": b"From: <shop@example.test>\r\nSubject: x\r\n"
                 b"MIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\n"
                 b"Content-Type: text/plain; charset=utf-8\r\n",
}


def run(*words, **options):
    return subprocess.run([str(word) for word in words], check=True,
                          capture_output=True, **options).stdout


def rewritten(folder, records):
    """Every header that the unit tests of rules/submit see rewritten, signed
    by proof/sign as the box does it; adds what DNS has to say."""
    heads = folder / "heads"
    heads.mkdir()
    run(TESTS / "unit_rules", env={**os.environ, "SUBMIT_KEEP": str(heads)})
    words = []
    for kind in ("rsa", "ed25519"):
        key = folder / kind
        key.write_bytes(run(TESTS / "dkim_sign", "make", kind))
        words += [kind, key]
        records[f"{kind}._domainkey.example.test"] = run(
            TESTS / "dkim_sign", "record", key).splitlines()[0].decode()
    for head in heads.iterdir():
        yield f"vector {head.name}", run(
            TESTS / "dkim_sign", "sign", "example.test", *words,
            input=head.read_bytes() + b"Hello.\r\n")


def fuzzed():
    """Headers that the fuzzer of rules/submit begins with: a byte that says
    what the box is like, the header, and perhaps more behind a NUL."""
    for file in sorted(CORPUS.iterdir()):
        head = file.read_bytes()[1:].partition(b"\0")[0]
        head = re.sub(rb"\r?\n", b"\r\n", head).rstrip(b"\r\n") + b"\r\n"
        yield f"fuzz {file.name}", head


class World:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.box = Box(folder)
        self.names = Names(self.box.dns_port)
        self.records = {}
        self.mx = Mx("127.0.8.1", self.box.outside_port)
        self.names.mx("mail.example", (10, "mx.mail.example", "127.0.8.1"))
        for domain in ("example.test", "second.example"):
            self.box.pillarbox("dkim", "new", domain)
        told = json.loads(self.box.pillarbox("dkim", "show", "--json"))
        for key in told:
            self.records[key["name"].rstrip(".")] = key["record"]
        self.box.start()

    def send(self, text, options=()):
        """Submit a letter; as it arrived, or None when it was refused."""
        with self.box.submission() as client:
            before = len(self.mx.letters)
            client.mail("shop@example.test", options)
            client.rcpt("a@mail.example")
            if client.data(text)[0] != 250:
                return None
        wait_for(lambda: len(self.mx.letters) > before, "it does not arrive",
                 20)
        return self.mx.letters[-1].data

    def close(self):
        self.mx.close()
        self.names.close()
        self.box.finish()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("signed"))
    yield world
    world.close()


@pytest.fixture(scope="module")
def letters(world):
    """Every header with every body, as they arrived; and every vector of the
    rewriter, signed."""
    arrived = {}
    for name, head in (*HEADS.items(), *fuzzed()):
        kinds = BODIES if name in ("plain", "multipart") else ["plain"]
        for kind in kinds:
            options = ["SMTPUTF8"] if not head.isascii() else []
            to = b"" if b"\nTo:" in head else b"To: a@mail.example\r\n"
            data = world.send(head + to + b"\r\n" + BODIES[kind], options)
            if data is not None:
                arrived[f"{name}, {kind}"] = data
    assert len(arrived) > len(HEADS) + len(BODIES)
    vectors = dict(rewritten(world.folder, world.records))
    assert len(vectors) > 100
    return {**arrived, **vectors}


def signatures(data):
    return re.findall(rb"(?m)^DKIM-Signature:[^\n]*\n(?:[ \t][^\n]*\n)*",
                      data)


def one_of(data, number):
    """The letter with one of its signatures alone."""
    for n, signature in enumerate(signatures(data)):
        if n != number:
            data = data.replace(signature, b"", 1)
    return data


def test_python_verifies_both(world, letters):
    def txt(name, timeout=None):
        return world.records[name.decode().rstrip(".")].encode()

    for name, data in letters.items():
        kinds = [re.search(rb"\ba=([a-z0-9-]+)", signature)[1]
                 for signature in signatures(data)]
        assert kinds == [b"rsa-sha256", b"ed25519-sha256"], name
        for number in range(2):
            assert dkim.DKIM(data).verify(number, dnsfunc=txt), \
                (name, kinds[number], data)


def test_a_changed_letter_fails(world, letters):
    def txt(name, timeout=None):
        return world.records[name.decode().rstrip(".")].encode()

    data = letters["plain, plain"]
    for number in range(2):
        assert not dkim.DKIM(data.replace(b"An offer", b"No offer")).verify(
            number, dnsfunc=txt)
        with pytest.raises(dkim.ValidationError):
            dkim.DKIM(data.replace(b"Hello.", b"Hallo.")).verify(
                number, dnsfunc=txt)


# It asks the resolver of the system, so it gets a system of its own.
ASK_OPENDKIM = r"""
import json, pathlib, socket, subprocess, sys
sys.path.insert(0, sys.argv[1])
from outside import Names
folder = pathlib.Path(sys.argv[2])
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
resolv = folder / "resolv.conf"
resolv.write_text("nameserver 127.0.0.1\n")
subprocess.run(["mount", "--bind", str(resolv), "/etc/resolv.conf"],
               check=True)
names = Names(53)
for name, record in json.loads((folder / "records").read_text()).items():
    parts = [record[at:at + 200] for at in range(0, len(record), 200)]
    names.put(name, "TXT", " ".join(f'"{part}"' for part in parts))
for letter in sorted(folder.glob("*.eml")):
    done = subprocess.run(["opendkim-testmsg", "-C"],
                          input=letter.read_bytes(), capture_output=True)
    if done.returncode != 0 or done.stdout or done.stderr:
        print(letter.name, done.returncode, done.stdout, done.stderr)
assert names.asked
"""


@pytest.mark.skipif(os.geteuid() != 0,
                    reason="opendkim's resolver is replaced by root alone")
def test_opendkim_verifies_both(world, letters, tmp_path):
    (tmp_path / "records").write_text(json.dumps(world.records))
    script = tmp_path / "ask.py"
    script.write_text(ASK_OPENDKIM)

    def ask():
        return subprocess.run(
            ["unshare", "-m", "-n", sys.executable, script,
             ROOT / "test/live", tmp_path], capture_output=True, text=True,
            timeout=120, check=True).stdout

    for name, data in letters.items():
        for number in range(2):
            path = tmp_path / f"{name.replace('/', ' ')} {number}.eml"
            path.write_bytes(one_of(data, number))
    assert ask() == ""
    for path in tmp_path.glob("*.eml"):
        path.unlink()
    data = one_of(letters["plain, plain"], 0)
    (tmp_path / "bad.eml").write_bytes(data.replace(b"Hello", b"Hallo"))
    assert "bad.eml" in ask()
