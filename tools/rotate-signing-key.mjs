// npm run rotate-signing-key: has the next key sign access tokens, or revokes one.
import { ensureBuilt } from './built.mjs';
import { commandLine } from './command-line.mjs';
import { ensureInstalled } from './install.mjs';

commandLine({
  usage: `usage: npm run rotate-signing-key [-- --revoke <kid>]

Has the next key sign access tokens, as happens every 90 days by itself; services use it within seconds. What the key before has signed is good to its end.
--revoke ends a key that somebody else may have: before it answers, nothing that the key has signed passes any check, and clients ask for new tokens.
Which keys there are is said at /.well-known/jwks.json.

  DATABASE_URL  that of oauth; without it, that of a running npm start is meant

Ends with 0; with 1 when there is no such key, or the next one was published less than 15 minutes ago; with 2 when it could not be done.`,
  options: { revoke: { type: 'string' } },
});
ensureInstalled();
ensureBuilt();
await import('../dist/apps/rotate-signing-key/main.js');
