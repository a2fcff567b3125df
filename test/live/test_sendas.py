"""Each form of sendas, from real mail programs through the box to real mail
servers: what arrives shows the chosen address, and no other of its owner."""

import email
import email.header
import email.utils
import os
import smtplib
import subprocess

import pytest

from box import Box, wait_for
from outside import Authority, Mx, Names
from servers import OpenSmtpd, Postfix

OWNER = "owner.private@example.test"

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="real mail servers are started by root alone")

# Subject as written, Subject as it arrives, From as it arrives.
FORMS = [
    ("[sendas:shop] An order", "An order", "shop@example.test", None),
    ("An order [sendas:shop@example.test]", "An order", "shop@example.test",
     None),
    ("[sendas:me@second.example] Hello", "Hello", "me@second.example", None),
    ("[SendAs:Shop] An order", "An order", "Shop@example.test", None),
    ("Re: [ sendas : shop ] An order", "Re: An order", "shop@example.test",
     None),
    ("[sendas:Ann Other <shop>] An order", "An order", "shop@example.test",
     "Ann Other"),
    ("[sendas:Ann Other <x+y=z_1-2.3@example.test>] Hi", "Hi",
     "x+y=z_1-2.3@example.test", "Ann Other"),
    ("[sendas:J\u00f6rg <shop>] Gr\u00fc\u00dfe", "Gr\u00fc\u00dfe",
     "shop@example.test", "J\u00f6rg"),
    ("[sendas:shop]", "", "shop@example.test", None),
    ("[sendas:shop] twice [sendas:shop]", "twice", "shop@example.test", None),
]


def encoded(text):
    """A Subject as mail programs write it."""
    return text if text.isascii() else \
        email.header.Header(text, "utf-8").encode()


class World:
    def __init__(self, folder):
        self.authority = Authority(folder)
        self.box = Box(
            folder, tls=f'roots = "{self.authority.file}";',
            submission=f'main_address = "{OWNER}";')
        self.names = Names(self.box.dns_port)
        self.servers = {}
        for number, kind in enumerate((Postfix, OpenSmtpd)):
            domain = f"{kind.name}.example"
            server = kind(folder / kind.name, domain, f"127.0.5.{number + 1}",
                          self.box.outside_port,
                          self.authority.issue(f"mx.{domain}"))
            self.servers[kind.name] = server
            self.names.mx(domain, (10, server.host, server.address))
        self.box.start()

    def swaks(self, to, subject):
        subject = encoded(subject)
        done = subprocess.run(
            ["swaks", "--silent", "2", "--tls-on-connect", "--server",
             "127.0.0.1", "--port", str(self.box.submissions_port), "--auth",
             "PLAIN", "--auth-user", self.box.login, "--auth-password",
             self.box.app_password, "--from", OWNER, "--to", to, "--helo",
             "laptop.private.lan", "--header", f"Subject: {subject}",
             "--header", f"Reply-To: {OWNER}", "--header",
             f"Sender: The Owner <{OWNER}>", "--header",
             f"Disposition-Notification-To: {OWNER}", "--header",
             f"X-Google-Original-From: {OWNER}", "--body", "Hello."],
            capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def msmtp(self, to, subject):
        subject = encoded(subject)
        text = (f"From: The Owner <{OWNER}>\nTo: {to}\nSubject: {subject}\n"
                f"Bcc: {OWNER}\nReturn-Receipt-To: {OWNER}\n"
                f"Message-ID: <1.{abs(hash(subject))}@laptop.private.lan>\n"
                "\nHello.\n")
        config = self.box.folder / "msmtprc"
        config.write_text(
            f"account default\nhost 127.0.0.1\nport "
            f"{self.box.submission_port}\nauth plain\nuser {self.box.login}\n"
            f"password {self.box.app_password}\ntls on\ntls_starttls on\n"
            f"tls_trust_file {self.box.certificate}\n"
            f"tls_certcheck on\nfrom {OWNER}\ntls_host_override "
            "mx.example.test\n")
        config.chmod(0o600)
        done = subprocess.run(["msmtp", "-C", config, to],
                              input=text.encode(), capture_output=True,
                              timeout=60)
        return done.returncode, (done.stdout + done.stderr).decode()

    def close(self):
        for server in self.servers.values():
            server.stop()
        self.names.close()
        self.box.finish()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("sendas"))
    for server in world.servers.values():
        server.start()
    yield world
    world.close()


