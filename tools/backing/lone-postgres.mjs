// node lone-postgres.mjs <folder> <port>: one Postgres for a test that kills it. Prints its address and process id once it is ready,
// and ends with it, or when whoever started this is gone (its stdin closes).
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startPostgres } from '../../apps/standalone/postgres/server.mjs';
import { isAlive } from './process.mjs';

const [folder, port] = process.argv.slice(2);
const { url, stop } = await startPostgres({ folder, port: Number(port), password: 'latchkey' });
process.stdin.on('close', () => void stop().then(() => process.exit(0))).resume();

// "Database File Layout" of the PostgreSQL documentation: the first line of postmaster.pid is the server's process id.
const pid = Number((await readFile(path.join(folder, 'data/postmaster.pid'), 'utf8')).split('\n')[0]);
process.stdout.write(`${JSON.stringify({ url, pid })}\n`);
while (isAlive(pid)) await pause(50);
process.exit(0);
