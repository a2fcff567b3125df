// What a JavaScript mail program does with the box, told as JSON; the test in
// test_imap_clients.py starts it.
const { ImapFlow } = require('imapflow');
const net = require('net');

const box = JSON.parse(process.env.BOX);

function deliver(subject) {
	return new Promise((resolve, reject) => {
		const lines = ['EHLO client.example',
			'MAIL FROM:<a@sender.example>',
			'RCPT TO:<flow@example.test>', 'DATA',
			`Subject: ${subject}\r\n\r\nHello.\r\n.`, 'QUIT'];
		const s = net.connect(box.smtp, '127.0.0.1');
		let heard = '';
		s.on('error', reject);
		s.on('data', (data) => {
			heard += data;
			if (!/^\d{3} [^\n]*\n$/m.test(heard))
				return;
			heard = '';
			if (lines.length > 0)
				s.write(lines.shift() + '\r\n');
		});
		s.on('close', resolve);
	});
}

async function main() {
	const told = {};
	const client = new ImapFlow({
		host: '127.0.0.1', port: box.port, secure: true, logger: false,
		tls: { rejectUnauthorized: false },
		auth: { user: box.user, pass: box.pass },
	});
	await client.connect();
	told.compressed = !!client._deflate;
	told.special = (await client.list()).filter((m) =>
		m.specialUse && m.path !== 'INBOX').map((m) => m.path).sort();
	const inbox = await client.mailboxOpen('INBOX');
	told.exists = inbox.exists;
	told.listed = 0;
	for await (const m of client.fetch('1:*', { uid: true, flags: true,
		envelope: true, bodyStructure: true, size: true,
		internalDate: true, threadId: true })) {
		if (m.envelope.subject.startsWith('message '))
			told.listed++;
	}
	const part = await client.download('5', '1');
	let text = '';
	for await (const chunk of part.content)
		text += chunk;
	told.text = text.split('\r\n')[0];
	told.found = await client.search({ subject: 'message 4',
		smaller: 400 });
	told.found = told.found.filter((n) => n < 10);
	await client.messageFlagsSet('5', ['\\Seen', '\\Flagged']);
	told.flags = [...(await client.fetchOne('5', { flags: true })).flags]
		.sort();
	const moved = await client.messageMove('1:2', 'Archive');
	told.moved = moved.uidMap.size;
	told.left = client.mailbox.exists;
	await client.append('INBOX', Buffer.from('Subject: mine\r\n\r\nx\r\n'),
		['\\Seen']);
	await client.noop();
	told.appended = client.mailbox.exists;
	const arrived = new Promise((resolve) => {
		client.on('exists', () => resolve('arrived'));
		setTimeout(() => resolve('nothing came'), 20000);
	});
	const idle = client.idle();
	setTimeout(() => deliver('while idle'), 500);
	told.idle = await arrived;
	await client.noop();
	await idle;
	await client.logout();
	console.log(JSON.stringify(told));
}

main().catch((error) => {
	console.error(error);
	process.exit(1);
});
