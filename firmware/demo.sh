#!/bin/sh
# Start a demo box on loopback ports, and print the card that tells how to try
# it. What it collects stays in RUN_DIR; a second start goes on with it.
#
# usage: demo.sh PROGRAM
#
# RUN_DIR=dir                                 instead of run/
# SMTP_PORT, POP3_PORT, POP3S_PORT=n          instead of 2525, 9110, 9995
# IMAP_PORT, IMAPS_PORT=n                     instead of 9143, 9993
# SUBMISSION_PORT, SUBMISSIONS_PORT=n         instead of 9587, 9465
set -eu
umask 077

say() { echo "demo: $*" >&2; }

[ $# -eq 1 ] || {
	say "usage: demo.sh PROGRAM"
	exit 2
}
program=$(realpath "$1")
shown=${RUN_DIR:-run}
mkdir -p "$shown"
dir=$(cd "$shown" && pwd)
smtp=${SMTP_PORT:-2525}
pop3=${POP3_PORT:-9110}
pop3s=${POP3S_PORT:-9995}
imap=${IMAP_PORT:-9143}
imaps=${IMAPS_PORT:-9993}
submission=${SUBMISSION_PORT:-9587}
submissions=${SUBMISSIONS_PORT:-9465}
domain=example.test
login=mailbox@$domain
case $dir in
*[\"\\]*)
	say "$dir has a quote or a backslash in its name; use another RUN_DIR"
	exit 1
	;;
esac

config() {
	cat <<CONFIG
# Written anew by firmware/demo.sh at every start: change a copy.
domains = "$domain";
data = "$dir/data";
user = "";
listen = "127.0.0.1";
smtp = { port = $smtp; };
pop3 = { port = $pop3; tls_port = $pop3s; };
imap = { port = $imap; tls_port = $imaps; };
submission = { port = $submission; tls_port = $submissions; };
# A demo keeps to itself: letters to others find no DNS, and wait.
dns = { servers = "127.0.0.1:9"; };
tls = { certificates = (
	{ cert = "$dir/data/tls/cert.pem"; key = "$dir/data/tls/key.pem"; } ); };
CONFIG
}

card_json() {
	cat <<CARD
{
  "domain": "$domain",
  "login": "$login",
  "password": "$password",
  "ports": {"smtp": $smtp, "pop3": $pop3, "pop3s": $pop3s,
    "imap": $imap, "imaps": $imaps,
    "submission": $submission, "submissions": $submissions}
}
CARD
}

card() {
	cat <<CARD

  The box is running. Whatever is sent to any address at $domain
  is collected, sealed, and can be fetched:

    domain     $domain
    ports      SMTP $smtp, POP3 $pop3 (STLS) and $pop3s (TLS),
               IMAP $imap (STARTTLS) and $imaps (TLS),
               submission $submission (STARTTLS) and $submissions (TLS), on 127.0.0.1
    login      $login
    password   $password
    recovery   $shown/recovery-key opens the mail without the password

  Send a letter to an address nobody has heard of, and fetch it:

    printf 'Subject: Hello\r\n\r\nHello, box.\r\n' | curl smtp://127.0.0.1:$smtp --mail-from me@sender.example --mail-rcpt shop@$domain -T -

    curl -k -u $login:$password pop3s://127.0.0.1:$pop3s/1

    curl -k -u $login:$password 'imaps://127.0.0.1:$imaps/INBOX;UID=1'

  Write as that address, to another one of yours, and see what they see:

    printf 'From: $login\r\nSubject: [sendas:Shop <shop>] Hi\r\n\r\nHello, you.\r\n' | curl -k -u $login:$password smtps://127.0.0.1:$submissions --mail-from $login --mail-rcpt friend@$domain -T -

    curl -k -u $login:$password pop3s://127.0.0.1:$pop3s/2

  Ctrl-C stops it; the mail stays in $shown. This card for scripts:
  $shown/card.json

CARD
}

busy() { # PORT
	bash -c ": 3<>/dev/tcp/127.0.0.1/$1" 2>/dev/null
}

config >"$dir/pillarbox.conf"
if [ -e "$dir/data/pillarbox.db" ] &&
    "$program" status -c "$dir/pillarbox.conf" >/dev/null 2>&1; then
	say "the box of $shown is running already; stop it with Ctrl-C there"
	exit 1
fi
for port in "$smtp" "$pop3" "$pop3s" "$imap" "$imaps" "$submission" \
    "$submissions"; do
	if busy "$port"; then
		say "something else uses port $port; stop it, or choose others:" \
		    "SMTP_PORT=3525 POP3_PORT=3110 POP3S_PORT=3995" \
		    "IMAP_PORT=3143 IMAPS_PORT=3993" \
		    "SUBMISSION_PORT=3587 SUBMISSIONS_PORT=3465 make run"
		exit 1
	fi
done

# The password is noted before it is set, so that it is never lost.
password=
if [ -e "$dir/card.json" ]; then
	password=$(sed -n 's/.*"password": "\([^"]*\)".*/\1/p' "$dir/card.json")
fi
if [ -z "$password" ]; then
	if [ -e "$dir/data/pillarbox.db" ]; then
		say "$shown/card.json, which had the password of $shown, is" \
		    "gone; take $shown away to begin anew"
		exit 1
	fi
	password=$(od -An -N10 -tx1 /dev/urandom | tr -d ' \n' |
	    sed 's/...../&-/g; s/-$//')
fi
card_json >"$dir/card.json"
if [ ! -e "$dir/data/pillarbox.db" ]; then
	rm -rf "$dir/data/tls"
	echo "$password" | "$program" init -c "$dir/pillarbox.conf" \
	    --self-signed --password-stdin >"$dir/recovery-key"
fi

# The card is shown once the box serves; whoever shows it is no child of the
# box, which takes the place of this shell and so gets Ctrl-C itself.
rm -f "$dir/ready"
mkfifo "$dir/ready"
( (
	byte=$(head -c 1 <"$dir/ready" | wc -c)
	rm -f "$dir/ready"
	[ "$byte" -eq 0 ] || card
) & )
exec "$program" serve -c "$dir/pillarbox.conf" --ready-fd 3 3>"$dir/ready"
