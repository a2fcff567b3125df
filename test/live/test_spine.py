"""A letter's way, from a sender's socket to a POP3 client."""

import os
import poplib
import re
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import time

import pytest


def header(message):
    return message.split(b"\r\n\r\n")[0].decode()


def test_letter_to_never_seen_address(empty):
    text = "Subject: first\r\n\r\nHello.\r\n.a dot\r\n..two\r\n"
    assert empty.send("never-seen@example.test", text) == {}
    (message,) = empty.fetch()
    head, body = message.decode().split("Subject: first\r\n")
    assert body == "\r\nHello.\r\n.a dot\r\n..two\r\n"
    lines = re.sub(r"\r\n[ \t]+", " ", head).splitlines()
    assert lines[0] == "Return-Path: <sender@sender.example>"
    assert lines[1] == "Delivered-To: never-seen@example.test"
    assert re.fullmatch(
        r"Received: from client\.example \(\[127\.0\.0\.1\]\) "
        r"by mx\.example\.test \(pillarbox\) with ESMTP id [0-9a-f]{16} "
        r"for <never-seen@example\.test>; \w{3}, \d\d? \w{3} \d{4} "
        r"\d\d:\d\d:\d\d \+0000", lines[2]), lines[2]
    assert len(lines) == 3
    names = [line.split()[0]
             for line in empty.pillarbox("address", "list").splitlines()]
    assert "never-seen@example.test" in str(names)


def test_many_recipients_one_message(empty):
    to = ["One@Example.Test", "two@second.example", "t+ag@example.test"]
    empty.send(to, "Subject: for three\r\n\r\nx\r\n")
    (message,) = empty.fetch()
    assert [line for line in header(message).split("\r\n")
            if line.startswith("Delivered-To:")] == [
                "Delivered-To: " + address for address in to]
    assert " for <" not in header(message)


def test_null_sender_and_postmaster(empty):
    with empty.smtp() as client:
        assert client.mail("")[0] == 250
        assert client.docmd("RCPT TO:<postmaster>")[0] == 250
        assert client.data("Subject: bounce\r\n\r\nx\r\n")[0] == 250
    (message,) = empty.fetch()
    assert header(message).startswith("Return-Path: <>\r\n"
                                      "Delivered-To: postmaster@example.test")


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_starttls(empty, version):
    context = ssl.create_default_context(cafile=empty.data / "tls/cert.pem")
    context.check_hostname = False
    context.minimum_version = context.maximum_version = \
        ssl.TLSVersion[version]
    with empty.smtp() as client:
        assert client.has_extn("starttls")
        client.starttls(context=context)
        client.ehlo()
        assert not client.has_extn("starttls")
        assert client.sock.version() == version.replace("_", ".")
        cipher = client.sock.cipher()[0]
        client.sendmail("a@sender.example", "tls@example.test",
                        "Subject: sealed\r\n\r\nx\r\n")
    (message,) = empty.fetch()
    received = re.sub(r"\s+", " ", header(message))
    assert f"(using {version.replace('_', '.')} with cipher " in received
    assert "with ESMTPS id " in received
    if version == "TLSv1_3":
        assert cipher in received


