// npm run erase: forgets a person.
import { ensureBuilt } from './built.mjs';
import { commandLine } from './command-line.mjs';
import { ensureInstalled } from './install.mjs';

commandLine({
  usage: `usage: npm run erase -- <user id>

Deletes what is kept of a person (address, name, password, where they signed in from, mails to them), withdraws invitations to their address, and
ends their keys, sessions and OAuth applications on every node before it answers. It cannot be undone. Events stay: they hold an id and nothing
that says whose it is.

  DATABASE_URL  that of identity; without it, that of a running npm start is meant

Ends with 0; with 1 when there is no such user, or a workspace would be left without an owner; with 2 when it could not be done.`,
  positionals: { min: 1, max: 1 },
});
ensureInstalled();
ensureBuilt();
await import('../dist/apps/erase/main.js');
