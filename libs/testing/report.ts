import { appendFileSync } from 'node:fs';

/** Adds markdown to the report of `npm run test:long`. Without such a report being written it does nothing. */
export function report(markdown: string): void {
  const file = process.env['LATCHKEY_TEST_REPORT'];
  if (file !== undefined) appendFileSync(file, `${markdown.trimEnd()}\n\n`);
}