@pytest.mark.parametrize("by_chunks", [False, True])
def test_large_message(empty, by_chunks):
    line = bytes(range(33, 97)).replace(b".", b"-") + b"\r\n"
    text = b"Subject: large\r\n\r\n" + line * (25_000_000 // len(line))
    with empty.smtp() as client:
        client.mail("a@sender.example", [f"SIZE={len(text)}"])
        client.rcpt("large@example.test")
        if by_chunks:
            for at in range(0, len(text), 1_000_000):
                chunk = text[at:at + 1_000_000]
                client.send(f"BDAT {len(chunk)}\r\n".encode() + chunk)
                assert client.getreply()[0] == 250
            assert client.docmd("BDAT 0 LAST")[0] == 250
        else:
            assert client.data(text)[0] == 250
    (message,) = empty.fetch()
    assert message.endswith(text)


def test_large_letters_that_end_together(empty):
    """They are made durable by calls that one alone does not need."""
    clients = [empty.smtp() for _ in range(6)]
    for client in clients:
        client.mail("a@sender.example")
        client.rcpt("large@example.test")
        client.docmd("DATA")
        client.send(b"Subject: large\r\n\r\n" + b"a line\r\n" * 12_000)
    keeper = empty.pids()["keeper"]
    os.kill(keeper, signal.SIGSTOP)
    for client in clients:
        client.send(b".\r\n")
    time.sleep(0.5)     # what is said now waits for one turn
    os.kill(keeper, signal.SIGCONT)
    assert [client.getreply()[0] for client in clients] == [250] * 6
    for client in clients:
        client.close()
    assert len(empty.fetch()) == 6


def test_size_is_what_is_sent(empty):
    empty.send("a@example.test", "Subject: sizes\r\n\r\n.\r\n..\r\nend")
    client = empty.pop()
    lines = client.retr(1)[1]
    size = sum(len(line) + 2 for line in lines)
    assert client.stat() == (1, size)
    assert client.list()[1] == [f"1 {size}".encode()]
    client.quit()


def test_own_sender_and_relay_are_refused(empty):
    with empty.smtp() as client:
        assert client.mail("x@second.example")[0] == 550
        assert client.mail("x@sender.example")[0] == 250
        code, why = client.rcpt("someone@elsewhere.example")
        assert code == 550 and why.startswith(b"5.7.1")
        assert client.rcpt("x@sub.example.test")[0] == 550


def test_address_states_act_at_once(empty):
    with empty.smtp() as client:
        client.mail("a@sender.example")
        assert client.rcpt("shop@example.test")[0] == 250
        empty.pillarbox("address", "refuse", "Shop@example.test")
        client.rset()
        client.mail("a@sender.example")
        code, why = client.rcpt("SHOP@example.test")
        assert code == 550 and why.startswith(b"5.1.1")
        assert client.rcpt("other@example.test")[0] == 250
        empty.pillarbox("address", "mute", "shop@example.test")
        assert client.rcpt("shop@example.test")[0] == 250
        assert client.data("Subject: to both\r\n\r\nx\r\n")[0] == 250
        client.mail("a@sender.example")
        assert client.rcpt("shop@example.test")[0] == 250
        assert client.data("Subject: muted\r\n\r\nx\r\n")[0] == 250
    (message,) = empty.fetch()
    assert b"Subject: to both" in message
    empty.pillarbox("address", "open", "shop@example.test")
    empty.send("shop@example.test", "Subject: open again\r\n\r\nx\r\n")
    (message,) = empty.fetch()
    assert b"Subject: open again" in message


def test_uidl_outlives_restarts(make_box):
    box = make_box().start()
    for n in range(3):
        box.send(f"n{n}@example.test", f"Subject: {n}\r\n\r\nx\r\n")
    client = box.pop()
    before = client.uidl()[1]
    client.dele(2)
    client.quit()
    box.restart()
    box.send("n4@example.test", "Subject: 4\r\n\r\nx\r\n")
    client = box.pop()
    after = [line.split()[1] for line in client.uidl()[1]]
    client.quit()
    before = [line.split()[1] for line in before]
    assert after[:2] == [before[0], before[2]]
    assert len(set(after + before)) == 4
    box.kill()
    box.start()
    client = box.pop()
    assert [line.split()[1] for line in client.uidl()[1]] == after
    client.quit()


def test_only_quit_deletes(empty):
    empty.send("a@example.test")
    client = empty.pop()
    client.dele(1)
    client.close()
    client = empty.pop()
    assert client.stat()[0] == 1
    client.dele(1)
    client.rset()
    client.quit()
    assert len(empty.fetch()) == 1
    assert empty.fetch() == []


def test_sessions_keep_their_snapshot(empty):
    for n in range(3):
        empty.send("a@example.test", f"Subject: {n}\r\n\r\n{n}\r\n")
    first = empty.pop()
    second = empty.pop()
    second.dele(2)
    second.quit()
    empty.send("late@example.test", "Subject: late\r\n\r\nx\r\n")
    time.sleep(0.6)     # longer than housekeeping waits
    assert first.stat()[0] == 3
    assert b"Subject: 1" in first.retr(2)[1]
    first.dele(2)
    first.dele(3)
    first.quit()
    assert [re.search(rb"Subject: (\w+)", message)[1]
            for message in empty.fetch()] == [b"0", b"late"]


def test_logins(make_box):
    box = make_box().start()
    box.send("a@example.test")
    for name in ("mailbox", "MailBox@Second.Example", "mailbox@example.test"):
        client = box.pop(user=name)
        assert client.stat()[0] == 1
        client.close()
    said = box.pillarbox("app-password", "add", "--password-stdin",
                           "phone", input=box.password + "\n")
    secret = re.search(r"\b([a-z2-7]{4,}(?:-[a-z2-7]+){3,})\b", said)[1]
    client = box.pop(password=secret)
    assert client.stat()[0] == 1
    client.close()
    box.restart()
    listed = box.pillarbox("app-password", "list", "--json")
    assert '"last_used":null' not in re.sub(r"\s", "", listed)
    box.pillarbox("app-password", "remove", "phone")
    with pytest.raises(poplib.error_proto, match=r"\[AUTH\]"):
        box.pop(password=secret, source="127.0.8.1")
    with pytest.raises(poplib.error_proto, match=r"\[AUTH\]"):
        box.pop(password=box.recovery_key, source="127.0.9.1")


def test_no_password_without_tls(empty):
    client = poplib.POP3("127.0.0.1", empty.pop3_port, timeout=20)
    with pytest.raises(poplib.error_proto, match="TLS"):
        client.user(empty.login)
    client.stls(empty.tls)
    client.user(empty.login)
    assert client.pass_(empty.password).startswith(b"+OK")
    client.quit()


def test_guessing_is_slowed_but_the_owner_gets_in(make_box):
    box = make_box().start()
    took = []
    for name in ("mailbox@example.test", "nobody@example.test"):
        began = time.monotonic()
        with pytest.raises(poplib.error_proto, match=r"\[AUTH\]"):
            box.pop(user=name, password="wrong", source="127.0.7.7")
        took.append(time.monotonic() - began)
    assert took[0] >= 1 and took[1] >= 2
    began = time.monotonic()
    box.pop().quit()    # from another network
    assert time.monotonic() - began < took[1]
    box.pop(source="127.0.7.7").quit()
    began = time.monotonic()
    with pytest.raises(poplib.error_proto, match=r"\[AUTH\]"):
        box.pop(password="wrong", source="127.0.7.7")
    assert time.monotonic() - began < took[1]     # forgiven


def test_planted_words_are_nowhere(make_box):
    box = make_box().start()
    words = [b"plantedsubject", b"plantedbody", b"plantedsender",
             b"plantedname"]
    text = (b"From: plantedname <x@sender.example>\r\n"
            b"Subject: plantedsubject\r\n\r\nplantedbody\r\n")
    for to, size in (("small@example.test", 0), ("large@example.test", 3000)):
        box.send(to, text + b"plantedbody in a long letter\r\n" * size,
                 sender="plantedsender@sender.example")
    copy = box.folder / "copy"
    shutil.copytree(box.data, copy)
    box.kill()
    for folder in (copy, box.data):
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert any(path.parent.name == "blob" for path in files)
        for path in files:
            data = path.read_bytes().lower()
            for word in words:
                assert word not in data, (path, word)
                assert word.decode().encode("utf-16-le") not in data
    box.start()
    assert len(box.fetch()) == 2


def test_early_talker_is_turned_away(make_box):
    box = make_box(smtp="greet_delay_ms = 300;").start()
    with socket.create_connection(("127.0.0.1", box.smtp_port), 20) as s:
        s.sendall(b"EHLO hasty.example\r\n")
        said = s.makefile("rb").read()
    assert said.startswith(b"554 5.5.0 ") and said.count(b"\r\n") == 1
    assert box.send("a@example.test") == {}


def test_client_that_shuts_its_side_hears_its_replies(empty):
    with socket.create_connection(("127.0.0.1", empty.smtp_port), 20) as s:
        s.recv(100)
        s.sendall(b"EHLO c.example\r\nMAIL FROM:<a@sender.example>\r\n"
                  b"RCPT TO:<b@example.test>\r\nDATA\r\n"
                  b"Subject: in one breath\r\n\r\nx\r\n.\r\nQUIT\r\n")
        s.shutdown(socket.SHUT_WR)
        said = s.makefile("rb").read()
    assert b"\r\n250 2.0.0 Stored as " in said
    assert said.endswith(b"221 2.0.0 Bye\r\n")
    assert len(empty.fetch()) == 1


def test_smtplib_is_told_of_each_refusal(empty):
    empty.pillarbox("address", "refuse", "closed@example.test")
    refused = empty.send(["open@example.test", "closed@example.test"])
    assert list(refused) == ["closed@example.test"]
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        empty.send("closed@example.test")
    assert len(empty.fetch()) == 1


def test_an_import_that_waits_holds_nobody_up(empty, tmp_path):
    """It reads a pipe that goes on when the letters are through."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = subprocess.Popen(
        [empty.program, "import", "-c", str(empty.config), str(pipe)])
    with open(pipe, "wb", buffering=0) as slow:
        for name in (b"one", b"two"):
            slow.write(b"From a@b Thu Jan  1 00:00:00 2026\nSubject: " +
                       name + b"\n\n" + b"text\n" * 30000 + b"\n")
        began = time.monotonic()
        for number in range(3):
            empty.send("a@example.test", f"Subject: {number}\r\n\r\nx\r\n")
        assert time.monotonic() - began < 3
    assert command.wait(60) == 0
    assert len(empty.fetch()) == 5
