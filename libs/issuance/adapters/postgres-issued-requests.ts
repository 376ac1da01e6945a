import type { KeyId } from '@latchkey/kernel';
import { databaseFailure, IssuedSecrets, type RepeatableRequest } from '@latchkey/event-store';
import type { OwnerReader } from '@latchkey/live-state';
import type { DataSource } from 'typeorm';
import type { ExistingKey, IssuedRequests, WrittenKey } from '../application/ports';
import { keyListProjection, keyOf, type KeyListRow } from '../projections/key-list.projection';
import { currentSubject } from './current-subject';

const COLUMNS = keyListProjection.columns.join(', ');

/** Requests that have issued a key's secret. */
export class PostgresIssuedRequests implements IssuedRequests {
  readonly #issued: IssuedSecrets;

  constructor(
    private readonly dataSource: DataSource,
    private readonly subjects: OwnerReader,
  ) {
    this.#issued = new IssuedSecrets(dataSource, 'key_id');
  }

  async find(request: RepeatableRequest, now: Date): Promise<WrittenKey | null> {
    const issued = await this.#issued.find(request, now);
    if (!issued) return null;
    const key = await this.#key(issued.id);
    return { key, changed: await currentSubject(this.subjects, key) };
  }

  /** To ask for it again is to say so. */
  async countAsLost(request: RepeatableRequest, now: Date): Promise<void> {
    await this.#issued.find(request, now);
  }

  isLost(key: KeyId, secretNumber: number, now: Date): Promise<boolean> {
    return this.#issued.isLost({ id: key, secretNumber }, now);
  }

  async #key(id: string): Promise<ExistingKey> {
    try {
      const [row] = await this.dataSource.query<KeyListRow[]>(`SELECT ${COLUMNS} FROM key_list WHERE key_id = $1`, [
        id,
      ]);
      if (row) return keyOf(row);
    } catch (error) {
      throw databaseFailure(error, 'reading an issued key');
    }
    throw new Error('a request has issued a secret of a key that there is not');
  }
}
