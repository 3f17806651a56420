#!/usr/bin/env node
// A client of SeaTable by the vendor's own JavaScript library, unmodified: beside seatable_client.py, with the same log.
//
//     NODE_PATH=$(seatable.sh library node) seatable_client.js write URL BASE_FILE LOG [PAUSE_MS]
//     NODE_PATH=$(seatable.sh library node) seatable_client.js check URL BASE_FILE LOG
//
// `write` appends and reads rows until SIGTERM; `check` wants all rows of the log.
const fs = require("fs");
const { Base } = require("seatable-api");

const TABLE = "Table1";
const [word, server, file, log, pause] = process.argv.slice(2);
let stopping = false;

async function opened() {
	const base = new Base({ server, APIToken: JSON.parse(fs.readFileSync(file)).api_token });
	await base.auth();
	return base;
}

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

async function write() {
	let base = null, taken = 0, refused = 0;
	process.on("SIGTERM", () => { stopping = true; });
	for (let n = 1; !stopping; n++) {
		try {
			base = base || await opened();
			const value = `node-${process.pid}-${n}`;
			const answer = await base.appendRow(TABLE, { Name: value });
			const id = (answer.first_row || answer)._id;
			fs.appendFileSync(log, `row ${id} ${value} ${Date.now() / 1000}\n`);
			taken++;
			if ((await base.getRow(TABLE, id)).Name !== value)
				fs.appendFileSync(log, `lost ${id} ${Date.now() / 1000}\n`);
		} catch (e) {
			refused++;
			base = null;
		}
		await sleep(Number(pause || 100));
	}
	console.log(`${taken} rows written, ${refused} attempts refused`);
	return 0;
}

async function check() {
	const base = await opened();
	const rows = new Map();
	for (let page = null; page === null || page.length === 1000;) {
		page = await base.listRows(TABLE, undefined, undefined, false, rows.size, 1000);
		page.forEach((row) => rows.set(row._id, row.Name));
	}
	const lines = fs.readFileSync(log, "utf8").split("\n").map((line) => line.split(" "));
	const written = lines.filter((line) => line[0] === "row");
	const bad = written.filter((line) => rows.get(line[1]) !== line[2]).length + lines.filter((line) => line[0] === "lost").length;
	console.log(`${written.length} rows, ${bad} bad`);
	return bad ? 1 : 0;
}

(word === "check" ? check() : write()).then((status) => process.exit(status), (e) => { console.error(String(e)); process.exit(1); });
