import { databaseFailure } from '@latchkey/event-store';
import { userId, workspaceId, type Secret } from '@latchkey/kernel';
import { createHash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type { MfaChallengeStore, NewChallenge, PendingChallenge } from '../application/mfa-ports';
import type { Mail, Transaction } from '../application/ports';
import { isThere } from './personal-data';

/** For so many codes a challenge or an enrolment lasts, however many of them come at once. */
export const ATTEMPTS = 5;

/** Each new row makes room for several, so that the table holds little but those that can still be used. */
const FORGOTTEN_AT_ONCE = 10;

interface ChallengeRow {
  readonly user_id: string;
  readonly workspace_id: string;
  readonly generation: number;
  readonly email_code: Buffer | null;
  readonly expires_at: Date;
}

const digestOf = (token: Secret): Buffer => createHash('sha256').update(token.reveal()).digest();

/** In the table `mfa_challenge`. */
export class PostgresMfaChallenges implements MfaChallengeStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly mail: Mail,
  ) {}

  async keep(challenge: NewChallenge): Promise<void> {
    const { token, userId: user, workspaceId: workspace, generation, emailCode, expiresAt, mail, begunAt } = challenge;
    try {
      await this.dataSource.transaction(async (tx) => {
        if (!(await isThere(tx, user))) return;
        await tx.query(
          `INSERT INTO mfa_challenge (token_sha256, user_id, workspace_id, generation, email_code, attempts_left, expires_at)
           VALUES ($1, $2, $3, $4, $5, ${ATTEMPTS}, $6)`,
          [digestOf(token), user, workspace, generation, emailCode, expiresAt],
        );
        if (mail) await this.mail.send(tx, mail);
        await tx.query(
          `DELETE FROM mfa_challenge WHERE token_sha256 IN (
             SELECT token_sha256 FROM mfa_challenge WHERE expires_at < $1 ORDER BY expires_at
              LIMIT ${FORGOTTEN_AT_ONCE} FOR UPDATE SKIP LOCKED)`,
          [begunAt],
        );
      });
    } catch (error) {
      throw databaseFailure(error, 'asking for a second factor');
    }
  }

  async find(token: Secret, now: Date): Promise<PendingChallenge | null> {
    const [row] = await this.#query<ChallengeRow[]>(
      `SELECT user_id, workspace_id, generation, email_code, expires_at FROM mfa_challenge
        WHERE token_sha256 = $1 AND expires_at > $2`,
      [digestOf(token), now],
    );
    return row ? pending(row) : null;
  }

  async charge(token: Secret, now: Date): Promise<boolean> {
    const [, charged] = await this.#query<[unknown[], number]>(
      `UPDATE mfa_challenge SET attempts_left = attempts_left - 1
        WHERE token_sha256 = $1 AND attempts_left > 0 AND expires_at > $2`,
      [digestOf(token), now],
    );
    return charged > 0;
  }

  /** Who comes second waits for the one who deletes the row, and finds none. */
  async use(tx: Transaction, token: Secret): Promise<boolean> {
    const [, used] = await tx.query<[unknown[], number]>('DELETE FROM mfa_challenge WHERE token_sha256 = $1', [
      digestOf(token),
    ]);
    return used > 0;
  }

  async #query<Result>(statement: string, parameters: unknown[]): Promise<Result> {
    try {
      return await this.dataSource.query<Result>(statement, parameters);
    } catch (error) {
      throw databaseFailure(error, 'looking for who is to show a second factor');
    }
  }
}

const pending = (row: ChallengeRow): PendingChallenge => ({
  userId: userId(row.user_id),
  workspaceId: workspaceId(row.workspace_id),
  generation: row.generation,
  emailCode: row.email_code,
  expiresAt: row.expires_at,
});
