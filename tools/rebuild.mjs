// npm run rebuild: builds a read model anew from its events and compares.
import { ensureBuilt } from './built.mjs';
import { commandLine } from './command-line.mjs';
import { ensureInstalled } from './install.mjs';

commandLine({
  usage: `usage: npm run rebuild -- <read model> [--replace]

Builds a read model anew from its events, beside the live one, and compares the two byte for byte, while the services go on. There are:
key_list (keys), key_count (how many a workspace has), client_list (OAuth applications), workspace_member (who is in a workspace).

  --replace     replaces rows that differ
  DATABASE_URL  names the database; without it, that of a running npm start is meant

Ends with 0 when the two are equal, or were made so; with 1 when they differ; with 2 when they could not be compared.`,
  options: { replace: { type: 'boolean', default: false } },
  positionals: { min: 1, max: 1 },
});
ensureInstalled();
ensureBuilt();
await import('../dist/apps/rebuild/main.js');
