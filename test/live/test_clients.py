"""Real senders and real fetchers against the running program.

Every letter is sent by one of the senders to an address never seen before,
and fetched by every fetcher; what arrives is what was sent but for the trace.
"""

import email.utils
import mailbox
import os
import poplib
import re
import socket
import subprocess

import pytest

from box import Box, crlf, split_trace

HOST = "mx.example.test"

HEAD = "From: Friend <sender@sender.example>\nTo: <{to}>\nSubject: {name}\n" \
       "Message-ID: <{name}@sender.example>\nDate: {date}\n"


def letter(name, to, body, more=""):
    head = HEAD.format(name=name, to=to, date=email.utils.formatdate()) + more
    return crlf(head.encode() + b"\n" + body)


def run(*words, **options):
    done = subprocess.run([str(word) for word in words], capture_output=True,
                          timeout=120, **options)
    assert done.returncode == 0, (words, done.stdout[-3000:],
                                  done.stderr[-3000:])
    return done.stdout


# -- senders: each sends content to an address --

def swaks(box, folder, to, content, *more):
    file = folder / "sent"
    file.write_bytes(content[:-2])  # it ends the last line itself
    run("swaks", "--server", "127.0.0.1", "--port", box.smtp_port,
        "--helo", "client.example", "--from", "sender@sender.example",
        "--to", to, "--data", f"@{file}", *more)


def swaks_tls(box, folder, to, content):
    swaks(box, folder, to, content, "--tls", "--tls-sni", HOST)


def python(box, folder, to, content):
    box.send(to, content)


def python_tls(box, folder, to, content):
    box.send(to, content, tls=True)


def python_utf8(box, folder, to, content):
    box.send(to, content, tls=True,
             options=["SMTPUTF8", "BODY=8BITMIME"])


def curl(box, folder, to, content):
    file = folder / "sent"
    file.write_bytes(content)
    run("curl", "-sS", "--ssl-reqd", "--cacert", box.certificate,
        "--resolve", f"{HOST}:{box.smtp_port}:127.0.0.1",
        "--mail-from", "sender@sender.example", "--mail-rcpt", to,
        "-T", file, f"smtp://{HOST}:{box.smtp_port}/client.example")


def bdat(box, folder, to, content):
    """RFC 3030: chunks cut anywhere, one of them empty, all pipelined."""
    chunks = [content[:1], content[1:-5], b"", content[-5:]]
    with socket.create_connection(("127.0.0.1", box.smtp_port), 60) as wire:
        replies = wire.makefile("rb")
        assert replies.readline().startswith(b"220 ")
        wire.sendall(b"EHLO client.example\r\n")
        while not replies.readline().startswith(b"250 "):
            pass
        wire.sendall(b"MAIL FROM:<sender@sender.example>\r\n"
                     b"RCPT TO:<%s>\r\n" % to.encode())
        for chunk in chunks[:-1]:
            wire.sendall(b"BDAT %d\r\n" % len(chunk) + chunk)
        wire.sendall(b"BDAT %d LAST\r\n" % len(chunks[-1]) + chunks[-1]
                     + b"QUIT\r\n")
        said = [line[:4] for line in replies]
        assert said == [b"250 "] * (2 + len(chunks)) + [b"221 "]


DOTS = b".\n..\n...\n. .\n.leading\nend.\n\n.\n\nend\n"
EVERY_BYTE = bytes(set(range(1, 256)) - {10, 13})
LETTERS = [
    # name, sender, local part, body
    ("plain", swaks, "never-seen", b"Hello.\n"),
    ("starttls", swaks_tls, "never-seen-tls", b"Hello, sealed.\n"),
    ("capitals", swaks, "NeverSeen.UPPER", b"Case is kept.\n"),
    ("tagged", swaks, "shop+tag", b"A tag.\n"),
    ("bytes", swaks, "bytes", EVERY_BYTE + b"\n"),
    ("dots", swaks, "dots", DOTS),
    ("dots-python", python, "dots-python", DOTS),
    ("dots-curl", curl, "dots-curl", DOTS),
    ("dots-bdat", bdat, "dots-bdat", DOTS),
    ("bytes-bdat", bdat, "bytes-bdat", EVERY_BYTE + b"\n"),
    ("long-lines", python, "long-lines",
     b"\n".join(b"x" * n for n in (76, 510, 998, 1000, 1022, 1024))),
    ("large", python_tls, "large", b"0123456789abcdef" * 4 + b"\n"),
    ("utf8", python_utf8, "gr\u00fc\u00dfe", "Gr\u00fc\u00dfe \u2709\n"
     .encode()),
    ("utf8-curl", curl, "\u7bb1", "\u4f60\u597d\n".encode()),
    ("empty", python, "empty", b""),
]
VERY_LONG = b"y" * 5000 + b"\n." + b"z" * 40000 + b"\n"


