import { decisionsIn, type DecidedSecret, type DecisionTable } from '@latchkey/contracts';

/** One use of one of a key's secrets. */
export interface UseOfKey {
  readonly keyId: string;
  readonly secretNumber: number;
  readonly at: Date;
  /** Null: it was not told. */
  readonly ip: string | null;
  /** What the program calls itself; null: it was not told. */
  readonly userAgent: string | null;
}

/**
 * A key is used by a call that was allowed: who was refused has used nothing, and who only looks at it (cost 0) does not use it; a service token
 * by every call to the check, where the address and the program are not its own.
 */
export function* usesOfKeys(table: DecisionTable): Generator<UseOfKey> {
  for (const { outcome, secret, caller, cost, timeMs, ip, userAgent } of decisionsIn(table)) {
    const at = new Date(timeMs);
    if (outcome === 'allowed' && cost > 0 && isOfKey(secret)) yield { ...used(secret), at, ip, userAgent };
    if (caller?.kind === 'token' && isOfKey(caller.secret))
      yield { ...used(caller.secret), at, ip: null, userAgent: null };
  }
}

type KeysSecret = Extract<DecidedSecret, { keyId: string }>;

const isOfKey = (secret: DecidedSecret | null): secret is KeysSecret => secret !== null && 'keyId' in secret;

const used = ({ keyId, number }: KeysSecret) => ({ keyId, secretNumber: number });
