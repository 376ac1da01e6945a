import { createHash } from 'node:crypto';
import { Client, type ClientConfig } from 'pg';
import { BEGIN, beginWith } from './beginning-query';

/** By statement. They stand in our code, so there are few. */
const names = new Map<string, string>();

function nameOf(statement: string): string {
  const known = names.get(statement);
  if (known !== undefined) return known;
  const name = createHash('sha256').update(statement).digest('hex').slice(0, 40);
  names.set(statement, name);
  return name;
}

type Query = (...query: unknown[]) => unknown;

/**
 * A connection that has Postgres parse and plan each statement with parameters once, and then names it: planning costs a small
 * statement more than running it. A transaction begins together with its first statement, in one round trip.
 */
export class PreparingClient extends Client {
  /** A transaction was asked for, and Postgres does not know yet. */
  #isToBegin = false;
  #knowsBegin = false;
  readonly #send: Query;

  constructor(config?: string | ClientConfig) {
    super(config);
    this.#send = this.query.bind(this);
    this.query = this.#query.bind(this) as Client['query'];
  }

  #query(statement: unknown, values?: unknown, ...more: unknown[]): unknown {
    if (statement === BEGIN.text) {
      this.#isToBegin = true;
      return Promise.resolve();
    }
    const prepared =
      typeof statement === 'string' && Array.isArray(values) && values.length > 0
        ? { name: nameOf(statement), text: statement, values }
        : null;
    const sendIt = () => (prepared ? this.#send(prepared, ...more) : this.#send(statement, values, ...more));
    if (!this.#isToBegin) return sendIt();
    this.#isToBegin = false;
    return prepared && this.#knowsBegin ? beginWith(prepared, this.#send) : this.#begin().then(sendIt);
  }

  async #begin(): Promise<void> {
    await this.#send(BEGIN);
    this.#knowsBegin = true;
  }
}