@pytest.mark.parametrize("server", ["postfix", "opensmtpd"])
@pytest.mark.parametrize("program", ["swaks", "msmtp"])
@pytest.mark.parametrize("subject,rest,address,name", FORMS)
def test_form(world, server, program, subject, rest, address, name):
    mail = world.servers[server]
    mail.empty()
    code, said = getattr(world, program)(f"a.friend@{mail.domain}", subject)
    assert code == 0, said
    data, = mail.letters(1)
    letter = email.message_from_bytes(data)
    shown_name, shown = email.utils.parseaddr(letter["From"])
    assert shown.lower() == address.lower()
    assert len(letter.get_all("From")) == 1
    if name is not None:
        assert str(email.header.make_header(
            email.header.decode_header(shown_name))) == name
    assert str(email.header.make_header(
        email.header.decode_header(letter["Subject"]))) == rest
    assert b"hello." in data.lower()
    if server == "postfix":
        assert letter["Return-Path"] == f"<{shown}>"
    hidden = [OWNER, "owner.private", world.box.login, "private.lan",
              "sendas", world.box.app_password]
    for secret in hidden:
        assert secret.encode().lower() not in data.lower(), (secret, data)
    # Where it came from is told by the server that took it, and no other.
    ours = data[data.index(b"by mx.example.test"):]
    assert b"127.0.0.1" not in ours and b"laptop" not in ours


@pytest.mark.parametrize("subject", [
    "[sendas:shop@elsewhere.example] no domain of ours",
    "[sendas:] nobody", "[sendas:shop] and [sendas:other]",
    "[sendas shop] no colon", "sendas:shop] half a tag"])
@pytest.mark.parametrize("program", ["swaks", "msmtp"])
def test_tag_that_cannot_be_honoured(world, program, subject):
    """It is refused before 250, and nothing goes anywhere."""
    mail = world.servers["postfix"]
    mail.empty()
    code, said = getattr(world, program)(f"a@{mail.domain}", subject)
    assert code != 0
    assert "550" in said and "5.6.0" in said, said
    assert world.box.pillarbox("queue", "list", "--json").strip() == "[]"
    assert not list((mail.folder / "mail").glob("new/*"))


def test_reply_goes_out_as_the_address_written_to(world):
    """Automatic identity, also when the letter is fetched and gone."""
    mail = world.servers["postfix"]
    mail.empty()
    world.box.send("bakery@example.test", "Message-ID: <q1@friend.example>\r\n"
                   "From: <a@friend.example>\r\nSubject: a question\r\n\r\n?")
    assert len(world.box.fetch()) == 1
    world.box.submit(
        [f"a@{mail.domain}"], f"From: The Owner <{OWNER}>\n"
        f"To: a@{mail.domain}\nSubject: Re: a question\n"
        "In-Reply-To: <q1@friend.example>\n\nAn answer.\n", sender=OWNER)
    data, = mail.letters(1)
    letter = email.message_from_bytes(data)
    assert email.utils.parseaddr(letter["From"])[1] == "bakery@example.test"
    assert OWNER.encode() not in data


def test_identity_is_left_as_is(world):
    mail = world.servers["postfix"]
    mail.empty()
    world.box.send("bakery@example.test", "Message-ID: <q2@friend.example>\r\n"
                   "From: <a@friend.example>\r\nSubject: a question\r\n\r\n?")
    world.box.submit(
        [f"a@{mail.domain}"], f"From: The Owner <{OWNER}>\n"
        f"To: a@{mail.domain}\nSubject: Re: a question\n"
        "X-Pillarbox-Identity: as-is\n"
        "In-Reply-To: <q2@friend.example>\n\nAn answer.\n", sender=OWNER)
    data, = mail.letters(1)
    letter = email.message_from_bytes(data)
    assert email.utils.parseaddr(letter["From"])[1] == OWNER
    assert "X-Pillarbox-Identity" not in letter


def asked(box, head):
    """A stranger writes to the bakery; head is what else he says."""
    box.fetch()
    box.send("bakery@example.test", "From: <a@friend.example>\r\n"
             f"Subject: a question\r\n{head}\r\n\r\n?")
    assert len(box.fetch()) == 1


def answer(world, head, subject="Re: a question", name="The Owner"):
    """The owner's mail program answers him."""
    mail = world.servers["postfix"]
    mail.empty()
    world.box.submit(
        [f"a@{mail.domain}"], f"From: {name} <{OWNER}>\n"
        f"To: a@{mail.domain}\nSubject: {subject}\n{head}\nAn answer.\n",
        sender=OWNER)
    data, = mail.letters(1)
    assert b"owner.private" not in data.lower(), data
    assert b"sendas" not in data.lower(), data
    return email.message_from_bytes(data)


