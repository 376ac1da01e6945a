import type { MfaMethod } from '@latchkey/contracts';
import { databaseFailure } from '@latchkey/event-store';
import { AppError, type UserId } from '@latchkey/kernel';
import type { DataSource } from 'typeorm';
import type { MfaEnrolments, PendingEnrolment } from '../application/mfa-ports';
import type { Mail, MailMessage, Transaction } from '../application/ports';
import { isThere } from './personal-data';
import { ATTEMPTS } from './postgres-mfa-challenges';
import type { SealedSeeds } from './sealed-seeds';

interface EnrolmentRow {
  readonly enrolment_id: string;
  readonly generation: number;
  readonly sealed_seed: Buffer | null;
  readonly email_code: Buffer | null;
  readonly expires_at: Date;
}

/** In the table `mfa_enrolment`. */
export class PostgresMfaEnrolments implements MfaEnrolments {
  constructor(
    private readonly dataSource: DataSource,
    private readonly seeds: SealedSeeds,
    private readonly mail: Mail,
  ) {}

  async keep(enrolment: PendingEnrolment, mail: MailMessage | null): Promise<void> {
    const { enrolmentId, userId, generation, expiresAt, factor } = enrolment;
    const seed = factor.method === 'totp' ? this.seeds.seal(userId, factor.seed) : null;
    const emailCode = factor.method === 'email' ? factor.emailCode : null;
    try {
      await this.dataSource.transaction(async (tx) => {
        if (!(await isThere(tx, userId))) return;
        await tx.query(
          `INSERT INTO mfa_enrolment
             (user_id, method, enrolment_id, generation, sealed_seed, email_code, attempts_left, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, ${ATTEMPTS}, $7)
           ON CONFLICT (user_id, method) DO UPDATE
             SET enrolment_id = excluded.enrolment_id, generation = excluded.generation,
                 sealed_seed = excluded.sealed_seed, email_code = excluded.email_code,
                 attempts_left = excluded.attempts_left, expires_at = excluded.expires_at`,
          [userId, factor.method, enrolmentId, generation, seed, emailCode, expiresAt],
        );
        if (mail) await this.mail.send(tx, mail);
      });
    } catch (error) {
      throw databaseFailure(error, 'beginning to enrol a second factor');
    }
  }

  async find(userId: UserId, method: MfaMethod, now: Date): Promise<PendingEnrolment | null> {
    const [row] = await this.#query<EnrolmentRow[]>(
      `SELECT enrolment_id, generation, sealed_seed, email_code, expires_at FROM mfa_enrolment
        WHERE user_id = $1 AND method = $2 AND expires_at > $3`,
      [userId, method, now],
    );
    if (!row) return null;
    const { enrolment_id: enrolmentId, generation, expires_at: expiresAt } = row;
    return { enrolmentId, userId, generation, expiresAt, factor: this.#factorIn(row, userId) };
  }

  async charge(enrolmentId: string, now: Date): Promise<boolean> {
    const [, charged] = await this.#query<[unknown[], number]>(
      `UPDATE mfa_enrolment SET attempts_left = attempts_left - 1
        WHERE enrolment_id = $1 AND attempts_left > 0 AND expires_at > $2`,
      [enrolmentId, now],
    );
    return charged > 0;
  }

  async use(tx: Transaction, enrolmentId: string): Promise<boolean> {
    const [, used] = await tx.query<[unknown[], number]>('DELETE FROM mfa_enrolment WHERE enrolment_id = $1', [
      enrolmentId,
    ]);
    return used > 0;
  }

  #factorIn({ sealed_seed: sealed, email_code: emailCode }: EnrolmentRow, userId: UserId): PendingEnrolment['factor'] {
    if (sealed) return { method: 'totp', seed: this.seeds.unseal(userId, sealed) };
    if (emailCode) return { method: 'email', emailCode };
    throw new AppError('service.internal', { internal: `an enrolment of user ${userId} is of no method` });
  }

  async #query<Result>(statement: string, parameters: unknown[]): Promise<Result> {
    try {
      return await this.dataSource.query<Result>(statement, parameters);
    } catch (error) {
      throw databaseFailure(error, 'looking for the enrolment of a second factor');
    }
  }
}
