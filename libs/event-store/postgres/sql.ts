import type { EntityManager } from 'typeorm';

/** The one place where a result of the driver gets a type: `Row` says what the statement selects. */
export async function select<Row>(
  tx: Pick<EntityManager, 'query'>,
  statement: string,
  parameters: readonly unknown[] = [],
): Promise<readonly Row[]> {
  return tx.query<Row[]>(statement, [...parameters]);
}

/** For a name that comes from our own code, such as a projection's table: it cannot be a parameter of a statement. */
export function identifier(name: string): string {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name)) throw new Error(`not a plain SQL name: ${JSON.stringify(name)}`);
  return `"${name}"`;
}
