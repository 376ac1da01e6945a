import { canonicalScope, coversScope, scopesOfRole, type Profile } from '@latchkey/access';
import { AppError } from '@latchkey/kernel';
import type { Role } from '@latchkey/contracts';

/** What somebody has who acts on a workspace. */
export interface Authority {
  /** Theirs in the workspace now; `null`: no member, or suspended. */
  readonly role: Role | null;
  /** The API key by which they act, `null` for a session. */
  readonly key: {
    /** The workspace's; absent: one that this version does not know. */
    readonly profile: Profile | undefined;
    /** In any spelling: those that it has on all assets, as members have theirs. */
    readonly scopes: readonly string[];
  } | null;
}

/**
 * Nobody gives or takes a role above their own: an owner every role, an admin all but the owner's; members and auditors none. An API key
 * gives and takes those whose scopes it has itself: whoever holds a narrow key of an owner would become one otherwise. Being an owner is
 * more than scopes, so that no key gives or takes it.
 * @param roles those that the change gives or takes; empty for a change of the workspace itself
 * @param scopes canonical ones that the change gives besides
 * @throws AppError `auth.forbidden`
 */
export function requireAuthority(
  { role, key }: Authority,
  roles: readonly Role[],
  scopes: readonly string[] = [],
): void {
  if (role !== 'owner' && role !== 'admin') throw forbidden('Only owners and admins of the workspace can do this.');
  const ofOwner = roles.includes('owner');
  if (ofOwner && role !== 'owner') throw forbidden('Only an owner of the workspace can give or take the role of one.');
  if (key === null) return;
  if (ofOwner)
    throw forbidden('The role of an owner is given and taken by a session of an owner, and not by an API key.');
  if (!roles.every((one) => covers(key, one))) {
    throw forbidden('An API key can give and take only a role all of whose scopes it has itself, on all assets.');
  }
  if (!holds(key, scopes))
    throw forbidden('An API key can give only scope sets all of whose scopes it has itself, on all assets.');
}

type Key = NonNullable<Authority['key']>;

const covers = (key: Key, role: Role): boolean =>
  key.profile !== undefined && holds(key, scopesOfRole(key.profile, role));

function holds({ profile, scopes }: Key, required: readonly string[]): boolean {
  if (!profile) return false;
  const held = scopes.flatMap((scope) => canonicalScope(profile, scope) ?? []);
  return required.every((scope) => coversScope(profile, held, scope));
}

const forbidden = (reason: string): AppError => new AppError('auth.forbidden', { public: reason });
