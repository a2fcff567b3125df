"""A letter's way from the owner's mail program into the box, and out of it to
addresses of ours; what goes to others is in test_outbound.py.
"""

import base64
import poplib
import re
import smtplib
import socket
import subprocess
import time

import pytest

from box import crlf, wait_for

SHOP = "shop@example.test"
GUESS = "nothing like it"
LETTER = """\
From: Me <mailbox@example.test>
To: <friend@second.example>
Date: Mon, 21 Nov 2022 10:00:00 +0000
Subject: {subject}
Message-ID: <a-letter@example.test>

Hello.
"""


def letter(subject="hello", more=""):
    return LETTER.format(subject=subject).replace("\n\n", f"\n{more}\n", 1)


def starttls(box):
    """A client on the port that begins in clear."""
    client = smtplib.SMTP("127.0.0.1", box.submission_port, "laptop.lan")
    client.starttls(context=box.tls)
    client.ehlo()
    return client


def refusal(box, to, text, sender=None):
    """The reply to a letter that is refused."""
    with pytest.raises(smtplib.SMTPDataError) as refused:
        box.submit(to, text, sender)
    return refused.value.smtp_code, refused.value.smtp_error.decode()


def fields(message):
    """Its header as a list of fields, each on a line of its own."""
    head = message.split(b"\r\n\r\n")[0].decode()
    return re.sub(r"\r\n(?=[ \t])", "", head).split("\r\n")


def field(message, name):
    """The one field of that name."""
    (found,) = [line.partition(":")[2].strip() for line in fields(message)
                if line.partition(":")[0].lower() == name.lower()]
    return found


def swaks(box, *words, code=0):
    """Run it against the box as its owner; returns what was said."""
    done = subprocess.run(
        ["swaks", "--server", "127.0.0.1", "--helo", "laptop.lan",
         "--tls-verify", "--tls-ca-path", str(box.certificate),
         "--auth-user", box.login, *[str(word) for word in words]],
        capture_output=True, text=True, timeout=120)
    assert done.returncode == code, (done.stdout[-3000:], done.stderr[-3000:])
    return done.stdout


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("how", ["starttls", "tls-on-connect"])
def test_swaks(empty, how, mechanism):
    port = {"starttls": ("--tls", "--port", empty.submission_port),
            "tls-on-connect": ("--tls-on-connect", "--port",
                               empty.submissions_port)}[how]
    said = swaks(empty, *port, "--auth", mechanism, "--auth-password",
                 empty.app_password, "--from", empty.login, "--to", SHOP,
                 "--header", "Subject: by swaks", "--body", "Hello.")
    assert "235 2.7.0" in said
    (message,) = empty.fetch()
    assert field(message, "Subject") == "by swaks"
    assert field(message, "Delivered-To") == SHOP


def test_smtplib_on_both_ports(empty):
    with starttls(empty) as client:
        client.login(empty.login, empty.app_password)
        client.sendmail(empty.login, SHOP, letter("by STARTTLS"))
    empty.submit(SHOP, letter("by TLS"))
    assert [field(message, "Subject") for message in empty.fetch()] == \
        ["by STARTTLS", "by TLS"]


def test_owner_password(empty):
    with empty.submission(empty.password) as client:
        client.sendmail(empty.login, SHOP, letter())
    assert len(empty.fetch()) == 1


def guess(box):
    """Try a password that is wrong; how long it took to hear so."""
    with starttls(box) as client:
        began = time.monotonic()
        code, said = client.docmd("AUTH PLAIN " + base64.b64encode(
            f"\0{box.login}\0{GUESS}".encode()).decode())
        assert (code, said[:5]) == (535, b"5.7.8")
        return time.monotonic() - began


def test_wrong_password(make_box):
    box = make_box().start()
    assert guess(box) >= 1      # it is told late
    said = swaks(box, "--tls-on-connect", "--port", box.submissions_port,
                 "--auth", "LOGIN", "--auth-password", GUESS, "--from",
                 box.login, "--to", SHOP, code=28)
    assert "535 5.7.8" in said
    assert "service=submission" in box.wait_event("login-refused", 2)
    assert GUESS not in box.log()


def test_failures_count_together(make_box):
    """Whoever guesses at one service guesses at all of them."""
    box = make_box().start()
    assert guess(box) < guess(box)
    began = time.monotonic()
    with pytest.raises(poplib.error_proto):
        box.pop(password=GUESS)
    assert time.monotonic() - began >= 4    # as the third of one service


