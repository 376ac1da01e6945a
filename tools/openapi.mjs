// npm run openapi: shows the OpenAPI document as the routes give it; `-- --write` keeps it.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensureBuilt } from './built.mjs';
import { commandLine } from './command-line.mjs';
import { ensureInstalled, root } from './install.mjs';

const { values } = commandLine({
  usage: `usage: npm run openapi [-- --write]

Shows the OpenAPI document of the public HTTP API as the routes describe themselves.

  --write   keep it in libs/contracts/openapi/latchkey.openapi.json`,
  options: { write: { type: 'boolean', default: false } },
});
ensureInstalled();
ensureBuilt();
const { default: generator } = await import('../dist/tools/openapi/document.js');
const { format, resolveConfig } = await import('prettier');

const file = path.join(root, 'libs/contracts/openapi/latchkey.openapi.json');
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const document = JSON.stringify(generator.openApiDocument(version));
const text = await format(document, { ...(await resolveConfig(file)), filepath: file });
if (values.write) writeFileSync(file, text);
else process.stdout.write(text);
