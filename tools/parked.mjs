// npm run parked: shows messages that the audit put aside.
import { ensureBuilt } from './built.mjs';
import { commandLine, refuse } from './command-line.mjs';
import { ensureInstalled } from './install.mjs';

const usage = `usage: npm run parked [-- <topic> <partition> <offset>]

Lists the messages that the audit has put aside as it could not record them: when, why and where each stood, a line of JSON for each, and
nothing of what is in them. With a place it writes that message as it came; it may hold addresses of callers.

  DATABASE_URL, LATCHKEY_MASTER_KEY  those of the audit; without them, those of a running npm start are meant

Ends with 0, or with 2 when the messages cannot be read, or there is none at this place.`;

const { positionals } = commandLine({ usage, positionals: { max: 3 } });
if (![0, 3].includes(positionals.length)) refuse('A place is a topic, a partition and an offset', usage);
ensureInstalled();
ensureBuilt();
await import('../dist/apps/parked/main.js');
