// Every promise that docs/contract.md marks as kept has an end-to-end test that names it.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const idPattern = /\bS[0-4]-\d\d\b/g;

const lines = readFileSync(path.join(root, 'docs/contract.md'), 'utf8').split('\n');
const promises = lines.flatMap((line) => {
  const [, mark, id] = /^- \[([ x])\] (S[0-4]-\d\d) /.exec(line) ?? [];
  return id ? [{ id, kept: mark === 'x' }] : [];
});

/** Ids in the titles of tests that run: `it`, `test`, and their `each` forms, never the skipped ones. */
const named = new Set();
for (const file of readdirSync(path.join(root, 'e2e'), { recursive: true, encoding: 'utf8' })) {
  if (!file.endsWith('.e2e.spec.ts')) continue;
  const source = readFileSync(path.join(root, 'e2e', file), 'utf8');
  for (const [, title] of source.matchAll(/^\s*(?:it|test)(?:\.each\([^)]*\))?\(\s*['"`]([^\n]*)/gm)) {
    for (const [id] of title.matchAll(idPattern)) named.add(id);
  }
}

const known = new Set(promises.map(({ id }) => id));
const problems = [
  ...promises
    .filter(({ id, kept }) => kept && !named.has(id))
    .map(({ id }) => `${id} is marked as kept, but no end-to-end test names it`),
  ...[...named].filter((id) => !known.has(id)).map((id) => `a test names ${id}, which is not in the contract`),
];
if (known.size !== promises.length) problems.push('an id stands twice in docs/contract.md');

if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}
const kept = promises.filter((promise) => promise.kept).length;
console.log(`contract: ${kept} of ${promises.length} promises kept, each with a test that names it`);
