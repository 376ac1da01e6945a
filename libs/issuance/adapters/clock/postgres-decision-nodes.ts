import { databaseFailure } from '@latchkey/event-store';
import type { DataSource } from 'typeorm';
import type { DecisionNodes } from '../../application/uses/note-uses';

/** A node that crashed never says that it is gone. */
const FORGOTTEN_AFTER_DAYS = 7;

export class PostgresDecisionNodes implements DecisionNodes {
  constructor(private readonly dataSource: DataSource) {}

  async heard(node: string, until: Date): Promise<void> {
    await this.#query(
      `WITH forgotten AS (
         DELETE FROM decision_node WHERE node <> $1 AND heard_at < $2::timestamptz - interval '${FORGOTTEN_AFTER_DAYS} days')
       INSERT INTO decision_node AS before (node, heard_at) VALUES ($1, $2)
       ON CONFLICT (node) DO UPDATE SET heard_at = excluded.heard_at WHERE before.heard_at < excluded.heard_at`,
      [node, until],
    );
  }

  async gone(node: string): Promise<void> {
    await this.#query('DELETE FROM decision_node WHERE node = $1', [node]);
  }

  async #query(statement: string, parameters: readonly unknown[]): Promise<void> {
    try {
      await this.dataSource.query(statement, [...parameters]);
    } catch (error) {
      throw databaseFailure(error, 'noting nodes that decide');
    }
  }
}
