"""What the courier makes of mail servers and name servers that misbehave:
each case is a domain of its own, all are written to at once, and what is put
off is tried once more."""

import contextlib
import email
import json
import re
import socket
import threading
import time

import pytest

from box import Box, crlf, wait_for
from outside import DROP, HANG, RESET, Authority, Mx, Names

LATER = "deferred"
BACK = "bounced"
HERE = "delivered"

TEXT = """\
From: <shop@example.test>
To: <%s>
Subject: case %s

Hello from here.
"""
EIGHT = """\
From: <shop@example.test>
To: <%s>
Subject: case %s
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Grüße, so weit die Füße tragen.
"""


class Case:
    """A domain with mail servers that follow a script.

    servers  a list of scripts, one per mail server by preference; None is one
             that nobody listens at
    first    what the first attempt comes to, for each recipient
    then     the same for the second, where the first was LATER
    status   what the report says of those that came back
    copies   how many letters arrive in the end
    """

    def __init__(self, servers=({},), first=(HERE,), then=(), status="",
                 copies=None, users=("a",), text=TEXT, options=(), **server):
        self.servers, self.first, self.then = servers, first, then
        self.status, self.users, self.text = status, users, text
        self.options, self.server = options, server
        self.copies = copies
        if copies is None:
            self.copies = 1 if HERE in (*first, *then) else 0


def later(stage, said, **more):
    """A case of one fault that has passed when it is tried again."""
    return Case(({stage: [said]},), (LATER,), (HERE,), **more)


def back(stage, said, status, **more):
    """A case of a fault for good."""
    return Case(({stage: lambda _: said},), (BACK,), status=status, **more)


def one_user(word):
    """A script for RCPT that says this of the user b alone, once."""
    said = [word]

    def judge(argument):
        return said.pop() if "<b@" in argument and said else None
    return judge


def a_few(most):
    """A script that takes so many recipients of a letter."""
    count = [0]

    def mail(_):
        count[0] = 0

    def judge(_):
        count[0] += 1
        return "452 4.5.3 Too many recipients" if count[0] > most else None
    return {"MAIL": mail, "RCPT": judge}


CASES = {
    # the greeting
    "greets-554": Case(({"GREETING": lambda _: "554 5.3.2 No"}, {})),
    "greets-554-alone": later("GREETING", "554 5.3.2 Not today"),
    "greets-421": later("GREETING", "421 4.3.2 Busy"),
    "greets-nonsense": later("GREETING", "\x01\x02 what"),
    "says-all-at-once": later(
        "GREETING", "220 hi\r\n250-hi\r\n250 STARTTLS\r\n220 go"),
    "drops-at-greeting": later("GREETING", DROP),
    "resets-at-greeting": later("GREETING", RESET),
    "first-dead": Case((None, {})),
    "all-dead": Case((None, None), (LATER,), (LATER,)),
    # EHLO
    "no-ehlo": Case(({"EHLO": ["502 5.5.1 What?"]},)),
    "ehlo-drops": later("EHLO", DROP),
    "ehlo-and-helo-550": Case(({"EHLO": ["550 5.7.1 Go away"],
                                "HELO": ["550 5.7.1 Go away"]},),
                              (LATER,), (HERE,)),
    "ehlo-of-two-minds": later("EHLO", "250-mx.example\r\n550 No"),
    "ehlo-endless-line": later("EHLO", "250 " + "x" * 9000),
    # TLS
    "starttls-454": Case(({"STARTTLS": ["454 4.7.0 Not now"]},), tls=True),
    "starttls-drops": Case(({"STARTTLS": [DROP]},), tls=True),
    "starttls-garbage": Case(({"STARTTLS": ["220 Go\r\nno TLS at all"]},),
                             tls=True),
    "expired-certificate": Case(tls="expired"),
    "other-name": Case(tls="other"),
    # MAIL
    "mail-451": later("MAIL", "451 4.3.0 Later"),
    "mail-553": back("MAIL", "553 5.7.1 Not you", "5.7.1"),
    "mail-drops": later("MAIL", DROP),
    # RCPT
    "rcpt-450": later("RCPT", "450 4.2.0 Greylisted"),
    "rcpt-550": back("RCPT", "550 5.1.1 Nobody here", "5.1.1"),
    "rcpt-550-of-one": Case(({"RCPT": one_user("550 5.1.1 Who?")},),
                            (HERE, BACK), status="5.1.1", users=("a", "b")),
    "rcpt-450-of-one": Case(({"RCPT": one_user("450 4.2.1 Greylisted")},),
                            (HERE, LATER), (HERE,), users=("a", "b"),
                            copies=2),
    "rcpt-421": later("RCPT", "421 4.3.2 Shutting down"),
    "rcpt-code-777": later("RCPT", "777 Lucky"),
    "rcpt-three-at-once": Case((a_few(3),), (HERE,) * 10, copies=4,
                               users=tuple("abcdefghij")),
    # DATA and its end
    "data-451": later("DATA", "451 4.3.0 Later"),
    "data-554": back("DATA", "554 5.6.0 No valid recipients", "5.6.0"),
    "data-drops": later("DATA", DROP),
    "end-452": later("END", "452 4.3.1 No room"),
    "end-554": back("END", "554 5.7.1 Spam", "5.7.1"),
    "end-drops": later("END", DROP),
    "end-resets": later("END", RESET),
    "quit-drops": Case(({"QUIT": [DROP]},)),
    "hangs-then-closes": Case(({"END": lambda _: HANG},), (LATER,), (HERE,)),
    # what it can do
    "too-small": Case(first=(BACK,), status="5.3.4", data_size_limit=100),
    "seven-bits": Case(text=EIGHT, hides={"8BITMIME", "SMTPUTF8"}),
    "eight-bits": Case(text=EIGHT),
    "no-utf8-names": Case(first=(BACK,), status="5.6.7", users=("grüße",),
                          options=("SMTPUTF8",), enable_SMTPUTF8=False),
    # names
    "null-mx": Case((), (BACK,), status="5.1.10"),
    "no-such-domain": Case((), (BACK,), status="5.1.2"),
    "servfail": Case(first=(LATER,), then=(HERE,)),
    "truncated": Case(),
    "no-mx-but-address": Case(),
    "first-without-address": Case((None, {})),
    "ourselves": Case((), (BACK,), status="5.4.6"),
    "ourselves-second": Case((None,), (LATER,), (LATER,)),
}


