// npm start: everything in one process, on a fresh clone with Node alone.
import { ensureBuilt } from './built.mjs';
import { ensureInstalled } from './install.mjs';

ensureInstalled();
ensureBuilt();
process.setSourceMapsEnabled(true);
await import('../dist/apps/standalone/main.js'); // in this process, so that signals need nobody to pass them on
