import { keyId, workspaceId, type Secret } from '@latchkey/kernel';
import type { CredentialRef, CredentialResolver } from '@latchkey/contracts';
import { databaseFailure } from '@latchkey/event-store';
import type { Peppers } from '@latchkey/platform';
import { createHash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { SecretDirectory } from '../application/ports';

interface DigestRow {
  readonly digest: Buffer;
  readonly workspace_id: string;
  readonly key_id: string;
  readonly secret_number: number;
}

/**
 * Finds whose a secret is, by its keyed digest. The pepper is not known to who asks, so the time that the index takes says nothing
 * about secrets that are near.
 */
export class PostgresCredentials implements CredentialResolver, SecretDirectory {
  constructor(
    private readonly dataSource: DataSource,
    private readonly peppers: Peppers,
  ) {}

  async resolve(sha256: readonly Uint8Array[]): Promise<readonly (CredentialRef | null)[]> {
    const digests = sha256.map((hash) => this.peppers.all(hash));
    const rows = await this.#rows(digests.flat());
    const byDigest = new Map(rows.map((row) => [row.digest.toString('base64'), row]));
    return digests.map((candidates) => {
      const row = candidates.map((digest) => byDigest.get(digest.toString('base64'))).find((found) => found);
      return row
        ? { workspaceId: workspaceId(row.workspace_id), keyId: keyId(row.key_id), secretNumber: row.secret_number }
        : null;
    });
  }

  async find(secret: Secret): Promise<CredentialRef | null> {
    const [found] = await this.findAll([secret]);
    return found ?? null;
  }

  findAll(secrets: readonly Secret[]): Promise<readonly (CredentialRef | null)[]> {
    return this.resolve(secrets.map((secret) => createHash('sha256').update(secret.reveal()).digest()));
  }

  async #rows(digests: readonly Buffer[]): Promise<readonly DigestRow[]> {
    try {
      return await this.dataSource.query<DigestRow[]>(
        'SELECT digest, workspace_id, key_id, secret_number FROM credential_digest WHERE digest = ANY($1::bytea[])',
        [digests],
      );
    } catch (error) {
      throw databaseFailure(error, 'resolving credentials');
    }
  }
}
