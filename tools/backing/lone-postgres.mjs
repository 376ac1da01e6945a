// node lone-postgres.mjs <folder> <port> [<name>=<value> …]: one Postgres for a test that kills it, with these settings and the password
// in POSTGRES_PASSWORD. What it logs is in <folder>/postgres.log.
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { startPostgres } from '../../apps/standalone/postgres/server.mjs';
import { alone } from './alone.mjs';

const [folder, port, ...settings] = process.argv.slice(2);
const { POSTGRES_PASSWORD: password = 'latchkey' } = process.env;
const log = createWriteStream(path.join(folder, 'postgres.log'), { flags: 'a' });
const onLog = (text) => log.write(text);
const { url, stop } = await startPostgres({ folder, port: Number(port), password, settings, onLog });

// "Database File Layout" of the PostgreSQL documentation: the first line of postmaster.pid is the server's process id.
const pid = Number((await readFile(path.join(folder, 'data/postmaster.pid'), 'utf8')).split('\n')[0]);
await alone({ url, pid, stop });
