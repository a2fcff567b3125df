"""What TLS has to prove on the way out: policies (MTA-STS), pins (DANE),
REQUIRETLS, and smart hosts."""

import json
import smtplib

import pytest

from box import Box, crlf, wait_for
from outside import Authority, Mx, Names, Policies

LETTER = """\
From: <shop@example.test>
To: <a@%s>
Subject: a letter

Hello from here.
"""
POLICY = "version: STSv1\r\nmode: %s\r\nmx: %s\r\nmax_age: 86400\r\n"
USER, SECRET = "user@relay.example", "a secret of relays"


class Outside:
    def __init__(self, folder):
        self.authority = Authority(folder)
        self.box = Box(folder, tls=f'roots = "{self.authority.file}";',
                       dns="trust_ad = true;")
        self.names = Names(self.box.dns_port)
        self.open = []
        self.number = 10
        self.relay = None
        self.policies = self.keep(Policies(
            "127.0.2.1", self.box.https_port, self.authority.context(
                "mta-sts.sts.example", "*.sts.example", "*.example",
                *(f"mta-sts.{kind}.example" for kind in
                  ("match", "mismatch", "unnamed", "clear", "testing",
                   "down", "cached", "null", "own")))))
        self.box.start()

    def keep(self, server):
        self.open.append(server)
        return server

    def domain(self, domain, *, names=None, tls=True, **options):
        """A domain with one mail server; names are in its certificate."""
        self.number += 1
        address, host = f"127.0.3.{self.number}", f"mx.{domain}"
        self.names.mx(domain, (10, host, address))
        context = self.authority.context(*(names or [host])) if tls else None
        return self.keep(Mx(address, self.box.outside_port, tls=context,
                            **options))

    def policy(self, domain, mode, mx):
        self.names.put(f"_mta-sts.{domain}", "TXT", '"v=STSv1; id=1;"')
        self.names.put(f"mta-sts.{domain}", "A", "127.0.2.1")
        self.policies.texts[f"mta-sts.{domain}"] = POLICY % (mode, mx)

    def pin(self, domain, *records):
        self.names.put(self.pinned(domain), "TLSA", *records)

    def pinned(self, domain):
        """Where the pins of a mail server are."""
        return f"_{self.box.outside_port}._tcp.mx.{domain}"

    def send(self, domain, options=()):
        with self.box.submission() as client:
            client.sendmail("shop@example.test", [f"a@{domain}"],
                            crlf(LETTER % domain), options)

    def queued(self, domain):
        """The recipient of a domain in the queue, or None."""
        letters = json.loads(self.box.pillarbox("queue", "list", "--json"))
        for letter in letters:
            for one in letter["recipients"]:
                if one["address"] == f"a@{domain}":
                    return one
        return None

    def arrives(self, mx, tls=True):
        wait_for(lambda: mx.letters, "it does not arrive", 20)
        assert mx.letters[0].tls == tls

    def waits(self, domain, mx, why):
        """It is kept in the queue, and says why."""
        wait_for(lambda: (self.queued(domain) or {}).get("attempts"),
                 "no attempt", 20)
        said = self.queued(domain)
        assert said["state"] == "waiting"
        assert why in said["said"], said
        assert not mx.letters
        for letter in json.loads(self.box.pillarbox("queue", "list",
                                                    "--json")):
            if letter["recipients"][0]["address"] == f"a@{domain}":
                self.box.pillarbox("queue", "drop", str(letter["id"]))


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    outside = Outside(tmp_path_factory.mktemp("outside"))
    yield outside
    for server in outside.open:
        server.close()
    outside.names.close()
    outside.box.finish()


# ---- policies ----

def test_policy_that_fits(outside):
    mx = outside.domain("match.example")
    outside.policy("match.example", "enforce", "mx.match.example")
    outside.send("match.example")
    outside.arrives(mx)
    assert "verified=sts" in outside.box.wait_event("carried")


def test_policy_and_a_certificate_of_another_name(outside):
    mx = outside.domain("mismatch.example", names=["other.example"])
    outside.policy("mismatch.example", "enforce", "mx.mismatch.example")
    outside.send("mismatch.example")
    outside.waits("mismatch.example", mx, "certificate")


def test_policy_and_a_certificate_of_the_domain_alone(outside):
    """The policy names the host; who has the domain's name is not it."""
    mx = outside.domain("own.example", names=["own.example"])
    outside.policy("own.example", "enforce", "mx.own.example")
    outside.send("own.example")
    outside.waits("own.example", mx, "certificate")


def test_policy_that_names_another_host(outside):
    mx = outside.domain("unnamed.example")
    outside.policy("unnamed.example", "enforce", "*.unnamed.example.org")
    outside.send("unnamed.example")
    outside.waits("unnamed.example", mx, "polic")


def test_policy_and_no_tls(outside):
    mx = outside.domain("clear.example", tls=False)
    outside.policy("clear.example", "enforce", "mx.clear.example")
    outside.send("clear.example")
    outside.waits("clear.example", mx, "TLS")


def test_policy_in_testing_delivers_all_the_same(outside):
    mx = outside.domain("testing.example", names=["other.example"])
    outside.policy("testing.example", "testing", "mx.testing.example")
    outside.send("testing.example")
    outside.arrives(mx)


def test_policy_that_cannot_be_fetched(outside):
    mx = outside.domain("down.example", names=["other.example"])
    outside.policy("down.example", "enforce", "mx.down.example")
    del outside.policies.texts["mta-sts.down.example"]
    outside.send("down.example")
    outside.arrives(mx)