def test_port_25_has_no_login(box):
    with box.smtp() as client:
        client.starttls(context=box.tls)
        client.ehlo()
        assert not client.has_extn("auth")
        code, said = client.docmd("AUTH PLAIN AGEAYg==")
        assert code in (502, 503), said


def test_nothing_in_clear(box):
    with smtplib.SMTP("127.0.0.1", box.submission_port) as client:
        client.ehlo()
        assert not client.has_extn("auth")
        assert client.docmd("AUTH PLAIN AGEAYg==")[0] == 530
        assert client.docmd(f"MAIL FROM:<{box.login}>")[0] == 530


def test_nothing_without_login(box):
    with starttls(box) as client:
        assert client.docmd(f"MAIL FROM:<{box.login}>")[0] == 530


def test_who_talks_first_is_heard(empty):
    """Only strangers of port 25 have to wait for the greeting."""
    with socket.create_connection(("127.0.0.1", empty.submission_port),
                                  60) as wire:
        wire.sendall(b"EHLO laptop.lan\r\nQUIT\r\n")
        replies = wire.makefile("rb").read().split(b"\r\n")
    assert replies[0].startswith(b"220 ")
    assert replies[-2].startswith(b"221 ")


def test_foreign_sender(box):
    with box.submission() as client:
        code, said = client.mail("me@elsewhere.example")
        assert (code, said[:5]) == (553, b"5.7.1")
        assert client.mail("anything@second.example")[0] == 250
    code, said = refusal(box, SHOP, letter().replace(
        "mailbox@example.test", "me@elsewhere.example"))
    assert (code, said[:5]) == (553, "5.7.1")


def test_listed_sender(make_box):
    box = make_box(submission='senders = ["me@work.example"];').start()
    with box.submission() as client:
        assert client.mail("me@work.example")[0] == 250
        assert client.rset()[0] == 250
        assert client.mail("you@work.example")[0] == 553


def test_from_twice(box):
    twice = letter(more="From: <other@example.test>\n")
    assert refusal(box, SHOP, twice)[0] == 550
    assert box.fetch() == []


def test_nothing_of_the_client_stays(empty):
    empty.submit(SHOP, letter(more="Bcc: secret@example.test\n"
                              "X-Originating-IP: [192.0.2.7]\n"
                              "Received: from [192.168.1.7] by laptop.lan;"
                              " Mon, 21 Nov 2022 10:00:00 +0000\n"))
    (message,) = empty.fetch()
    assert b"laptop.lan" not in message
    assert b"192.0.2.7" not in message and b"192.168.1.7" not in message
    assert b"127.0.0.1" not in message
    assert b"secret@" not in message
    assert "by mx.example.test (pillarbox)" in field(message, "Received")


def test_what_is_missing_is_added(empty):
    empty.submit(SHOP, f"From: {empty.login}\nSubject: bare\n\nx\n")
    (message,) = empty.fetch()
    assert re.fullmatch(r"<[^<>@\s]+@example\.test>",
                        field(message, "Message-ID"))
    assert re.match(r"\w{3}, \d\d? \w{3} \d{4}", field(message, "Date"))


@pytest.mark.parametrize("tag, chosen", [
    ("[sendas:web]", "Me <web@example.test>"),
    ("[SendAs: web+1 ]", "Me <web+1@example.test>"),
    ("[sendas:web@second.example]", "Me <web@second.example>"),
    ("[sendas:The Shop <web>]", "The Shop <web@example.test>"),
])
def test_sendas(empty, tag, chosen):
    empty.submit(SHOP, letter(f"Re: your {tag} order"))
    (message,) = empty.fetch()
    assert field(message, "Subject") == "Re: your order"
    assert field(message, "From").replace('"', "") == chosen
    assert field(message, "Return-Path") in chosen
    assert b"mailbox" not in message and b"sendas" not in message.lower()


@pytest.mark.parametrize("tag", [
    "[sendas:me@elsewhere.example]", "[sendas:]", "[sendas:a b]",
    "[sendas:one] [sendas:two]", "[sendas:one"])
def test_bad_tag(empty, tag):
    code, said = refusal(empty, SHOP, letter(f"Re: {tag} order"))
    assert (code, said[:5]) == (550, "5.6.0")
    assert empty.fetch() == []