class World:
    def __init__(self, folder):
        self.authority = Authority(folder)
        self.box = Box(folder, tls=f'roots = "{self.authority.file}";')
        self.names = Names(self.box.dns_port)
        self.servers = {}
        for number, (name, case) in enumerate(CASES.items()):
            self.arrange(number, name, case)
        self.box.start()

    def context(self, kind, host):
        if kind == "expired":
            return self.authority.context(host, days=-1)
        if kind == "other":
            return self.authority.context("other.example")
        return self.authority.context(host)

    def arrange(self, number, name, case):
        domain, hosts = f"{name}.example", []
        self.servers[name] = []
        for n, script in enumerate(case.servers):
            host, address = f"mx{n}.{domain}", f"127.0.{number + 10}.{n + 1}"
            hosts.append((10 * (n + 1), host, address))
            if script is None:
                continue
            options = dict(case.server)
            if "tls" in options:
                options["tls"] = self.context(options["tls"], host)
            script = {stage: list(steps) if isinstance(steps, list) else steps
                      for stage, steps in script.items()}
            self.servers[name].append(Mx(address, self.box.outside_port,
                                         script=script, **options))
        if hosts:
            self.names.mx(domain, *hosts)
        self.twist(name, domain, hosts)

    def twist(self, name, domain, hosts):
        """What is special about the names of a case."""
        if name in ("servfail", "truncated"):
            self.names.faults[domain, "MX"] = name
        elif name == "null-mx":
            self.names.put(domain, "MX", "0 .")
        elif name == "no-mx-but-address":
            del self.names.zone[domain, "MX"]
            self.names.put(domain, "A", hosts[0][2])
        elif name == "first-without-address":
            del self.names.zone[hosts[0][1], "A"]
        elif name == "ourselves":
            self.names.mx(domain, (10, "mx.example.test", "127.0.0.1"))
        elif name == "ourselves-second":
            self.names.mx(domain, hosts[0], (20, "mx.example.test",
                                             "127.0.0.1"))

    def queue(self):
        """The recipients in the queue, by address."""
        letters = json.loads(self.box.pillarbox("queue", "list", "--json"))
        return {one["address"]: one for letter in letters
                for one in letter["recipients"]}

    def states(self):
        """What has become of each case: a count of attempts, or arrivals."""
        queue = self.queue()
        return {name: [queue.get(f"{user}@{name}.example")
                       for user in case.users]
                for name, case in CASES.items()}

    def settle(self, attempts):
        """Wait until all that is left has had so many attempts."""
        wait_for(lambda: all(one is None or one["attempts"] >= attempts
                             for states in self.states().values()
                             for one in states),
                 f"no {attempts} attempts of all: {self.queue()}", 150)

    def close(self):
        for servers in self.servers.values():
            for server in servers:
                server.close()
        self.names.close()
        self.box.finish()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """All cases, after two attempts: what was left in the queue after the
    first, after the second, and the reports that came back."""
    world = World(tmp_path_factory.mktemp("world"))
    slow = world.servers["hangs-then-closes"][0]
    with world.box.submission() as client:
        for name, case in CASES.items():
            to = [f"{user}@{name}.example" for user in case.users]
            client.sendmail("shop@example.test", to,
                            crlf(case.text % (to[0], name)),
                            case.options)
    # What hangs keeps nobody else.
    wait_for(lambda: ("DATA", None) in slow.commands, "no DATA")
    wait_for(lambda: all(one["attempts"] or "hangs" in address
                         for address, one in world.queue().items()),
             "others are kept waiting", 150)
    slow.close()
    world.settle(1)
    world.after_first = world.states()
    world.servers["hangs-then-closes"] = [Mx(slow.address, slow.port)]
    world.names.faults.clear()
    world.box.pillarbox("queue", "retry")
    world.settle(2)
    world.after_second = world.states()
    time.sleep(0.5)
    world.reports = [email.message_from_bytes(letter)
                     for letter in world.box.fetch()]
    yield world
    world.close()


