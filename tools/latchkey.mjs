#!/usr/bin/env node
// npx latchkey: the command line, from a clone.
import { ensureBuilt } from './built.mjs';
import { ensureInstalled } from './install.mjs';

console.log = console.error; // standard output is the command's
ensureInstalled();
ensureBuilt();
await import('../dist/packages/cli/main.js');