def is_refused(world, head, subject="Re: a question"):
    """It is, with a sentence, and nothing waits to go anywhere."""
    with pytest.raises(smtplib.SMTPDataError) as refused:
        answer(world, head, subject)
    assert refused.value.smtp_code == 550
    assert world.box.pillarbox("queue", "list", "--json").strip() == "[]"
    return refused.value.smtp_error


@pytest.mark.parametrize("written,replied", [
    ("<o1@friend.example>", "<o1@friend.example>"),
    ("o2@friend.example", "<o2@friend.example>"),
    ("<o3@friend.example", "<o3@friend.example>"),
    ("o4@friend.example>", "<o4@friend.example>"),
    ("< o5@friend.example >", "<o5@friend.example>"),
    ("< o6@friend.example >", "< o6@friend.example >"),
    ("<o7@friend.example>\r\nMessage-ID: <o8@friend.example>",
     "<o8@friend.example>"),
    ("<o9@friend.example> <o10@friend.example>", "<o10@friend.example>"),
    ("\r\n <o11@friend.example>", "<o11@friend.example>"),
    ("<o12@friend.example> (a comment)", "<o12@friend.example>"),
    ("<no-place-at-all>", "<no-place-at-all>"),
])
def test_reply_to_an_odd_id(world, written, replied):
    """A stranger cannot write one that unmasks the owner."""
    asked(world.box, f"Message-ID: {written}")
    letter = answer(world, f"In-Reply-To: {replied}\n")
    assert email.utils.parseaddr(letter["From"])[1] == "bakery@example.test"


@pytest.mark.parametrize("written,replied", [
    ("X-Nothing: at all", ""),      # the mail program has nothing to name
    ("X-Nothing: at all", "In-Reply-To: <md5:of.it@friend.example>\n"),
    (f"Message-ID: <{'x' * 900}@friend.example>",
     f"In-Reply-To: <{'x' * 900}@friend.example>\n"),
    ("Message-ID: <>", "In-Reply-To: <>\n"),
    ("Message-ID: <seen@friend.example>",
     "References: <never.seen@friend.example>\n"),
])
def test_reply_to_what_cannot_be_known(world, written, replied):
    """It is not sent as the main address, but refused; a tag helps."""
    asked(world.box, written)
    assert b"[sendas:" in is_refused(world, replied)
    letter = answer(world, replied, "[sendas:bakery] Re: a question")
    assert email.utils.parseaddr(letter["From"])[1] == "bakery@example.test"
    assert letter["Subject"] == "Re: a question"


def test_tag_of_a_stranger(world):
    """What he writes into the Subject chooses nothing."""
    asked(world.box, "Message-ID: <t1@friend.example>")
    replied = "In-Reply-To: <t1@friend.example>\n"
    for subject in ("Re: [sendas:shop] a question",
                    "Re: a question [sendas:owner.private]"):
        assert b"5.6.0" in is_refused(world, replied, subject)


def test_name_like_the_main_address(world):
    letter = answer(world, "", "[sendas:shop] Hello", "owner.private")
    assert letter["From"] == "shop@example.test"


def test_envelope_shows_nothing_of_the_client(world):
    """What it says in ENVID and ORCPT is for our own report alone."""
    world.box.fetch()
    domain, envid = "dsn.example", f"1.laptop.private.lan.{OWNER}"
    world.names.mx(domain, (10, f"mx.{domain}", "127.0.5.9"))
    mx = Mx("127.0.5.9", world.box.outside_port, offers=["DSN"], script={
        "MAIL": lambda argument: "250 2.1.0 Fine",
        "RCPT": lambda argument: "550 5.1.1 Nobody here"})
    try:
        world.box.submit(
            [f"a@{domain}"], f"From: <{OWNER}>\nSubject: [sendas:shop] Hi\n"
            "\nHello.\n", sender=OWNER,
            options=["RET=HDRS", f"ENVID={envid}"],
            rcpt_options=["NOTIFY=FAILURE", f"ORCPT=rfc822;{OWNER}"])
        wait_for(lambda: world.box.events("bounced"), "no bounced")
        said = dict(mx.commands)
    finally:
        mx.close()
    assert said["MAIL"].startswith("FROM:<shop@example.test>")
    assert " RET=HDRS" in said["MAIL"] and " ENVID=pb" in said["MAIL"]
    assert said["RCPT"].endswith(
        f" NOTIFY=FAILURE ORCPT=rfc822;a@{domain}")
    for hidden in ("owner.private", "private.lan", world.box.login):
        assert hidden not in repr(mx.commands)
    report, = world.box.fetch()
    assert f"Original-Envelope-Id: {envid}".encode() in report
    assert f"Original-Recipient: rfc822; {OWNER}".encode() in report or \
        f"Original-Recipient: rfc822;{OWNER}".encode() in report
