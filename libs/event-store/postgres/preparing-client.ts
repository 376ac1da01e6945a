import { createHash } from 'node:crypto';
import { Client, type ClientConfig } from 'pg';

/** By statement. They stand in our code, so there are few. */
const names = new Map<string, string>();

function nameOf(statement: string): string {
  const known = names.get(statement);
  if (known !== undefined) return known;
  const name = createHash('sha256').update(statement).digest('hex').slice(0, 40);
  names.set(statement, name);
  return name;
}

/**
 * A connection that has Postgres parse and plan each statement with parameters once, and then names it. Planning costs a small
 * statement more than running it.
 */
export class PreparingClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    const plainly = this.query.bind(this) as (...query: unknown[]) => unknown;
    this.query = ((statement: unknown, values?: unknown, ...more: unknown[]) =>
      typeof statement === 'string' && Array.isArray(values) && values.length > 0
        ? plainly({ name: nameOf(statement), text: statement, values }, ...more)
        : plainly(statement, values, ...more)) as Client['query'];
  }
}
