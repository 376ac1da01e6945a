// npm run rotate-session-key: makes a new key for the tokens of sessions.
import { ensureBuilt } from './built.mjs';
import { commandLine } from './command-line.mjs';
import { ensureInstalled } from './install.mjs';

commandLine({
  usage: `usage: npm run rotate-session-key

Makes a new key that signs the tokens of sessions, as happens each month by itself. Services use it within a minute. Sessions go on: what the key
before has signed is good to its end. To end them too, a user ends all of theirs, or an operator changes what they may do.

  DATABASE_URL         that of identity; without it, that of a running npm start is meant
  LATCHKEY_MASTER_KEY  that of the installation; without it, the one in LATCHKEY_DATA_DIR

Ends with 0, or with 2 when it could not be done.`,
});
ensureInstalled();
ensureBuilt();
await import('../dist/apps/rotate-session-key/main.js');
