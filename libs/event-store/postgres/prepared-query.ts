import { createHash } from 'node:crypto';
import { Query, type Connection, type QueryResult } from 'pg';

/** As TypeORM asks for it. A connection that has sent it once knows it by its name. */
export const BEGIN = { name: 'begin', text: 'START TRANSACTION' } as const;

/** By statement. They stand in our code, so there are few. */
const names = new Map<string, string>();

function nameOf(statement: string): string {
  const known = names.get(statement);
  if (known !== undefined) return known;
  const name = createHash('sha256').update(statement).digest('hex').slice(0, 40);
  names.set(statement, name);
  return name;
}

/** One for each command that was sent. */
type Answer = (error: Error | undefined, results: QueryResult | readonly QueryResult[]) => void;

/** A statement that a connection parses once. */
export class PreparedQuery extends Query {
  readonly name: string;

  constructor(text: string, values: unknown[], answer: Answer) {
    super(text, values, answer);
    this.name = nameOf(text);
  }
}

/**
 * The same with the beginning of its transaction before it. Both go out before one `Sync`: when the beginning fails, Postgres skips the
 * rest (PostgreSQL manual, "Message Flow: Pipelining"), so that the statement is never committed by itself. For a connection that
 * knows `BEGIN`.
 */
export class BeginningQuery extends PreparedQuery {
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
