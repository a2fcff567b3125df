"""Dovecot of Debian's, as the server that others are compared with."""

import pathlib
import pwd
import shutil
import socket
import subprocess

from box import free_ports, wait_for
from imap import Imap

CONFIG = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
first_valid_uid = 1
mail_max_userip_connections = 1000
mail_location = sdbox:{folder}/mail
mail_attachment_detection_options =
imap_metadata = yes
mail_attribute_dict = file:{folder}/mail/attributes
imap_id_retain = no
default_vsz_limit = 1G
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Drafts {{
    auto = subscribe
    special_use = \\Drafts
  }}
  mailbox Sent {{
    auto = subscribe
    special_use = \\Sent
  }}
  mailbox Junk {{
    auto = subscribe
    special_use = \\Junk
  }}
  mailbox Trash {{
    auto = subscribe
    special_use = \\Trash
  }}
  mailbox Archive {{
    auto = subscribe
    special_use = \\Archive
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
  process_min_avail = 1
}}
protocol imap {{
  imap_max_line_length = 1M
}}
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={folder}/home
}}
"""

MISSING = "Dovecot is not here: nothing to compare with"


def present():
    return shutil.which("dovecot") is not None


class Dovecot:
    user, password = "mailbox", "secret"

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.port = free_ports(1)[0]
        self.process = None

    def start(self):
        mail = pwd.getpwnam("mail")
        for path in [self.folder, *self.folder.parents]:
            if path.stat().st_uid == 0 and path != pathlib.Path("/"):
                path.chmod(path.stat().st_mode | 0o711)
        for name in ("mail", "home"):
            (self.folder / name).mkdir()
            shutil.chown(self.folder / name, mail.pw_uid, mail.pw_gid)
        config = self.folder / "dovecot.conf"
        config.write_text(CONFIG.format(folder=self.folder, port=self.port))
        self.process = subprocess.Popen(["dovecot", "-F", "-c", config])
        wait_for(self.answers, "Dovecot does not answer")
        return self

    def answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def imap(self, timeout=60):
        client = Imap(self.port, timeout=timeout)
        client.login(self.user, self.password)
        return client

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
