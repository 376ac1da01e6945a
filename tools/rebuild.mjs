// npm run rebuild: builds a read model anew from its events and compares.
import { ensureBuilt } from './built.mjs';
import { ensureInstalled } from './install.mjs';

ensureInstalled();
ensureBuilt();
await import('../dist/apps/rebuild/main.js');