def report_of(world, address):
    """The fields of the report about an address, if there is one."""
    for report in world.reports:
        for part in report.walk():
            if part.get_content_type() == "message/delivery-status":
                for block in part.get_payload():
                    said = block.get("Final-Recipient", "")
                    if said.partition(";")[2].strip() == address:
                        return block
    return None


@pytest.mark.parametrize("name", CASES)
def test_case(world, name):
    case = CASES[name]
    first = world.after_first[name]
    for want, left in zip(case.first, first, strict=True):
        assert (left is not None) == (want == LATER), (name, first)
    second = [left for left in world.after_second[name] if left is not None]
    assert len(second) == list(case.then).count(LATER), second
    letters = [letter for server in world.servers[name]
               for letter in server.letters]
    assert len(letters) == case.copies, (name, letters)
    assert all(b"Hello from here" in letter.data or
               b"Gr" in letter.data for letter in letters)
    for want, user in zip(case.first, case.users, strict=True):
        if want == LATER or not user.isascii():
            continue
        report = report_of(world, f"{user}@{name}.example")
        assert (report is not None) == (want == BACK), (name, report)
        if report is not None:
            assert report["Status"] == case.status
            assert report["Action"] == "failed"


def test_garbage_for_an_answer(world):
    """By itself: it may cost other questions their answer as well, which are
    asked again by and by."""
    domain, mx = "mail-451.example", world.servers["mail-451"][0]
    world.names.faults[domain, "MX"] = "garbage"
    before = len(mx.letters)
    world.box.submit([f"a@{domain}"], TEXT % (f"a@{domain}", "garbage"),
                     sender="shop@example.test")
    wait_for(lambda: world.queue().get(f"a@{domain}", {}).get("attempts"),
             "no attempt")
    assert world.queue()[f"a@{domain}"]["state"] == "waiting"
    world.names.faults.clear()
    world.box.pillarbox("queue", "retry")
    wait_for(lambda: len(mx.letters) > before, "it does not arrive")
    mx.letters.pop()


def test_drip_behind_quit(world):
    """A server gets ten seconds to answer QUIT, however it spends them."""
    address = "127.0.2.254"
    world.names.mx("drip.example", (10, "mx.drip.example", address))
    gone = []
    with socket.create_server((address, world.box.outside_port)) as door:
        threading.Thread(target=drip, args=(door, gone)).start()
        with world.box.submission() as client:
            client.sendmail("shop@example.test", ["a@drip.example"],
                            crlf(TEXT % ("a@drip.example", "drip")))
        wait_for(lambda: gone, "it stays for ever", 40)
    # ten seconds to wait for another letter, ten for the answer
    assert gone[0] < 25


def drip(door, gone):
    """Take a letter; answer QUIT with a line a second, for ever."""
    peer = door.accept()[0]
    lines = peer.makefile("rb")
    peer.sendall(b"220 hi\r\n")
    while not (line := lines.readline()).startswith(b"QUIT"):
        if line.startswith(b"DATA"):
            peer.sendall(b"354 go\r\n")
            while lines.readline() != b".\r\n":
                pass
            since = time.monotonic()
        peer.sendall(b"250 ok\r\n")
    with contextlib.suppress(OSError):
        while True:
            peer.sendall(b"2")
            time.sleep(1)
    gone.append(time.monotonic() - since)
    peer.close()


def test_each_recipient_gets_one_copy(world):
    """Nobody twice, but where the answer was never heard."""
    for name, servers in world.servers.items():
        took = [to for server in servers for letter in server.letters
                for to in letter.recipients]
        assert len(took) == len(set(took)), (name, took)


def test_tls_where_there_is_some(world):
    for name in ("expired-certificate", "other-name"):
        assert world.servers[name][0].letters[0].tls
    for name in ("starttls-454", "starttls-drops", "starttls-garbage"):
        assert not world.servers[name][0].letters[0].tls


def test_seven_bits_for_those_who_know_no_more(world):
    data = world.servers["seven-bits"][0].letters[0].data
    assert data.isascii()
    message = email.message_from_bytes(data)
    assert message["Content-Transfer-Encoding"] == "quoted-printable"
    assert message.get_payload(decode=True).decode() == \
        EIGHT.partition("\n\n")[2].replace("\n", "\r\n")


def test_utf8_names_come_back(world):
    text = "".join(report.as_string() for report in world.reports)
    assert "5.6.7" in text


def test_reports_are_reports(world):
    assert world.reports
    for report in world.reports:
        assert report["Return-Path"] == "<>"
        assert report.get_content_type() == "multipart/report"
        assert "Hello from here" not in report.as_string()


def test_log_tells_no_address(world):
    log = world.box.log()
    assert not re.search(r"\b[a-j]@[a-z0-9-]+\.example", log)
    assert "@no-such-domain.example" not in log
