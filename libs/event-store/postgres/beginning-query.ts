import { Query, type Connection, type QueryConfig, type QueryResult } from 'pg';

/** As TypeORM asks for it. A connection that has sent it once knows it by its name. */
export const BEGIN = { name: 'begin', text: 'START TRANSACTION' } as const;

/**
 * A transaction's beginning and its first statement, which is a prepared one. Both go out before one `Sync`: when the beginning fails,
 * Postgres skips the rest (PostgreSQL manual, "Message Flow: Pipelining"), so that the statement is never committed by itself.
 */
export class BeginningQuery extends Query {
  override readonly submit = (connection: Connection): void => {
    connection.stream.cork();
    try {
      connection.bind({ statement: BEGIN.name }, true);
      connection.execute(null, true);
      return Query.prototype.submit.call(this, connection);
    } finally {
      connection.stream.uncork();
    }
  };
}

/**
 * Answers what the statement answers.
 * @param send gives a query to a connection that knows `BEGIN`
 */
export function beginWith(
  statement: QueryConfig<unknown[]>,
  send: (query: BeginningQuery) => unknown,
): Promise<QueryResult | undefined> {
  return new Promise((resolve, reject) => {
    const answer = (error: Error | undefined, results: QueryResult | readonly QueryResult[]): void => {
      if (error) reject(error);
      else resolve([results].flat().at(-1));
    };
    send(new BeginningQuery(statement, answer));
  });
}
