import type { Secret } from '@latchkey/kernel';
import { derivedKey, newSealingKey, seal, unseal } from '@latchkey/platform';
import type { EntityManager } from 'typeorm';

const contextOf = (workspaceId: string) => `workspace-key/${workspaceId}`;

/** A key per workspace, made when it is first needed. Whoever deletes its row erases what is encrypted with it, in every backup that follows. */
export class WorkspaceKeys {
  readonly #wrapping: Buffer;

  constructor(masterKey: Secret) {
    this.#wrapping = derivedKey(masterKey, 'latchkey/audit/workspace-keys/v1');
  }

  /** Not remembered in memory: what is deleted is gone. @param workspaceIds sorted, so that transactions do not wait for each other in a ring */
  async of(tx: EntityManager, workspaceIds: readonly string[]): Promise<ReadonlyMap<string, Buffer>> {
    const known = await this.read(tx, workspaceIds);
    const missing = workspaceIds.filter((id) => !known.has(id));
    if (missing.length === 0) return known;
    await tx.query('INSERT INTO workspace_keys SELECT * FROM unnest($1::text[], $2::bytea[]) ON CONFLICT DO NOTHING', [
      missing,
      missing.map((id) => seal(this.#wrapping, newSealingKey(), contextOf(id))),
    ]);
    return this.read(tx, workspaceIds);
  }

  /** Null where none was made yet, or it was erased. */
  async find(db: Pick<EntityManager, 'query'>, workspaceId: string): Promise<Buffer | null> {
    return (await this.read(db, [workspaceId])).get(workspaceId) ?? null;
  }

  private async read(
    tx: Pick<EntityManager, 'query'>,
    workspaceIds: readonly string[],
  ): Promise<ReadonlyMap<string, Buffer>> {
    const rows = await tx.query<{ workspace_id: string; wrapped: Buffer }[]>(
      'SELECT workspace_id, wrapped FROM workspace_keys WHERE workspace_id = ANY($1)',
      [workspaceIds],
    );
    return new Map(rows.map(({ workspace_id: id, wrapped }) => [id, unseal(this.#wrapping, wrapped, contextOf(id))]));
  }
}
