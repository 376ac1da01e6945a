import { Client, type ClientConfig, type QueryResult } from 'pg';
import { BEGIN, BeginningQuery, PreparedQuery } from './prepared-query';

type Send = (...query: unknown[]) => unknown;

/**
 * A connection that has Postgres parse and plan each statement with parameters once, and then names it: planning costs a small
 * statement more than running it. A transaction begins together with its first statement, in one round trip.
 */
export class PreparingClient extends Client {
  /** A transaction was asked for, and Postgres does not know yet. */
  #isToBegin = false;
  #knowsBegin = false;
  readonly #send: Send;

  constructor(config?: string | ClientConfig) {
    super(config);
    // The pool and TypeORM listen while they hold it. In the moment in which one hands it to the other nobody does, and a connection that breaks
    // then would end the process. Whoever gets it is told by the first query that fails.
    this.on('error', () => undefined);
    this.#send = this.query.bind(this);
    this.query = this.#query.bind(this) as Client['query'];
  }

  #query(statement: unknown, values?: unknown, ...more: unknown[]): unknown {
    if (statement === BEGIN.text) {
      this.#isToBegin = true;
      return Promise.resolve();
    }
    const isToBegin = this.#isToBegin;
    this.#isToBegin = false;
    // Whoever wants to be called back has no transactions: that is how pools ask, and not TypeORM.
    if (typeof statement !== 'string' || !Array.isArray(values) || values.length === 0 || more.length > 0) {
      return isToBegin
        ? this.#begin().then(() => this.#send(statement, values))
        : this.#send(statement, values, ...more);
    }
    if (!isToBegin) return this.#prepared(PreparedQuery, statement, values);
    return this.#knowsBegin
      ? this.#prepared(BeginningQuery, statement, values)
      : this.#begin().then(() => this.#prepared(PreparedQuery, statement, values));
  }

  #prepared(Kind: typeof PreparedQuery, statement: string, values: unknown[]): Promise<QueryResult | undefined> {
    return new Promise((resolve, reject) => {
      const query = new Kind(statement, values, (error, results) => {
        if (error) reject(error);
        else resolve([results].flat().at(-1));
      });
      this.#send(query);
    });
  }

  async #begin(): Promise<void> {
    await this.#send(BEGIN);
    this.#knowsBegin = true;
  }
}
