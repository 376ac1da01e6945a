import { userId, workspaceId } from '@latchkey/kernel';
import type { FirstWorkspace } from '@latchkey/contracts';
import { databaseFailure } from '@latchkey/event-store';
import type { DataSource } from 'typeorm';
import type { FirstWorkspaces, Transaction } from '../application/ports';

export class PostgresFirstWorkspaces implements FirstWorkspaces {
  constructor(private readonly dataSource: DataSource) {}

  decided(): Promise<FirstWorkspace | null> {
    return this.#select('');
  }

  complete(): Promise<FirstWorkspace | null> {
    return this.#select(`JOIN subject_state ON kind = 'user' AND id = owner_id`);
  }

  async remember(tx: Transaction, first: FirstWorkspace): Promise<void> {
    await tx.query('INSERT INTO first_workspace (workspace_id, owner_id, profile) VALUES ($1, $2, $3)', [
      first.workspaceId,
      first.ownerId,
      first.profile,
    ]);
  }

  async #select(join: string): Promise<FirstWorkspace | null> {
    try {
      const [row] = await this.dataSource.query<{ workspace_id: string; owner_id: string; profile: string }[]>(
        `SELECT workspace_id, owner_id, profile FROM first_workspace ${join}`,
      );
      return row
        ? { workspaceId: workspaceId(row.workspace_id), ownerId: userId(row.owner_id), profile: row.profile }
        : null;
    } catch (error) {
      throw databaseFailure(error, 'reading the first workspace');
    }
  }
}
