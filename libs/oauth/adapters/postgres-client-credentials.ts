import { databaseFailure } from '@latchkey/event-store';
import { clientId, workspaceId } from '@latchkey/kernel';
import type { Peppers } from '@latchkey/platform';
import type { JWK } from 'jose';
import type { DataSource } from 'typeorm';
import type { ClientKeys, ClientSecretRef, ClientSecretResolver, RegisteredKeys } from '../application/ports-tokens';

interface DigestRow {
  readonly digest: Buffer;
  readonly workspace_id: string;
  readonly client_id: string;
  readonly secret_number: number;
}

/** What clients authenticate themselves with, in oauth's schema. Secrets are found by their keyed digests alone. */
export class PostgresClientCredentials implements ClientSecretResolver, ClientKeys {
  constructor(
    private readonly dataSource: DataSource,
    private readonly peppers: Peppers,
  ) {}

  async resolve(sha256: readonly Uint8Array[]): Promise<readonly (ClientSecretRef | null)[]> {
    const digests = sha256.map((hash) => this.peppers.all(hash));
    const rows = await this.#query<DigestRow>(
      'SELECT digest, workspace_id, client_id, secret_number FROM client_secret_digest WHERE digest = ANY($1::bytea[])',
      [digests.flat()],
    );
    const byDigest = new Map(rows.map((row) => [row.digest.toString('base64'), row]));
    return digests.map((candidates) => {
      const row = candidates.map((digest) => byDigest.get(digest.toString('base64'))).find((found) => found);
      return row
        ? {
            workspaceId: workspaceId(row.workspace_id),
            clientId: clientId(row.client_id),
            secretNumber: row.secret_number,
          }
        : null;
    });
  }

  async find(ids: readonly string[]): Promise<readonly (RegisteredKeys | null)[]> {
    const rows = await this.#query<{ workspace_id: string; client_id: string; public_keys: readonly JWK[] }>(
      `SELECT workspace_id, client_id, public_keys FROM client_list
       WHERE client_id = ANY($1::text[]) AND authentication = 'private_key_jwt' AND deleted_at IS NULL`,
      [ids],
    );
    return ids.map((id) => {
      const row = rows.find((found) => found.client_id === id);
      if (!row) return null;
      return { workspaceId: workspaceId(row.workspace_id), clientId: clientId(row.client_id), keys: row.public_keys };
    });
  }

  async #query<Row>(statement: string, parameters: unknown[]): Promise<readonly Row[]> {
    try {
      return await this.dataSource.query<Row[]>(statement, parameters);
    } catch (error) {
      throw databaseFailure(error, 'looking for a client');
    }
  }
}
