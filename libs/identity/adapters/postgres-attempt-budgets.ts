import { createHmac } from 'node:crypto';
import { databaseFailure } from '@latchkey/event-store';
import type { Secret } from '@latchkey/kernel';
import { derivedKey } from '@latchkey/platform';
import type { DataSource, EntityManager } from 'typeorm';
import {
  ATTEMPT_LIMITS,
  type AttemptBudgets,
  type AttemptCharge,
  type AttemptKind,
  type BudgetRef,
  type ChargedBudget,
} from '../application/attempts';
import { charge, type Budget, type BudgetLimit } from '../domain/attempts/budget';

export type AttemptLimits = Readonly<Record<AttemptKind, BudgetLimit>>;

/** Each charge makes room for several, so that the table holds little but the counts that run. */
const FORGOTTEN_AT_ONCE = 10;

interface BudgetRow {
  readonly spent: number;
  readonly began_at: Date;
  readonly resets_at: Date;
}

/**
 * In the table `attempt_budget`, under keyed digests: who has only the table cannot find out whose addresses are in it by trying them. Whoever changes the same rows waits for the one before, and all take them in one order: nobody waits in a circle.
 */
export class PostgresAttemptBudgets implements AttemptBudgets {
  readonly #key: Buffer;

  constructor(
    private readonly dataSource: DataSource,
    masterKey: Secret,
    private readonly limits: AttemptLimits = ATTEMPT_LIMITS,
  ) {
    this.#key = derivedKey(masterKey, 'latchkey/identity/attempts/v1');
  }

  async charge(budgets: readonly BudgetRef[], now: Date): Promise<AttemptCharge> {
    try {
      return await this.dataSource.transaction((tx) => this.#chargeIn(tx, budgets, now));
    } catch (error) {
      throw databaseFailure(error, 'charging an attempt');
    }
  }

  async giveBack(charged: readonly ChargedBudget[]): Promise<void> {
    await this.#change(
      `WITH taken AS (
         SELECT b.digest, c.began_at
           FROM unnest($1::bytea[], $2::timestamptz[]) WITH ORDINALITY AS c (digest, began_at, place)
           JOIN attempt_budget b ON b.digest = c.digest ORDER BY c.place FOR UPDATE OF b)
       UPDATE attempt_budget b SET spent = b.spent - 1 FROM taken
        WHERE b.digest = taken.digest AND b.began_at = taken.began_at AND b.spent > 0`,
      [charged.map(this.#digestOf), charged.map(({ beganAt }) => beganAt)],
    );
  }

  async reset(budgets: readonly BudgetRef[]): Promise<void> {
    await this.#change(
      `WITH taken AS (
         SELECT b.digest FROM unnest($1::bytea[]) WITH ORDINALITY AS c (digest, place)
           JOIN attempt_budget b ON b.digest = c.digest ORDER BY c.place FOR UPDATE OF b)
       DELETE FROM attempt_budget b USING taken WHERE b.digest = taken.digest`,
      [budgets.map(this.#digestOf)],
    );
  }

  async #chargeIn(tx: EntityManager, budgets: readonly BudgetRef[], now: Date): Promise<AttemptCharge> {
    const rows = await lockedRows(tx, budgets.map(this.#digestOf), now);
    const charges = budgets.map((ref, index) => ({
      ref,
      charge: charge(budgetOf(rows[index]), this.limits[ref.kind], now),
    }));
    const refusals = charges.flatMap((each) => (each.charge.kind === 'refused' ? [each.charge.until.getTime()] : []));
    if (refusals.length > 0) return { kind: 'refused', until: new Date(Math.max(...refusals)) };
    const charged = charges.flatMap(({ ref, charge }) =>
      charge.kind === 'charged' ? [{ ...ref, ...charge.budget, locks: charge.locks }] : [],
    );
    await write(tx, charged, charged.map(this.#digestOf), now);
    return { kind: 'charged', budgets: charged };
  }

  readonly #digestOf = ({ kind, subject }: BudgetRef): Buffer =>
    createHmac('sha256', this.#key).update(`${kind} ${subject}`).digest();

  async #change(statement: string, parameters: readonly unknown[]): Promise<void> {
    try {
      await this.dataSource.query(statement, [...parameters]);
    } catch (error) {
      throw databaseFailure(error, 'changing attempts');
    }
  }
}

const budgetOf = (row: BudgetRow | undefined): Budget | null =>
  row ? { spent: row.spent, beganAt: row.began_at, resetsAt: row.resets_at } : null;

/** A row for each, new or not, locked one after the other in the order given: the update changes nothing and takes the lock. */
async function lockedRows(tx: EntityManager, digests: readonly Buffer[], now: Date): Promise<readonly BudgetRow[]> {
  const rows = await tx.query<(BudgetRow & { digest: Buffer })[]>(
    `INSERT INTO attempt_budget (digest, spent, began_at, resets_at)
     SELECT digest, 0, $2, $2 FROM unnest($1::bytea[]) WITH ORDINALITY AS given (digest, place) ORDER BY place
     ON CONFLICT (digest) DO UPDATE SET spent = attempt_budget.spent
     RETURNING digest, spent, began_at, resets_at`,
    [digests, now],
  );
  return digests.flatMap((digest) => rows.filter((row) => row.digest.equals(digest)));
}

async function write(
  tx: EntityManager,
  charged: readonly ChargedBudget[],
  digests: readonly Buffer[],
  now: Date,
): Promise<void> {
  await tx.query(
    `UPDATE attempt_budget b SET spent = c.spent, began_at = c.began_at, resets_at = c.resets_at
       FROM unnest($1::bytea[], $2::integer[], $3::timestamptz[], $4::timestamptz[]) AS c (digest, spent, began_at, resets_at)
      WHERE b.digest = c.digest`,
    [
      digests,
      charged.map(({ spent }) => spent),
      charged.map(({ beganAt }) => beganAt),
      charged.map(({ resetsAt }) => resetsAt),
    ],
  );
  await tx.query(
    `DELETE FROM attempt_budget WHERE digest IN (
       SELECT digest FROM attempt_budget WHERE resets_at < $1 ORDER BY resets_at LIMIT ${FORGOTTEN_AT_ONCE} FOR UPDATE SKIP LOCKED)`,
    [now],
  );
}
