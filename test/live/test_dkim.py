"""What proof/sign.c signs, somebody else's verifier finds good."""

import os
import pathlib
import random
import subprocess

import dkim
import pytest

from box import PROGRAM

SIGNER = str(pathlib.Path(PROGRAM).resolve().parent / "test/dkim_sign")
DOMAIN = "example.test"
KINDS = ("rsa", "ed25519")

HEAD = b"""From: "Shop" <shop@example.test>
To: a@mail.example, b@mail.example
Subject: An offer
Date: Fri, 20 Nov 2026 21:37:58 +0000
Message-ID: <1@example.test>
"""

MESSAGES = {
    "plain": HEAD + b"\nHello.\n",
    "no body": HEAD + b"\n",
    "empty lines": HEAD + b"\n\n\n \n\t\n",
    "white space": HEAD + b"\n a  b\t\tc \n\n \t d\t \n e\n\n\n",
    "no last line end": HEAD + b"\nHello.",
    "least": b"From: a@example.test\n\nx\n",
    "folded": b"From: a@example.test\nSubject: a\n  b\n\tc  d\n"
              b"TO:  x@mail.example\n ,y@mail.example\n\nHello.\n",
    "several": b"From: a@example.test\nSubject: 1\nSubject: 2\n"
               b"List-Help: 1\nSubject: 3\nList-Help: 2\n\nHello.\n",
    "utf-8": "From: é <ü@example.test>\nSubject: ñ\n\nÄ  ö\n".encode(),
    "mime": HEAD + b"MIME-Version: 1.0\nCc: c@mail.example\n"
            b"Content-Type: multipart/mixed;\n boundary=\"x\"\n"
            b"List-Unsubscribe: <https://example.test/u>\n"
            b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\n\n"
            b"--x\n\nfirst\n--x--\n",
    "long lines": HEAD + b"\n" + b"word " * 10000 + b"\n",
    "dots": HEAD + b"\n.\n..\n.a\n",
}


def run(*words, text=b""):
    """What the signer says."""
    return subprocess.run([SIGNER, *words], input=text, check=True,
                          stdout=subprocess.PIPE).stdout


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """A key of each kind, by its selector, and the records of DNS."""
    folder = tmp_path_factory.mktemp("keys")
    paths, records = {}, {}
    for kind in KINDS:
        path = folder / kind
        path.write_bytes(run("make", kind))
        paths[kind] = str(path)
        record, split = run("record", str(path)).splitlines()
        strings = split[1:-1].split(b'" "')
        assert b"".join(strings) == record
        assert all(0 < len(string) <= 255 for string in strings)
        records[f"{kind}._domainkey.{DOMAIN}."] = record
    return paths, records


def sign(keys, message):
    """The message in CRLF lines, with both signatures."""
    words = [word for kind in KINDS for word in (kind, keys[0][kind])]
    return run("sign", DOMAIN, *words, text=message.replace(b"\n", b"\r\n"))


def verdicts(keys, signed):
    """Whether each signature is good, topmost first."""
    def txt(name, timeout=5):
        return keys[1][name.decode() if isinstance(name, bytes) else name]
    found = []
    for i in range(len(KINDS)):
        try:
            found.append(dkim.DKIM(signed).verify(idx=i, dnsfunc=txt))
        except dkim.ValidationError:
            found.append(False)
    return found


@pytest.mark.parametrize("name", MESSAGES)
def test_both_signatures_verify(keys, name):
    signed = sign(keys, MESSAGES[name])
    assert signed.count(b"DKIM-Signature:") == 2
    assert verdicts(keys, signed) == [True, True]


@pytest.mark.parametrize("change", [
    (b"Hello.", b"Hallo."),
    (b"An offer", b"An offer!"),
    (b"Subject: An", b"Subject: other\r\nSubject: An"),
    (b"To: a@", b"Cc: somebody@mail.example\r\nTo: a@"),
    (b"From: ", b"From: else@mail.example\r\nFrom: "),
    (b"\r\nTo: ", b"\r\nReply-To: else@mail.example\r\nTo: "),
    (b"\r\nTo: ", b"\r\nContent-Type: text/html\r\nTo: "),
])
def test_changes_are_seen(keys, change):
    signed = sign(keys, MESSAGES["plain"])
    changed = signed.replace(*change, 1)
    assert changed != signed
    assert verdicts(keys, changed) == [False, False]


def test_rightful_changes_do_no_harm(keys):
    """What relays and mailbox programs do to a header."""
    signed = sign(keys, MESSAGES["white space"])
    changed = b"Received: by mx.example\r\n" + signed
    changed = changed.replace(b"Subject: An offer", b"SUBJECT:  An\r\n offer")
    changed = changed.replace(b" a  b", b" a b").rstrip() + b"\r\n\r\n"
    assert verdicts(keys, changed) == [True, True]


def test_any_message_verifies(keys):
    """Messages nobody would write, the same at every run."""
    chance = random.Random(1)
    for _ in range(int(os.environ.get("DKIM_ROUNDS", "40"))):
        head = b"".join(
            chance.choice([b"Subject", b"To", b"X-Any", b"sender", b"From",
                           b"LIST-HELP"]) + b":" +
            b"".join(chance.choices([b" ", b"\t", b"\n ", b"w", b"\xc3\xa9",
                                     b":", b";"], k=chance.randrange(12))) +
            b"w\n" for _ in range(chance.randrange(12)))
        body = b"".join(chance.choices([b" ", b"\t", b"\n", b"a", b".",
                                        b"\xff"], k=chance.randrange(200))) + b"\n"
        signed = sign(keys, head + b"From: a@example.test\n\n" + body)
        assert verdicts(keys, signed) == [True, True], signed
