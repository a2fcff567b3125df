"""The servers under comparison, each started in a folder of its own.

Every server offers the same: start(), stop(), ports, a login, the process ids
that do its work, and how many messages its mailbox holds.
"""

import json
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent
                       / "live"))
from box import Box     # noqa: E402

DOMAIN = "example.test"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, seconds=20):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as s:
                if s.recv(1):
                    return
        except OSError:
            pass
        time.sleep(0.005)
    raise RuntimeError(f"nothing answers on port {port}")


def descendants(pid):
    """The process and everything below it that lives."""
    children = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parent = int(stat.rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(entry.name))
    found, left = [], [pid]
    while left:
        found.append(left.pop())
        left += children.get(found[-1], [])
    return found


def cpu_seconds(pids):
    """Time used so far, that of children that have ended included."""
    ticks = 0
    for pid in pids:
        try:
            stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            continue
        ticks += sum(int(t) for t in stat.rpartition(")")[2].split()[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def pss_bytes(pids):
    total = 0
    for pid in pids:
        try:
            rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        for line in rollup.splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def written_bytes(pids):
    """Bytes the processes have caused to be written to storage."""
    total = 0
    for pid in pids:
        try:
            io = pathlib.Path(f"/proc/{pid}/io").read_text()
        except OSError:
            continue
        fields = dict(line.split(": ") for line in io.splitlines())
        total += int(fields["write_bytes"])
    return total


def folder_bytes(folder):
    """What a folder takes on storage, as allocated."""
    return sum(os.lstat(os.path.join(root, name)).st_blocks * 512
               for root, _, names in os.walk(folder) for name in names)


class Pillarbox:
    name = "pillarbox"

    def __init__(self, folder, binary):
        many = "connections = 1000; per_network = 1000;"
        self.box = Box(folder, program=str(binary), top="", smtp=many,
                       pop3=many)
        self.smtp, self.pop3s = self.box.smtp_port, self.box.pop3s_port
        self.user, self.password = self.box.login, self.box.app_password
        self.certificate = self.box.certificate
        self.key = self.box.data / "tls/key.pem"

    def start(self):
        begun = time.monotonic()
        self.box.start()
        return time.monotonic() - begun

    def pids(self):
        return descendants(self.box.process.pid)

    def stored(self):
        told = self.box.pillarbox("status", "--json")
        return json.loads(told)["messages"]

    def storage(self):
        return folder_bytes(self.box.data)

    def stop(self):
        self.box.stop()


POSTFIX_MASTER = """\
127.0.0.1:{smtp} inet n - n - 200 smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

POSTFIX_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/postfix-data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.{domain}
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
virtual_mailbox_domains = {domain}
virtual_alias_maps = regexp:{folder}/alias
virtual_transport = lmtp:unix:{folder}/lmtp
smtpd_relay_restrictions = reject_unauth_destination
smtpd_client_connection_count_limit = 0
smtpd_tls_cert_file = {cert}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = may
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}
"""

DOVECOT = """\
base_dir = {folder}/dovecot-run
log_path = {folder}/dovecot.log
protocols = pop3 lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
disable_plaintext_auth = no
first_valid_uid = 1
mail_max_userip_connections = 1000
mail_location = {format}:{folder}/mail
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
service lmtp {{
  unix_listener {folder}/lmtp {{
    mode = 0666
  }}
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={folder}/home
}}
"""


def postfix_wait(spool):
    """Wait until the queue is empty."""
    queue = ("active", "incoming", "deferred", "maildrop")
    until = time.monotonic() + 120
    while any(names for part in queue for _, _, names
              in os.walk(spool / part)):
        if time.monotonic() > until:
            raise RuntimeError("letters are left in Postfix's queue")
        time.sleep(0.002)


class PostfixDovecot:
    name = "postfix+dovecot"

    def __init__(self, folder, cert, key, mail_format="sdbox"):
        self.folder = pathlib.Path(folder)
        self.cert, self.key = str(cert), str(key)
        self.format = mail_format
        self.smtp, self.pop3, self.pop3s = (free_port() for _ in range(3))
        self.user = f"mailbox@{DOMAIN}"
        self.password = "bench"
        self.dovecot = None
        self.make()

    def make(self):
        self.folder.chmod(0o755)
        mail = pwd.getpwnam("mail")
        postfix = pwd.getpwnam("postfix")
        for name in ("mail", "home"):
            (self.folder / name).mkdir()
            shutil.chown(self.folder / name, mail.pw_uid, mail.pw_gid)
        for name in ("spool", "etc"):
            (self.folder / name).mkdir()
        (self.folder / "postfix-data").mkdir()
        shutil.chown(self.folder / "postfix-data", postfix.pw_uid)
        words = dict(folder=self.folder, domain=DOMAIN, cert=self.cert,
                     key=self.key, format=self.format, smtp=self.smtp,
                     pop3=self.pop3, pop3s=self.pop3s, password=self.password)
        files = {"etc/main.cf": POSTFIX_MAIN, "etc/master.cf": POSTFIX_MASTER,
                 "dovecot.conf": DOVECOT}
        for name, text in files.items():
            (self.folder / name).write_text(text.format(**words))
        (self.folder / "alias").write_text(
            f"/^.*@{DOMAIN}$/ mailbox@{DOMAIN}\n")

    def start(self):
        begun = time.monotonic()
        self.dovecot = subprocess.Popen(
            ["dovecot", "-F", "-c", str(self.folder / "dovecot.conf")])
        wait_for(self.pop3)
        subprocess.run(["postfix", "-c", str(self.folder / "etc"), "start"],
                       check=True, stderr=subprocess.DEVNULL)
        wait_for(self.smtp)
        return time.monotonic() - begun

    def master(self):
        text = (self.folder / "spool/pid/master.pid").read_text()
        return int(text)

    def pids(self):
        return descendants(self.dovecot.pid) + descendants(self.master())

    def stored(self):
        """Counted over POP3, as a client would; waits for the queue first."""
        postfix_wait(self.folder / "spool")
        with socket.create_connection(("127.0.0.1", self.pop3)) as s:
            lines = s.makefile("rw", newline="\r\n")
            lines.readline()
            for command in (f"USER {self.user}", f"PASS {self.password}",
                            "STAT"):
                lines.write(command + "\n")
                lines.flush()
                answer = lines.readline()
        return int(answer.split()[1])

    def storage(self):
        return folder_bytes(self.folder / "mail")

    def stop(self):
        subprocess.run(["postfix", "-c", str(self.folder / "etc"), "stop"],
                       stderr=subprocess.DEVNULL)
        if self.dovecot:
            self.dovecot.terminate()
            self.dovecot.wait(30)
            self.dovecot = None
