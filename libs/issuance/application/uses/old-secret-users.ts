import { secretIdOf, type DecisionTable } from '@latchkey/contracts';
import type { KeyId } from '@latchkey/kernel';
import { usesOfKeys } from './uses-of-keys';

/** Uses of one secret from one address by one program. */
export interface UsesOfSecret {
  readonly firstUsedAt: Date;
  readonly lastUsedAt: Date;
  readonly count: number;
}

export interface SecretUser extends UsesOfSecret {
  /** Null: it was not told. */
  readonly ip: string | null;
  /** What the program calls itself; null: it was not told. */
  readonly userAgent: string | null;
}

/** Who uses an old secret of a key. */
export interface OldSecretUsers {
  /** The latest first, at most `USERS_MAX`. */
  readonly each: readonly SecretUser[];
  /** All others together, null: there are none. */
  readonly others: UsesOfSecret | null;
}

/** Rows for one secret: whoever makes up a name for each call shall not fill the table. */
export const USERS_MAX = 50;

/** A batch of decisions, as the boot of a node numbered it. */
export interface BatchRef {
  readonly boot: string;
  /** From 1, without gaps. */
  readonly position: number;
}

/** By whom the old secret of a key was used. */
export interface OldSecretUse {
  readonly keyId: string;
  readonly users: readonly SecretUser[];
}

/** Who uses secrets in their grace periods, until those end. */
export interface OldSecretUses {
  /** Ids of those of the secrets that are in a grace period. */
  among(secrets: readonly { readonly keyId: string; readonly secretNumber: number }[]): Promise<ReadonlySet<string>>;
  /** Counts each batch once, however often it comes. */
  count(batch: BatchRef, uses: readonly OldSecretUse[]): Promise<void>;
  of(keyId: KeyId): Promise<OldSecretUsers>;
}

/** Who has used these secrets, by the decisions of a batch. */
export function usersIn(table: DecisionTable, secretIds: ReadonlySet<string>): OldSecretUse[] {
  const uses = new Map<string, Map<string, SecretUser>>();
  for (const { keyId, secretNumber, at, ip, userAgent } of usesOfKeys(table)) {
    if (!secretIds.has(secretIdOf(keyId, secretNumber))) continue;
    const users = uses.get(keyId) ?? new Map<string, SecretUser>();
    uses.set(keyId, users);
    const one: SecretUser = { ip, userAgent, firstUsedAt: at, lastUsedAt: at, count: 1 };
    const before = users.get(nameOf(one));
    users.set(nameOf(one), before ? { ...one, ...together(before, one) } : one);
  }
  return [...uses].map(([keyId, users]) => ({ keyId, users: [...users.values()] }));
}

/** Those who have a row of their own, or still get one, and all others as one. */
export function withinBound(known: readonly Pick<SecretUser, 'ip' | 'userAgent'>[], users: readonly SecretUser[]) {
  const names = new Set(known.map(nameOf));
  const each: SecretUser[] = [];
  let others: UsesOfSecret | null = null;
  for (const user of users) {
    if (names.has(nameOf(user)) || names.size < USERS_MAX) {
      names.add(nameOf(user));
      each.push(user);
    } else others = others ? together(others, user) : user;
  }
  return { each, others };
}

const nameOf = ({ ip, userAgent }: Pick<SecretUser, 'ip' | 'userAgent'>): string => JSON.stringify([ip, userAgent]);

const together = (one: UsesOfSecret, other: UsesOfSecret): UsesOfSecret => ({
  firstUsedAt: one.firstUsedAt < other.firstUsedAt ? one.firstUsedAt : other.firstUsedAt,
  lastUsedAt: one.lastUsedAt > other.lastUsedAt ? one.lastUsedAt : other.lastUsedAt,
  count: one.count + other.count,
});
