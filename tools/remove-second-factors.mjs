// npm run remove-second-factors: lets somebody in who has lost them.
import { ensureBuilt } from './built.mjs';
import { commandLine } from './command-line.mjs';
import { ensureInstalled } from './install.mjs';

commandLine({
  usage: `usage: npm run remove-second-factors -- <user id>

Removes the second factors and recovery codes of a user who has lost them all. From then on their password is enough, till they enrol others: first
make sure that it is them. Their sessions end on every node before it answers, and a mail tells them.

  DATABASE_URL         that of identity; without it, that of a running npm start is meant
  LATCHKEY_MASTER_KEY  that of the installation; without it, the one in LATCHKEY_DATA_DIR

Ends with 0, also for who has none; with 1 when there is no such user; with 2 when it could not be done.`,
  positionals: { min: 1, max: 1 },
});
ensureInstalled();
ensureBuilt();
await import('../dist/apps/remove-second-factors/main.js');
