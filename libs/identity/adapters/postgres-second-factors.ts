import { databaseFailure } from '@latchkey/event-store';
import type { Secret, UserId } from '@latchkey/kernel';
import type { DataSource } from 'typeorm';
import type { SecondFactors } from '../application/mfa-ports';
import type { Transaction } from '../application/ports';
import type { SealedSeeds } from './sealed-seeds';

/** In the tables `totp`, `totp_step` and `recovery_code`. */
export class PostgresSecondFactors implements SecondFactors {
  constructor(
    private readonly dataSource: DataSource,
    private readonly seeds: SealedSeeds,
  ) {}

  async seedOf(userId: UserId): Promise<Secret | null> {
    const [row] = await this.#query<{ sealed: Buffer }>('SELECT sealed FROM totp WHERE user_id = $1', [userId]);
    return row ? this.seeds.unseal(userId, row.sealed) : null;
  }

  async setSeed(tx: Transaction, userId: UserId, seed: Secret | null): Promise<void> {
    await tx.query('DELETE FROM totp WHERE user_id = $1', [userId]);
    if (seed === null) return;
    await tx.query('INSERT INTO totp (user_id, sealed) VALUES ($1, $2)', [userId, this.seeds.seal(userId, seed)]);
  }

  /** Who comes second waits for the one who writes the row, and finds the step taken. */
  async claimStep(tx: Transaction, userId: UserId, step: number): Promise<boolean> {
    const claimed = await tx.query<object[]>(
      `INSERT INTO totp_step (user_id, step) VALUES ($1, $2)
       ON CONFLICT (user_id) DO UPDATE SET step = excluded.step WHERE totp_step.step < excluded.step
       RETURNING step`,
      [userId, step],
    );
    return claimed.length > 0;
  }

  async hasRecoveryCode(userId: UserId, digest: Uint8Array): Promise<boolean> {
    const found = await this.#query('SELECT FROM recovery_code WHERE user_id = $1 AND digest = $2', [userId, digest]);
    return found.length > 0;
  }

  async useRecoveryCode(tx: Transaction, userId: UserId, digest: Uint8Array): Promise<boolean> {
    const [, used] = await tx.query<[unknown[], number]>(
      'DELETE FROM recovery_code WHERE user_id = $1 AND digest = $2',
      [userId, digest],
    );
    return used > 0;
  }

  async setRecoveryCodes(tx: Transaction, userId: UserId, digests: readonly Uint8Array[]): Promise<void> {
    await tx.query('DELETE FROM recovery_code WHERE user_id = $1', [userId]);
    await tx.query('INSERT INTO recovery_code (user_id, digest) SELECT $1, unnest($2::bytea[])', [userId, digests]);
  }

  async #query<Row>(statement: string, parameters: unknown[]): Promise<Row[]> {
    try {
      return await this.dataSource.query<Row[]>(statement, parameters);
    } catch (error) {
      throw databaseFailure(error, 'reading a second factor');
    }
  }
}
