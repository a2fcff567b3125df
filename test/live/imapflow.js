// What a JavaScript mail program does with the box, told as JSON; the test in
// test_imap_clients.py starts it.
const { ImapFlow } = require('imapflow');

const box = JSON.parse(process.env.BOX);

async function connected(options) {
	const client = new ImapFlow({
		host: '127.0.0.1', port: box.port, secure: true, logger: false,
		tls: { rejectUnauthorized: false },
		auth: { user: box.user, pass: box.pass }, ...options,
	});
	await client.connect();
	return client;
}

// The next event of a kind, as something to wait for.
function next(client, event) {
	return new Promise((resolve, reject) => {
		const late = setTimeout(() => reject(new Error(
			`no event "${event}"`)), 20000);
		client.once(event, (what) => {
			clearTimeout(late);
			resolve(what);
		});
	});
}

async function text(client, range, part) {
	let whole = '';
	for await (const chunk of (await client.download(range, part)).content)
		whole += chunk;
	return whole;
}

function known(flags) {
	return [...flags].filter((f) => f !== '\\Recent').sort();
}

// All of a mailbox, by subject.
async function all(client, options) {
	const found = {};
	for await (const m of client.fetch('1:*', { uid: true, flags: true,
		envelope: true, bodyStructure: true, size: true,
		internalDate: true }, options))
		found[m.envelope.subject] = {
			uid: m.uid, size: m.size, type: m.bodyStructure.type,
			from: (m.envelope.from || [{}])[0].address,
			flags: known(m.flags),
		};
	return found;
}

async function changes(told, client) {
	told.found = await client.search({ subject: 'message 4',
		smaller: 400 });
	await client.messageFlagsSet('5', ['\\Seen', '\\Flagged', 'mine']);
	told.flags = known((await client.fetchOne('5', { flags: true })).flags);
	const moved = await client.messageMove('1:2', 'Archive');
	told.moved = [...moved.uidMap];
	const copied = await client.messageCopy('1', 'Archive');
	told.copied = [...copied.uidMap];
	await client.messageDelete('1');
	const put = await client.append('INBOX',
		Buffer.from('Subject: mine\r\n\r\nx\r\n'), ['\\Seen']);
	told.appended = put.uid;
	await client.mailboxCreate('Work/Ümläut');
	await client.mailboxRename('Work/Ümläut', 'Work/日本');
	told.made = (await client.list()).map((m) => m.path)
		.filter((name) => name.startsWith('Work/'));
	await client.mailboxDelete('Work/日本');
	told.status = await client.status('Archive', { messages: true,
		unseen: true, uidNext: true });
	told.quota = (await client.getQuota('INBOX')).storage.usage > 0;
}

// What another one does is heard within IDLE.
async function news(told, client, other) {
	await other.mailboxOpen('INBOX');
	const exists = next(client, 'exists');
	client.idle();
	await other.append('INBOX', Buffer.from('Subject: new\r\n\r\nx\r\n'));
	told.exists_told = (await exists).count;
	const flags = next(client, 'flags');
	client.idle();
	await other.messageFlagsAdd({ uid: '7' }, ['\\Answered']);
	const flagged = await flags;
	told.flags_told = [flagged.uid, known(flagged.flags)];
	const expunge = next(client, 'expunge');
	client.idle();
	await other.messageDelete({ uid: '8' });
	told.expunge_told = await expunge;
}

async function main() {
	const told = {};
	const client = await connected({ qresync: true });
	const other = await connected({});

	told.compressed = !!client._deflate;
	told.special = (await client.list()).filter((m) =>
		m.specialUse && m.path !== 'INBOX').map((m) => m.path).sort();
	const inbox = await client.mailboxOpen('INBOX');
	told.exists = inbox.exists;
	told.all = await all(client);
	told.text = await text(client, '5', '1');
	const before = client.mailbox.highestModseq;
	await changes(told, client);
	await news(told, client, other);
	// Only what has changed.
	told.changed = Object.keys(await all(client, { changedSince: before }));
	await client.logout();
	await other.logout();
	console.log(JSON.stringify(told));
}

main().catch((error) => {
	console.error(error);
	process.exit(1);
});
