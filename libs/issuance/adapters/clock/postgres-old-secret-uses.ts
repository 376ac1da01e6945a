import { databaseFailure } from '@latchkey/event-store';
import { secretIdOf } from '@latchkey/contracts';
import type { KeyId } from '@latchkey/kernel';
import type { DataSource, EntityManager } from 'typeorm';
import {
  withinBound,
  type BatchRef,
  type OldSecretUse,
  type OldSecretUses,
  type OldSecretUsers,
  type UsesOfSecret,
} from '../../application/uses/old-secret-users';

interface UserRow {
  readonly key_id: string;
  readonly others: boolean;
  readonly ip: string;
  readonly user_agent: string;
  readonly first_used_at: Date;
  readonly last_used_at: Date;
  readonly uses: string;
}

/** Not known, in a column that is part of a key. */
const orNull = (text: string): string | null => (text === '' ? null : text);

export class PostgresOldSecretUses implements OldSecretUses {
  constructor(private readonly dataSource: DataSource) {}

  async among(
    secrets: readonly { readonly keyId: string; readonly secretNumber: number }[],
  ): Promise<ReadonlySet<string>> {
    if (secrets.length === 0) return new Set();
    const rows = await this.#within(() =>
      this.dataSource.query<{ key_id: string; secret_number: number }[]>(
        `SELECT key_id, secret_number FROM old_secret
           JOIN unnest($1::text[], $2::integer[]) AS used (key_id, secret_number) USING (key_id, secret_number)`,
        [secrets.map(({ keyId }) => keyId), secrets.map(({ secretNumber }) => secretNumber)],
      ),
    );
    return new Set(rows.map((row) => secretIdOf(row.key_id, row.secret_number)));
  }

  async count(batch: BatchRef, uses: readonly OldSecretUse[]): Promise<void> {
    await this.#within(() =>
      this.dataSource.transaction(async (tx) => {
        const uncounted = await takeUncounted(tx, batch, uses);
        for (const { keyId, users } of uses.filter((use) => uncounted.has(use.keyId))) {
          const known = await tx.query<UserRow[]>(
            'SELECT ip, user_agent FROM old_secret_user WHERE key_id = $1 AND NOT others',
            [keyId],
          );
          const { each, others } = withinBound(
            known.map((row) => ({ ip: orNull(row.ip), userAgent: orNull(row.user_agent) })),
            users,
          );
          for (const user of each) await add(tx, keyId, user, [false, user.ip ?? '', user.userAgent ?? '']);
          if (others) await add(tx, keyId, others, [true, '', '']);
        }
      }),
    );
  }

  async of(keyId: KeyId): Promise<OldSecretUsers> {
    const rows = await this.#within(() =>
      this.dataSource.query<UserRow[]>(
        'SELECT * FROM old_secret_user WHERE key_id = $1 ORDER BY last_used_at DESC, ip, user_agent',
        [keyId],
      ),
    );
    const others = rows.find((row) => row.others);
    return {
      each: rows
        .filter((row) => !row.others)
        .map((row) => ({ ip: orNull(row.ip), userAgent: orNull(row.user_agent), ...usesOf(row) })),
      others: others ? usesOf(others) : null,
    };
  }

  async #within<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    try {
      return await ask();
    } catch (error) {
      throw databaseFailure(error, 'uses of old secrets');
    }
  }
}

/** Ids of the keys for which the batch has not been counted; it is from here on. They are held, in one order. */
async function takeUncounted(
  tx: EntityManager,
  { boot, position }: BatchRef,
  uses: readonly OldSecretUse[],
): Promise<ReadonlySet<string>> {
  // Of an UPDATE the driver gives the rows and their number.
  const [rows] = await tx.query<[{ key_id: string }[], number]>(
    `WITH held AS (SELECT key_id FROM old_secret WHERE key_id = ANY($1) ORDER BY key_id FOR UPDATE)
     UPDATE old_secret SET counted = counted || jsonb_build_object($2::text, $3::bigint)
       FROM held WHERE old_secret.key_id = held.key_id AND coalesce((counted ->> $2)::bigint, 0) < $3
     RETURNING old_secret.key_id`,
    [uses.map(({ keyId }) => keyId), boot, position],
  );
  return new Set(rows.map((row) => row.key_id));
}

async function add(
  tx: EntityManager,
  keyId: string,
  { firstUsedAt, lastUsedAt, count }: UsesOfSecret,
  user: readonly [others: boolean, ip: string, userAgent: string],
): Promise<void> {
  await tx.query(
    `INSERT INTO old_secret_user AS before (key_id, others, ip, user_agent, first_used_at, last_used_at, uses)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (key_id, others, ip, user_agent) DO UPDATE SET
       first_used_at = least(before.first_used_at, excluded.first_used_at),
       last_used_at = greatest(before.last_used_at, excluded.last_used_at),
       uses = before.uses + excluded.uses`,
    [keyId, ...user, firstUsedAt, lastUsedAt, count],
  );
}

const usesOf = (row: UserRow): UsesOfSecret => ({
  firstUsedAt: row.first_used_at,
  lastUsedAt: row.last_used_at,
  count: Number(row.uses),
});
