import { ADMIN_SCOPE, assetsWithin, expiryWithin, ipsWithin } from '@latchkey/access';
import { isExpired, liveSecrets, type ActiveKey, type KeyState } from './key';

/*
 * A workspace whose last admin key is gone is lost: nobody is left who could make another one. Nobody but an admin may bring it
 * there, not even by small steps, such as tying one admin key to an address that nobody has, and then revoking the other one.
 */

/** Whether somebody can do everything in the workspace by this key. */
export const administers = (key: KeyState, now: Date): key is ActiveKey =>
  key.status === 'Active' &&
  key.scopes.includes(ADMIN_SCOPE) &&
  !isExpired(key, now) &&
  liveSecrets(key, now).length > 0;

/** Whether a key administered its workspace from more addresses, for more assets, or for longer, than it does after a change. */
export const lessensAdmin = (before: KeyState, after: KeyState, now: Date): before is ActiveKey =>
  administers(before, now) && !(administers(after, now) && reachesAsFar(after, before, now));

/** Whether the workspace can spare what `lessened` was: this is an admin key that reaches as far, or the one that is in use. */
export const standsIn = (key: KeyState, lessened: ActiveKey, inUse: string, now: Date): boolean =>
  administers(key, now) && (key.keyId === inUse || reachesAsFar(key, lessened, now));

const reachesAsFar = (key: ActiveKey, other: ActiveKey, now: Date): boolean =>
  ipsWithin(other.allowedIps, key.allowedIps) &&
  assetsWithin(other.assets, key.assets) &&
  expiryWithin(endOf(other, now), endOf(key, now));

/** When the last of its secrets ends, `null`: never. */
function endOf(key: ActiveKey, now: Date): Date | null {
  const ends = liveSecrets(key, now).map(({ graceUntil }) => graceUntil?.getTime() ?? Infinity);
  const end = Math.min(key.expiresAt?.getTime() ?? Infinity, Math.max(...ends));
  return end === Infinity ? null : new Date(end);
}
