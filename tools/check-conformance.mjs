// Every test that docs/oauth-conformance.md gives as a proof is there, under that name and in that file, and runs.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const document = path.join(root, 'docs/oauth-conformance.md');
const text = readFileSync(document, 'utf8');

const rows = text.split('\n').filter((line) => line.startsWith('| §'));
/** `[its name](../where/it/is.spec.ts)` */
const proofsIn = (row) =>
  [...row.matchAll(/\[([^\]]+)\]\(([^)]+\.spec\.ts)\)/g)].map(([, name, file]) => ({ name, file }));
const sources = new Map();

function sourceOf(file) {
  const absolute = path.resolve(path.dirname(document), file);
  if (!sources.has(file)) sources.set(file, existsSync(absolute) ? readFileSync(absolute, 'utf8') : '');
  return sources.get(file);
}

/** The title of `it`, or the name of a row of its table; never of one that is skipped. */
function isThere({ name, file }) {
  const title = name.replaceAll('\\', '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<!skip|todo)[(\\[]\\s*['"\`]${title}['"\`]`).test(sourceOf(file).replaceAll("\\'", "'"));
}

const problems = rows.flatMap((row) => {
  const proofs = proofsIn(row);
  if (proofs.length === 0) return [`no test proves: ${row}`];
  return proofs.filter((proof) => !isThere(proof)).map(({ name, file }) => `${file} has no test "${name}"`);
});

if (rows.length === 0 || problems.length > 0) {
  console.error(problems.join('\n') || 'docs/oauth-conformance.md has no requirements');
  process.exit(1);
}
console.log(`oauth: ${rows.length} requirements, each with a test that proves it`);