@pytest.fixture(scope="module")
def filled(box, tmp_path_factory):
    """The box with every letter in it: (box, {name: content})."""
    box.fetch()
    folder = tmp_path_factory.mktemp("sent")
    sent = {}
    for name, sender, local, body in LETTERS:
        to = local + "@example.test"
        if name == "large":
            body *= 5000
        sent[name] = letter(name, to, body)
        sender(box, folder, to, sent[name])
    return box, sent


# -- fetchers: each returns all messages, as it wrote them --

def with_poplib(box, folder):
    return box.fetch(delete=False)


def with_poplib_stls(box, folder):
    client = poplib.POP3("127.0.0.1", box.pop3_port, timeout=60)
    client.stls(context=box.tls)
    client.user(box.login)
    client.pass_(box.app_password)
    messages = [b"\n".join(client.retr(n + 1)[1]) + b"\n"
                for n in range(client.stat()[0])]
    client.quit()
    return messages


def with_curl(box, folder):
    address = f"pop3s://{HOST}:{box.pop3s_port}/"
    words = ["curl", "-sS", "--cacert", box.certificate,
             "--resolve", f"{HOST}:{box.pop3s_port}:127.0.0.1",
             "-u", f"{box.login}:{box.app_password}"]
    count = len(run(*words, address).splitlines())
    for number in range(1, count + 1):
        words += ["-o", folder / f"{number:03}", address + str(number)]
    run(*words)
    return files(folder)


def with_fetchmail(box, folder):
    rc = folder.parent / "fetchmailrc"
    rc.write_text(f"""
poll 127.0.0.1 service {box.pop3s_port} protocol POP3 uidl
  user "{box.login}" password "{box.app_password}"
  ssl sslproto "tls1.2+" sslcertck sslcertfile "{box.certificate}"
  sslcommonname "{HOST}"
  keep fetchall norewrite pass8bits
  mda "sh -c 'cat >{folder}/$$'"
""")
    rc.chmod(0o600)
    run("fetchmail", "-f", rc, "--nodetach", "--nosyslog", "--invisible",
        "--pidfile", folder.parent / "fetchmail.pid", "--idfile",
        folder.parent / "fetchmail.ids",
        env={**os.environ, "HOME": str(folder.parent)})
    return files(folder)


def with_mpop(box, folder):
    maildir = folder / "maildir"
    mailbox.Maildir(maildir)
    rc = folder.parent / "mpoprc"
    rc.write_text(f"""
account box
host 127.0.0.1
port {box.pop3s_port}
tls on
tls_starttls off
tls_trust_file {box.certificate}
tls_host_override {HOST}
user {box.login}
password {box.app_password}
auth user
keep on
received_header off
uidls_file {folder.parent}/uidls
delivery maildir {maildir}
""")
    rc.chmod(0o600)
    run("mpop", f"--file={rc}", "--quiet", "box")
    return files(maildir / "new")


def with_getmail(box, folder):
    getmaildir = folder.parent / "getmail"
    getmaildir.mkdir()
    (getmaildir / "getmailrc").write_text(f"""
[retriever]
type = SimplePOP3SSLRetriever
server = 127.0.0.1
port = {box.pop3s_port}
username = {box.login}
password = {box.app_password}
ca_certs = {box.certificate}
ssl_cert_hostname = {HOST}

[destination]
type = MDA_external
path = /bin/sh
arguments = ("-c", "cat >{folder}/$$")
allow_root_commands = true

[options]
read_all = true
delete = false
delivered_to = false
received = false
verbose = 0
""")
    run("getmail", f"--getmaildir={getmaildir}")
    return files(folder)


def files(folder):
    return [file.read_bytes() for file in folder.iterdir()]


FETCHERS = [with_poplib, with_poplib_stls, with_curl, with_fetchmail,
            with_mpop, with_getmail]


def by_name(messages):
    found = {}
    for message in messages:
        name = re.search(rb"^Subject: (\S+)", message, re.M)[1].decode()
        assert name not in found
        found[name] = message
    return found


@pytest.mark.parametrize("fetcher", FETCHERS)
def test_fetcher(filled, tmp_path, fetcher):
    box, sent = filled
    folder = tmp_path / "fetched"
    folder.mkdir()
    found = by_name(fetcher(box, folder))
    assert set(found) == set(sent)
    for name, message in found.items():
        _, content = split_trace(crlf(message))
        assert content == sent[name], name


