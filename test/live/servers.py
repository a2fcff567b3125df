"""Real mail servers of Debian's, each with a mailbox that takes everything:
Postfix, and OpenSMTPD in a name space of its own, since the two cannot be
installed together."""

import pathlib
import pwd
import shutil
import socket
import subprocess
import time

from box import ROOT, wait_for

POSTFIX_MASTER = """\
{address}:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""

POSTFIX_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/state
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = {host}
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
virtual_mailbox_domains = {domain}
virtual_mailbox_base = {folder}
virtual_mailbox_maps = static:mail/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
smtpd_relay_restrictions = reject_unauth_destination
smtpd_tls_cert_file = {pem}
smtpd_tls_key_file = {pem}
smtpd_tls_security_level = may
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
"""

# Without TLS: Debian 12's OpenSMTPD 6.8 shakes no hands with OpenSSL 3.
OPENSMTPD = """\
table users {{ "@{domain}" = "opensmtpd" }}
listen on {address} port {port} hostname {host}
action "keep" maildir "{folder}/mail" virtual <users>
match from any for domain "{domain}" action "keep"
"""

# Run as root in a mount name space: OpenSMTPD wants users and folders by name.
OPENSMTPD_START = """\
set -e
mount --make-rprivate /
for file in passwd group; do
	cp /etc/$file {folder}/$file
done
echo "opensmtpd:x:7101:7101::{folder}/home:/bin/sh" >>{folder}/passwd
echo "opensmtpq:x:7102:7102::/nonexistent:/bin/false" >>{folder}/passwd
echo "opensmtpd:x:7101:" >>{folder}/group
echo "opensmtpq:x:7102:" >>{folder}/group
for file in passwd group; do
	mount --bind {folder}/$file /etc/$file
done
mount -t tmpfs none /var/spool
mkdir -m 711 /var/spool/smtpd
mount -t tmpfs none /var/lib
mkdir -p /var/lib/opensmtpd/empty
mount --bind {root}/usr/libexec /usr/libexec
chown 7101:7101 {folder}/home {folder}/mail
LD_LIBRARY_PATH=$(echo {root}/usr/lib/*-linux-gnu):$(echo {root}/lib/*-linux-gnu)
export LD_LIBRARY_PATH
exec {root}/usr/sbin/smtpd -d -f {folder}/smtpd.conf
"""


class Server:
    """What both are to a test."""

    def __init__(self, folder, domain, address, port, pem=None):
        self.folder = pathlib.Path(folder)
        self.domain, self.host = domain, f"mx.{domain}"
        self.address, self.port = address, port
        self.pem = pem
        self.folder.mkdir()
        (self.folder / "mail").mkdir()
        for parent in (self.folder, *self.folder.parents[:3]):
            parent.chmod(parent.stat().st_mode | 0o111)

    def answers(self):
        try:
            with socket.create_connection((self.address, self.port), 1) as s:
                return s.recv(1) == b"2"
        except OSError:
            return False

    def letters(self, count):
        """Wait for so many letters; each as bytes, the oldest first."""
        new = self.folder / "mail" / "new"
        wait_for(lambda: new.exists() and len(list(new.iterdir())) >= count,
                 f"{self.domain} has not {count} letters")
        time.sleep(0.05)
        files = sorted(new.iterdir(), key=lambda file: file.stat().st_mtime_ns)
        assert len(files) == count
        return [file.read_bytes() for file in files]

    def empty(self):
        for file in (self.folder / "mail").glob("new/*"):
            file.unlink()


class Postfix(Server):
    name = "postfix"

    def start(self):
        postfix = pwd.getpwnam("postfix")
        words = dict(folder=self.folder, address=self.address, port=self.port,
                     host=self.host, domain=self.domain, pem=self.pem,
                     uid=postfix.pw_uid, gid=postfix.pw_gid)
        for name in ("spool", "etc", "state"):
            (self.folder / name).mkdir()
        for name in ("state", "mail"):
            shutil.chown(self.folder / name, postfix.pw_uid, postfix.pw_gid)
        (self.folder / "etc/main.cf").write_text(POSTFIX_MAIN.format(**words))
        (self.folder / "etc/master.cf").write_text(
            POSTFIX_MASTER.format(**words))
        self.control("start")
        wait_for(self.answers, "Postfix does not answer")
        return self

    def control(self, word):
        subprocess.run(["postfix", "-c", str(self.folder / "etc"), word],
                       check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def stop(self):
        self.control("stop")


class OpenSmtpd(Server):
    name = "opensmtpd"
    process = None

    def start(self):
        root = subprocess.run([str(ROOT / "test/unpack.sh"), "opensmtpd"],
                              check=True, capture_output=True,
                              text=True).stdout.strip()
        (self.folder / "home").mkdir()
        words = dict(folder=self.folder, address=self.address, port=self.port,
                     host=self.host, domain=self.domain, root=root)
        (self.folder / "smtpd.conf").write_text(OPENSMTPD.format(**words))
        script = self.folder / "start"
        script.write_text(OPENSMTPD_START.format(**words))
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(["unshare", "-m", "sh", script],
                                            stdout=log, stderr=log)
        wait_for(self.answers, "OpenSMTPD does not answer: " +
                 (self.folder / "log").read_text(), 20)
        return self

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
