/** One of a credential's secrets. Whether its grace period is over is a question of the time, not of the state. */
export interface HeldSecret {
  /** From 1; never used again. */
  readonly number: number;
  readonly createdAt: Date;
  /** End of its grace period, `null` for the current one. */
  readonly graceUntil: Date | null;
}

export const liveSecrets = (secrets: readonly HeldSecret[], now: Date): readonly HeldSecret[] =>
  secrets.filter(({ graceUntil }) => graceUntil === null || graceUntil > now);

export interface SecretRotation {
  /** How long the secret that is replaced still passes: 0 to 720 h (C28). 0 ends it, and all older ones, at once. */
  readonly gracePeriodMs: number;
  /** Whether the newest secret is known to be in nobody's hands (C31). */
  readonly lost: boolean;
  readonly now: Date;
}

export interface RotatedSecrets {
  /** Numbers of those that end at once. */
  readonly ended: readonly number[];
  /** Number of the newest one that lived, undefined: none did. */
  readonly replaced: number | undefined;
  /** When that one ends. */
  readonly graceUntil: Date;
}

/**
 * What a new secret does to those before it. At most two live at a time: rotating again inside a grace period ends the oldest, unless the
 * newest was lost, which then costs nobody anything.
 */
export function rotateSecrets(
  secrets: readonly HeldSecret[],
  lastNumber: number,
  { gracePeriodMs, lost, now }: SecretRotation,
): RotatedSecrets {
  const live = liveSecrets(secrets, now);
  const replaced = live.at(-1);
  const inNobodysHands = lost && replaced?.number === lastNumber;
  // Grace 0 says that nothing older may pass (C8), whatever an earlier rotation promised.
  const ended = inNobodysHands && gracePeriodMs > 0 ? [] : live.slice(0, -1);
  const graceEnd = inNobodysHands ? now.getTime() : now.getTime() + gracePeriodMs;
  // A secret that is already in its grace period (its successor was revoked) gets no longer one.
  const graceUntil = new Date(replaced ? Math.min(graceEnd, replaced.graceUntil?.getTime() ?? graceEnd) : now);
  return { ended: ended.map(({ number }) => number), replaced: replaced?.number, graceUntil };
}

/** The secrets after a rotation: `old` lives until `graceUntil`, others keep their time, and what has ended is forgotten. */
export function afterRotation(
  secrets: readonly HeldSecret[],
  rotation: { readonly old: number; readonly number: number; readonly graceUntil: Date; readonly at: Date },
): readonly HeldSecret[] {
  const { old, number, graceUntil, at } = rotation;
  const kept = secrets
    .map((secret) => (secret.number === old ? { ...secret, graceUntil } : secret))
    .filter((secret) => secret.graceUntil !== null && secret.graceUntil > at);
  return [...kept, { number, createdAt: at, graceUntil: null }];
}

/** Secrets as a column of JSON has them. */
export interface SecretRecord {
  readonly number: number;
  readonly created_at: string;
  readonly grace_until: string | null;
}

export const secretRecord = ({ number, createdAt, graceUntil }: HeldSecret): SecretRecord => ({
  number,
  created_at: createdAt.toISOString(),
  grace_until: graceUntil?.toISOString() ?? null,
});

export const heldSecret = (record: SecretRecord): HeldSecret => ({
  number: record.number,
  createdAt: new Date(record.created_at),
  graceUntil: record.grace_until === null ? null : new Date(record.grace_until),
});