def test_trace(filled):
    box, sent = filled
    found = by_name(box.fetch(delete=False))
    for name, _, local, _ in LETTERS:
        trace, _ = split_trace(found[name])
        trace = re.sub(r"\r\n\s", " ", trace.decode())
        assert f"\r\nDelivered-To: {local}@example.test\r\n" in trace
        assert f"for <{local}@example.test>;" in trace
        assert trace.startswith("Return-Path: <sender@sender.example>\r\n")
    assert b"with ESMTP id" in split_trace(found["plain"])[0]
    for name in ("starttls", "large", "dots-curl"):
        trace = split_trace(found[name])[0]
        assert b"(using TLSv1.3 with cipher " in trace, name
        assert b"with ESMTPS id" in trace or name == "dots-curl"
    assert b"with UTF8SMTPS id" in split_trace(found["utf8"])[0]


def test_sizes_are_wire_octets(filled):
    box, _ = filled
    client = box.pop()
    count, octets = client.stat()
    sizes = [tuple(map(int, line.split())) for line in client.list()[1]]
    assert sum(size for _, size in sizes) == octets and len(sizes) == count
    for number, size in sizes:
        _, lines, _ = client.retr(number)
        assert sum(len(line) + 2 for line in lines) == size
    client.quit()


def test_top(filled):
    box, sent = filled
    client = box.pop()
    for number, (name, *_) in enumerate(LETTERS, 1):
        head, _, body = sent[name].partition(b"\r\n\r\n")
        lines = body.split(b"\r\n")[:-1][:3]
        got = client.top(number, 3)[1]
        assert got[len(got) - len(lines):] == lines, name
        assert b"\r\n".join(got).count(head) == 1
    client.quit()


def test_very_long_lines(empty, tmp_path):
    """Beyond what some of the fetchers can read; none is cut or wrapped."""
    sent = letter("very-long", "x@example.test", VERY_LONG)
    empty.send("x@example.test", sent)
    folder = tmp_path / "fetched"
    folder.mkdir()
    for fetcher in (with_curl, with_poplib):
        message, = fetcher(empty, folder)
        assert split_trace(crlf(message))[1] == sent


def test_no_secret_in_the_log(make_box):
    """Whatever the letter case of the verb, right or wrong."""
    box = make_box().start()
    secret = box.app_password
    for port, tls in ((box.pop3_port, False), (box.pop3s_port, True)):
        with socket.create_connection(("127.0.0.1", port), 60) as plain:
            wire = box.tls.wrap_socket(plain) if tls else plain
            replies = wire.makefile("rb")
            replies.readline()
            for line in ("uSeR " + box.login, "PASS\t" + secret, secret,
                         "user " + box.login, "pAsS " + secret):
                wire.sendall(line.encode() + b"\r\n")
                replies.readline()
    with box.smtp() as client:
        client.starttls(context=box.tls)
        client.docmd("auth plain", secret)
        client.docmd(secret)
    assert secret not in box.log()


@pytest.fixture(scope="module")
def two_names(tmp_path_factory):
    """A box with a second certificate, with an RSA key and a wildcard."""
    box = Box(tmp_path_factory.mktemp("names"))
    cert, key = box.folder / "other.pem", box.folder / "other-key.pem"
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
        "30", "-subj", "/CN=other.example", "-addext",
        "subjectAltName=DNS:other.example,DNS:*.wild.example",
        "-out", cert, "-keyout", key)
    box.config.write_text(box.config.read_text().replace(
        "; } ); };", f'; }}, {{ cert = "{cert}"; key = "{key}"; }} ); }};'))
    box.start()
    yield box
    box.finish()


def shown_names(box, port, name, *words):
    """The names of the certificate that is shown to who asks for a name."""
    asked = ["-servername", name] if name else ["-noservername"]
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *asked,
         *words], input=b"QUIT\r\n", capture_output=True, timeout=60)
    text = run("openssl", "x509", "-noout", "-ext", "subjectAltName",
               input=done.stdout).decode()
    return set(re.findall(r"DNS:([^,\s]+)", text))


@pytest.mark.parametrize("port, words", [
    ("smtp_port", ["-starttls", "smtp"]), ("pop3_port", ["-starttls", "pop3"]),
    ("pop3s_port", []), ("pop3s_port", ["-tls1_2"])])
def test_certificate_by_name(two_names, port, words):
    port = getattr(two_names, port)
    ours = {HOST, "example.test", "second.example"}
    other = {"other.example", "*.wild.example"}
    for name, wanted in ((HOST, ours), ("second.example", ours),
                         ("other.example", other), ("OTHER.example", other),
                         ("a.wild.example", other), ("unknown.example", ours),
                         ("a.b.wild.example", ours), (None, ours)):
        assert shown_names(two_names, port, name, *words) == wanted, name
