"""Measure letters on their way out: from submission to a server that only
counts them, beside Postfix relaying the same.

Each of eight domains has a mail server of its own, 127.0.9.1 and on, all of
them one sink in the load generator. pillarbox finds them by MX, which the
generator's name server tells; Postfix, which asks only the DNS of the whole
machine, is told by transport_maps.
"""

import json
import pathlib
import pwd
import shutil
import subprocess
import sys

import peers

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent
                       / "live"))
from box import Box, wait_for   # noqa: E402

DOMAINS = 8
TOP = "out.example"         # domains are d0.out.example and on
SINK = "127.0.9.1"
SENDER = "shop@example.test"

ROWS = [
    # row, connections, letters of ours, of theirs, options
    ("4 KB, 1 connection", 1, 1500, 1000, {}),
    ("4 KB, 10 connections", 10, 3000, 2000, {}),
    ("4 KB, 50 connections", 50, 3000, 2000, {}),
]


def sink_of(domain):
    """The address of a domain's mail server."""
    first, _, last = SINK.rpartition(".")
    return f"{first}.{int(last) + domain}"


class Pillarbox:
    """Takes letters over STARTTLS and AUTH, and sends them by MX."""

    def __init__(self, folder, binary, signs):
        self.name = "pillarbox, signing" if signs else "pillarbox, unsigned"
        folder.mkdir()
        self.box = Box(folder, program=str(binary), top="",
                       submission="connections = 1000; per_network = 1000;")
        self.options = {"port": self.box.submission_port,
                        "user": self.box.login,
                        "password": self.box.app_password,
                        "sink_port": self.box.outside_port,
                        "dns_port": self.box.dns_port}
        if signs:
            self.box.pillarbox("dkim", "new")

    def start(self):
        self.box.start()

    def pids(self):
        return peers.descendants(self.box.process.pid)

    def wait(self):
        """Until its queue is empty."""
        wait_for(lambda: not json.loads(
            self.box.pillarbox("queue", "list", "--json")), "letters left")

    def stop(self):
        self.box.stop()


MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
""" + "".join(line for line in peers.POSTFIX_MASTER.splitlines(True)
              if " inet " not in line)

MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/state
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.example.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_client_connection_count_limit = 0
smtpd_tls_cert_file = {cert}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = encrypt
transport_maps = texthash:{folder}/transport
default_process_limit = 200
default_destination_concurrency_limit = 100
initial_destination_concurrency = 20
in_flow_delay = 0
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
"""


class Postfix:
    """Takes letters over STARTTLS from our network, and relays them."""

    name = "Postfix"

    def __init__(self, folder, cert, key):
        self.folder = folder
        port, sink_port = peers.free_port(), peers.free_port()
        self.options = {"port": port, "sink_port": sink_port}
        for name in ("spool", "etc", "state"):
            (folder / name).mkdir(parents=True)
        shutil.chown(folder / "state", pwd.getpwnam("postfix").pw_uid)
        words = dict(folder=folder, cert=cert, key=key, port=port)
        (folder / "etc/main.cf").write_text(MAIN.format(**words))
        (folder / "etc/master.cf").write_text(MASTER.format(**words))
        (folder / "transport").write_text("".join(
            f"d{i}.{TOP} smtp:[{sink_of(i)}]:{sink_port}\n"
            for i in range(DOMAINS)))

    def postfix(self, word):
        subprocess.run(["postfix", "-c", str(self.folder / "etc"), word],
                       check=True, stderr=subprocess.DEVNULL)

    def start(self):
        self.postfix("start")
        peers.wait_for(self.options["port"])

    def pids(self):
        return peers.descendants(int(
            (self.folder / "spool/pid/master.pid").read_text()))

    def wait(self):
        peers.postfix_wait(self.folder / "spool")

    def stop(self):
        self.postfix("stop")


class Outgoing:
    """The rows, and what they are measured with (bench.Bench)."""

    def __init__(self, bench):
        self.bench = bench
        self.servers = bench.servers

    def relay(self, server, **options):
        told = self.bench.load(
            "relay", after=server.wait, security="starttls", domain=TOP,
            domains=DOMAINS, sink=SINK, sinks=DOMAINS, **{"from": SENDER},
            **server.options, **options)
        if told["twice"]:
            raise RuntimeError(f"{server.name}: {told['twice']} came twice")
        return told

    def rate(self, row, connections, letters, options):
        for server in self.servers:
            count = letters[server.name == Postfix.name]
            pids = server.pids()
            cpu, written = peers.cpu_seconds(pids), peers.written_bytes(pids)
            told = self.relay(server, connections=connections, messages=count,
                              **options)
            pids = server.pids()
            cpu = peers.cpu_seconds(pids) - cpu
            written = peers.written_bytes(pids) - written
            for what, value in (
                    ("delivered/s", told["per_second"]),
                    ("accepted/s", told["accepted_per_second"]),
                    ("p99 of 250, ms", told["p99_us"] / 1e3),
                    ("CPU us/letter", cpu * 1e6 / count),
                    ("bytes written/letter", written / count),
                    ("questions to the DNS/letter",
                     told["asked"] / count)):
                self.bench.note(f"{row}: {what}", server, value)

    def lone(self, letters):
        """Letters that each find an idle server."""
        for server in self.servers:
            told = self.relay(server, connections=1, messages=letters,
                              lone=20)
            for what, value in (
                    ("250 after MAIL, median, ms", told["p50_us"]),
                    ("arrival after 250, median, ms",
                     told["arrival_p50_us"]),
                    ("arrival after 250, worst, ms",
                     told["arrival_max_us"])):
                self.bench.note(f"lone letter: {what}", server, value / 1e3)

    def memory(self, letters):
        for server in self.servers:
            most = self.bench.peak(server, lambda: self.relay(
                server, connections=10, messages=letters))
            self.bench.note("PSS at most, 10 connections, MB", server, most)

    def syncs(self, connections, letters):
        for server in self.servers:
            calls = self.bench.traced(server, lambda: self.relay(
                server, connections=connections, messages=letters))
            if calls is not None:
                self.bench.note(f"syncs per letter, {connections} "
                                "connections", server, calls / letters)

    def run(self, say):
        for turn in range(self.bench.rounds):
            for row, connections, ours, theirs, options in ROWS:
                say(f"outgoing, round {turn + 1}: {row}")
                self.rate(row, connections, (ours, theirs), options)
            say(f"outgoing, round {turn + 1}: lone letters")
            self.lone(200)
        say("outgoing: memory and syncs")
        self.memory(1000)
        self.syncs(1, 200)
        self.syncs(10, 1000)


def servers(folder, binary):
    """Those that are compared; the peer comes last."""
    signing = Pillarbox(folder / "signing", binary, True)
    return [signing, Pillarbox(folder / "unsigned", binary, False),
            Postfix(folder / "relay", signing.box.certificate,
                    signing.box.data / "tls/key.pem")]
