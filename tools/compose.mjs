// node tools/compose.mjs: shows docker-compose.yml as the table of services gives it; --write keeps it.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensureBuilt } from './built.mjs';
import { ensureInstalled, root } from './install.mjs';

ensureInstalled();
ensureBuilt();
const { default: document } = await import('../dist/tools/compose/document.js');
if (process.argv.includes('--write')) writeFileSync(path.join(root, 'docker-compose.yml'), document.composeFile());
else process.stdout.write(document.composeFile());