def test_own_recipients(make_box):
    box = make_box().start()
    box.pillarbox("address", "refuse", "closed@example.test")
    box.pillarbox("address", "mute", "muted@example.test")
    refused = box.submit([SHOP, "Other@Second.Example", "closed@example.test",
                          "muted@example.test"], letter())
    assert list(refused) == ["closed@example.test"]
    assert refused["closed@example.test"][0] == 550
    (message,) = box.fetch()
    assert [line.lower() for line in fields(message)
            if line.startswith("Delivered-To")] == [
                f"delivered-to: {SHOP}", "delivered-to: other@second.example",
                "delivered-to: muted@example.test"]
    line = box.wait_event("submitted")
    assert "recipients=3" in line and "result=accepted" in line
    assert SHOP not in line


def test_oversize(make_box):
    box = make_box(smtp="size_max = 100000;").start()
    much = letter() + "x" * 70 + "\n"
    with box.submission() as client:
        assert client.docmd(f"MAIL FROM:<{box.login}> SIZE=100001")[0] == 552
        assert client.mail(box.login)[0] == 250
        assert client.rcpt(SHOP)[0] == 250
        assert client.data(much + ("y" * 70 + "\n") * 1500)[0] == 552
    assert box.fetch() == []
    box.submit(SHOP, much + ("y" * 70 + "\n") * 1000)
    assert len(box.fetch()) == 1


def test_eight_bits_in_the_header(empty):
    raw = crlf(letter("Gr\u00fc\u00dfe"))
    with empty.submission() as client:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            client.sendmail(empty.login, SHOP, raw)
        assert 500 <= refused.value.smtp_code < 600
        client.sendmail(empty.login, SHOP, raw, ["SMTPUTF8", "BODY=8BITMIME"])
    (message,) = empty.fetch()
    assert "Gr\u00fc\u00dfe".encode() in message


def test_cut_off_in_the_middle(empty):
    with empty.submission() as client:
        assert client.mail(empty.login)[0] == 250
        assert client.rcpt(SHOP)[0] == 250
        assert client.rcpt("friend@elsewhere.example")[0] == 250
        assert client.docmd("DATA")[0] == 354
        client.sock.sendall(letter().encode() + b"x" * 70 + b"\r\n")
        client.sock.sendall((b"x" * 70 + b"\r\n") * 3000)
        client.sock.close()
        client.sock = client.file = None
    empty.submit(SHOP, letter("the next one"))
    (message,) = empty.fetch()
    assert field(message, "Subject") == "the next one"
    blobs = [path for path in (empty.data / "blob").rglob("*")
             if path.is_file()]
    assert blobs == []


def test_full_house(make_box):
    """Whoever stands around gives way; the owner does not."""
    box = make_box(submission="connections = 3;").start()
    owner = box.submission()
    idlers = []
    for _ in range(6):
        idlers.append(socket.create_connection(
            ("127.0.0.1", box.submission_port), 60))
        assert idlers[-1].recv(1000).startswith(b"220 ")
    assert b"421 4.3.2" in idlers[0].recv(1000)
    assert owner.sendmail(box.login, SHOP, letter()) == {}
    owner.quit()
    for idler in idlers:
        idler.close()
    assert len(box.fetch()) == 1


def test_idle(make_box):
    box = make_box(submission="idle_s = 1;").start()
    with box.submission() as client:
        wire = client.sock
        wire.settimeout(20)
        assert wire.recv(1000).startswith(b"421 4.4.2")


def test_no_tls_with_the_wrong_words(box):
    """What fails of TLS is told in the log."""
    with socket.create_connection(("127.0.0.1", box.submissions_port),
                                  60) as wire:
        wire.sendall(b"EHLO laptop.lan\r\n")
        assert b"250" not in wire.recv(1000)
    wait_for(lambda: box.events("tls-failed"), "no tls-failed")


def test_killed_before_it_is_told(make_box):
    """250 is a promise: what was accepted survives the power going."""
    box = make_box().start()
    box.submit(SHOP, letter())
    box.kill()
    box.start()
    assert len(box.fetch()) == 1


def test_keeper_comes_back(make_box):
    box = make_box().start()
    was = box.kill_role("keeper")
    box.wait_role("keeper", was)
    box.submit(SHOP, letter())
    assert len(box.fetch()) == 1


def test_reload(make_box):
    """A session goes on with what it began with; new ones do not."""
    box = make_box().start()
    with box.submission() as client:
        box.configure(submission='senders = ["@work.example"];')
        box.reload()
        assert client.mail("me@work.example")[0] == 553
    with box.submission() as client:
        assert client.mail("me@work.example")[0] == 250