def test_policy_outlasts_a_restart(outside):
    """It is kept, so that nobody can take it away by being in the way."""
    mx = outside.domain("cached.example")
    outside.policy("cached.example", "enforce", "mx.cached.example")
    outside.send("cached.example")
    outside.arrives(mx)
    outside.box.restart()
    del outside.policies.texts["mta-sts.cached.example"]
    mx.tls = outside.authority.context("other.example")
    outside.names.faults["_mta-sts.cached.example"] = "servfail"
    mx.letters.clear()
    outside.send("cached.example")
    outside.waits("cached.example", mx, "certificate")


# ---- pins ----

@pytest.fixture
def secure(outside):
    outside.names.secure = True
    yield outside
    outside.names.secure = False


@pytest.mark.parametrize("selector,matching",
                         [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)])
def test_pin_that_fits(secure, selector, matching):
    domain = f"pin{selector}{matching}.example"
    mx = secure.domain(domain)
    secure.pin(domain, secure.authority.pin(
        f"mx.{domain}", selector=selector, matching=matching))
    secure.send(domain)
    secure.arrives(mx)
    assert "verified=dane" in secure.box.events("carried")[-1]


def test_pin_of_another_key(secure):
    mx = secure.domain("wrongpin.example")
    secure.pin("wrongpin.example", secure.authority.pin("other.example"))
    secure.send("wrongpin.example")
    secure.waits("wrongpin.example", mx, "TLSA")


def test_pin_and_no_tls(secure):
    mx = secure.domain("pinclear.example", tls=False)
    secure.pin("pinclear.example", secure.authority.pin("other.example"))
    secure.send("pinclear.example")
    secure.waits("pinclear.example", mx, "TLS")


def test_pins_that_cannot_be_asked_for(secure):
    mx = secure.domain("pinfail.example")
    secure.names.faults[secure.pinned("pinfail.example")] = "servfail"
    secure.send("pinfail.example")
    secure.waits("pinfail.example", mx, "")


def test_pin_that_is_not_secure_counts_for_nothing(outside):
    mx = outside.domain("insecure.example")
    outside.pin("insecure.example", outside.authority.pin("other.example"))
    outside.send("insecure.example")
    outside.arrives(mx)


# ---- REQUIRETLS ----

def test_require_tls_goes_where_it_is_understood(secure):
    mx = secure.domain("require.example", offers=["REQUIRETLS"])
    secure.pin("require.example", secure.authority.pin("mx.require.example"))
    secure.send("require.example", ["REQUIRETLS"])
    wait_for(lambda: any(stage == "MAIL" and "REQUIRETLS" in said
                         for stage, said in mx.commands), "no REQUIRETLS")


def test_require_tls_goes_nowhere_else(outside):
    mx = outside.domain("norequire.example", tls=False)
    outside.send("norequire.example", ["REQUIRETLS"])
    wait_for(lambda: outside.queued("norequire.example") is None,
             "it is tried for ever")
    assert not mx.letters
    assert any(b"Status: 5.7.10" in letter for letter in outside.box.fetch())


# ---- smart hosts ----

def relay(outside, names=("relay.example",), secret=SECRET):
    """A smart host that takes one name and password; there is but one."""
    if outside.relay is not None:
        outside.relay.close()
    outside.number += 1
    address = f"127.0.4.{outside.number}"
    outside.names.put("relay.example", "A", address)

    def check(mechanism, login, password):
        return login == USER.encode() and password == secret.encode()

    outside.relay = Mx(address, outside.box.outside_port,
                       tls=outside.authority.context(*names),
                       auth_callback=check, auth_required=True)
    return outside.keep(outside.relay)


def set_relay(outside, *words):
    outside.box.pillarbox(
        "smarthost", "set", f"relay.example:{outside.box.outside_port}",
        "--user", USER, "--password-stdin", *words, input=SECRET + "\n")


def test_smart_host_for_one_domain(outside):
    host = relay(outside)
    set_relay(outside, "--for", "far.example")
    outside.send("far.example")
    outside.arrives(host)
    outside.box.pillarbox("smarthost", "remove", "--for", "far.example")


def test_smart_host_for_all(outside):
    host = relay(outside)
    set_relay(outside)
    with outside.box.submission() as client:
        client.sendmail("shop@example.test", ["a@one.example",
                                              "b@two.example"],
                        crlf(LETTER % "one.example"))
    outside.arrives(host)
    assert sorted(host.letters[0].recipients) == ["a@one.example",
                                                  "b@two.example"]
    outside.box.pillarbox("smarthost", "remove")


def test_smart_host_with_another_name(outside):
    host = relay(outside, names=("other.example",))
    set_relay(outside)
    outside.send("three.example")
    outside.waits("three.example", host, "certificate")
    outside.box.pillarbox("smarthost", "remove")


def test_smart_host_that_refuses_the_password(outside):
    """All is held, its owner hears of it once, and it goes on when that is
    mended."""
    outside.box.fetch()
    host = relay(outside, secret="another one")
    set_relay(outside)
    for domain in ("four.example", "five.example"):
        outside.send(domain)
        wait_for(lambda: (outside.queued(domain) or {}).get("state") ==
                 "held", "it is not held")
    letters = wait_for(lambda: outside.box.fetch(delete=False), "no word")
    assert len(letters) == 1
    assert b"refused the name or the password" in letters[0]
    assert SECRET.encode() not in letters[0]
    outside.box.fetch()
    host = relay(outside)
    set_relay(outside)
    wait_for(lambda: len(host.letters) == 2, "it does not go on")
    assert not outside.box.fetch()
    outside.box.pillarbox("smarthost", "remove")
    assert SECRET not in outside.box.log()


def test_port_25_offers_no_login(outside):
    with outside.box.smtp() as client:
        client.starttls(context=outside.box.tls)
        client.ehlo()
        assert not client.has_extn("auth")
        with pytest.raises(smtplib.SMTPException):
            client.login(outside.box.login, outside.box.password)
