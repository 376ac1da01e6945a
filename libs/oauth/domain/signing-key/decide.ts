import type { SigningKeyEvent } from '@latchkey/contracts';
import { AppError, assertNever } from '@latchkey/kernel';
import { TOKEN_LIFETIME_SECONDS_MAX } from '../token-lifetime';
import type { KeepKeys, RevokeKey, RotateKeys, SigningKeyCommand } from './commands';
import {
  activeKey,
  evolve,
  keysOf,
  type KeyOf,
  type PublicSigningKey,
  type SigningAlgorithm,
  type SigningKeys,
} from './signing-keys';

/** How long a key signs. */
export const SIGNS_FOR_MS = 90 * 86_400_000;
/** How long a key is known before it signs: longer than anybody keeps what is published of keys (RFC 9700 has verifiers cache it). */
export const KNOWN_BEFORE_MS = 15 * 60_000;
/** How long a key that signs no more still verifies: the longest life of a token, and some time for processes to hear of it. */
export const VERIFIES_AFTER_MS = TOKEN_LIFETIME_SECONDS_MAX * 1_000 + 5 * 60_000;
/** How long a published key waits while another algorithm is asked for, as by two versions of a setting during an upgrade. */
const WAITS_FOR_MS = 86_400_000;

/**
 * The life of signing keys: published ▸ active, one at a time ▸ retired ▸ dropped. There is always one that is published and does not sign yet, so
 * that another can take over at any moment whose public part is known already. @throws AppError `signing_key.not_found`,
 * `signing_key.next_too_new`
 */
export function decide(command: SigningKeyCommand, state: SigningKeys): readonly SigningKeyEvent[] {
  switch (command.type) {
    case 'KeepKeys':
      return keepKeys(command, state);
    case 'RotateKeys':
      return rotateKeys(command, state);
    case 'RevokeKey':
      return revokeKey(command, state);
    default:
      return assertNever(command);
  }
}

/** How many new keys `KeepKeys` would publish. */
export function keysMissing(command: Omit<KeepKeys, 'made'>, state: SigningKeys): number {
  const change = new Change(state, command.now);
  takeOver(change, command, () => null);
  return (activeKey(change.state) ? 0 : 1) + (nextKey(change.state, command.algorithm) ? 0 : 1);
}

function keepKeys(command: KeepKeys, state: SigningKeys): readonly SigningKeyEvent[] {
  const { algorithm, made, now } = command;
  const change = new Change(state, now);
  const spare = made.filter((key) => key.algorithm === algorithm);
  dropOld(change, algorithm);
  takeOver(change, command, () => publish(change, spare.shift()));
  if (!nextKey(change.state, algorithm)) publish(change, spare.shift());
  return change.events;
}

function dropOld(change: Change, algorithm: SigningAlgorithm): void {
  for (const { kid, retiredAt } of keysOf(change.state, 'Retired')) {
    if (change.ageMs(retiredAt) >= VERIFIES_AFTER_MS) change.drop(kid);
  }
  for (const { kid, algorithm: other, publishedAt } of keysOf(change.state, 'Published')) {
    if (other !== algorithm && change.ageMs(publishedAt) >= WAITS_FOR_MS) change.drop(kid);
  }
}

/** The next key signs when the one that does has done so for long enough, is of another algorithm, or is gone. */
function takeOver(
  change: Change,
  { algorithm }: Pick<KeepKeys, 'algorithm'>,
  publishNew: () => PublicSigningKey | null,
): void {
  const active = activeKey(change.state);
  const next = nextKey(change.state, algorithm);
  if (active === undefined) {
    // Nobody can have known a key before the first one; and after a revocation any is better than none.
    const key = next ?? publishNew();
    if (key) change.activate(key.kid, 'scheduled');
    return;
  }
  const due = active.algorithm !== algorithm || change.ageMs(active.activatedAt) >= SIGNS_FOR_MS;
  if (due && next && isKnown(change, next)) change.replace(active.kid, next.kid, 'scheduled');
}

const nextKey = (state: SigningKeys, algorithm: SigningAlgorithm): KeyOf<'Published'> | undefined =>
  keysOf(state, 'Published').find((key) => key.algorithm === algorithm);

const isKnown = (change: Change, { publishedAt }: KeyOf<'Published'>): boolean =>
  change.ageMs(publishedAt) >= KNOWN_BEFORE_MS;

function publish(change: Change, key: PublicSigningKey | undefined): PublicSigningKey | null {
  if (key === undefined) return null;
  change.publish(key);
  return key;
}

function rotateKeys({ now }: RotateKeys, state: SigningKeys): readonly SigningKeyEvent[] {
  const change = new Change(state, now);
  const active = activeKey(state);
  const next = active && nextKey(state, active.algorithm);
  if (!active || !next || !isKnown(change, next)) {
    const knownInMs = KNOWN_BEFORE_MS - (next ? change.ageMs(next.publishedAt) : 0);
    throw new AppError('signing_key.next_too_new', { retryAfterSeconds: Math.max(1, Math.ceil(knownInMs / 1_000)) });
  }
  change.replace(active.kid, next.kid, 'requested');
  return change.events;
}

/** Its successor signs at once, however lately it was published: a token that some cannot verify yet is better than one that anybody may forge. */
function revokeKey({ kid, now }: RevokeKey, state: SigningKeys): readonly SigningKeyEvent[] {
  const key = state.keys.find((one) => one.kid === kid);
  if (!key) throw new AppError('signing_key.not_found');
  const change = new Change(state, now);
  // Nothing that a dropped key signs is good either.
  if (key.status === 'Revoked' || key.status === 'Dropped') return [];
  change.revoke(kid);
  const next = nextKey(change.state, key.algorithm);
  if (key.status === 'Active' && next) change.activate(next.kid, 'revoked');
  return change.events;
}

/** Events one after another, and what they lead to. */
class Change {
  readonly events: SigningKeyEvent[] = [];
  readonly #at: string;

  constructor(
    public state: SigningKeys,
    private readonly now: Date,
  ) {
    this.#at = now.toISOString();
  }

  ageMs(since: Date): number {
    return this.now.getTime() - since.getTime();
  }

  publish({ kid, algorithm, jwk }: PublicSigningKey): void {
    this.#add({ type: 'latchkey.signing_key.published.v1', data: { kid, algorithm, jwk, publishedAt: this.#at } });
  }

  activate(kid: string, reason: 'scheduled' | 'requested' | 'revoked'): void {
    this.#add({ type: 'latchkey.signing_key.activated.v1', data: { kid, reason, activatedAt: this.#at } });
  }

  replace(former: string, next: string, reason: 'scheduled' | 'requested'): void {
    this.#add({ type: 'latchkey.signing_key.retired.v1', data: { kid: former, retiredAt: this.#at } });
    this.activate(next, reason);
  }

  drop(kid: string): void {
    this.#add({ type: 'latchkey.signing_key.dropped.v1', data: { kid, droppedAt: this.#at } });
  }

  revoke(kid: string): void {
    this.#add({ type: 'latchkey.signing_key.revoked.v1', data: { kid, revokedAt: this.#at } });
  }

  #add(event: SigningKeyEvent): void {
    this.events.push(event);
    this.state = evolve(this.state, event);
  }
}
