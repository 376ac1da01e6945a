import type { AccessTokenRef, ClientSubject, GrantedSubject, Role, ScopeSetSubject } from '@latchkey/contracts';
import { ipMatcher, type IpMatcher } from '../ip/ip-list';
import type { Profile } from '../profiles/profile';
import { scopesOfRole, scopesWithinRole } from '../roles';
import { canonicalScope, displayScope, holdScopes, type HeldScopes } from '../scopes';
import type { MemberRights } from './members';

/** What a check asks of a body, prepared once: bodies live for many checks, and reading lists of ranges is slow. */
export interface CompiledGrant {
  readonly holds: HeldScopes;
  /** Null: any address. */
  readonly allowsIp: IpMatcher | null;
  /** Null: all. */
  readonly assets: ReadonlySet<string> | null;
  /** As the profile spells them. */
  readonly displayedScopes: readonly string[];
}

const compileGrant = (profile: Profile, granted: GrantedSubject): CompiledGrant => ({
  holds: holdScopes(profile, granted.scopes),
  allowsIp: granted.allowedIps.length === 0 ? null : ipMatcher(granted.allowedIps),
  assets: granted.assets === 'all' ? null : new Set(granted.assets),
  displayedScopes: granted.scopes.map((scope) => displayScope(profile, scope)),
});

/** What a session may do. */
export type CompiledRole = Pick<CompiledGrant, 'holds' | 'displayedScopes'>;

const compileRole = (profile: Profile, role: Role): CompiledRole => {
  const scopes = scopesOfRole(profile, role);
  return { holds: holdScopes(profile, scopes), displayedScopes: scopes.map((scope) => displayScope(profile, scope)) };
};

/** One per profile and role, made when first needed: both are constants. */
const roles = new WeakMap<Profile, Map<Role, CompiledRole>>();

export function compiledRole(profile: Profile, role: Role): CompiledRole {
  const known = roles.get(profile)?.get(role);
  if (known) return known;
  const compiled = compileRole(profile, role);
  roles.set(profile, (roles.get(profile) ?? new Map<Role, CompiledRole>()).set(role, compiled));
  return compiled;
}

/** Remembers a result for as long as its body is in use. A body belongs to one workspace, and that to one profile for ever. */
function remembered<Body extends object, Result>(compile: (profile: Profile, body: Body) => Result) {
  const results = new WeakMap<Body, { readonly profile: Profile; readonly result: Result }>();
  return (profile: Profile, body: Body): Result => {
    const known = results.get(body);
    if (known?.profile === profile) return known.result;
    const result = compile(profile, body);
    results.set(body, { profile, result });
    return result;
  };
}

export const compiledGrant = remembered(compileGrant);

const displayWithin = (role: Role) =>
  remembered((profile: Profile, { scopes }: GrantedSubject): readonly string[] =>
    scopesWithinRole(profile, scopes, role).map((scope) => displayScope(profile, scope)),
  );

/** The key's or client's scopes that are left to a member of a role, as the profile spells them. */
export const displayedWithin: Readonly<Record<Role, ReturnType<typeof displayWithin>>> = {
  owner: displayWithin('owner'),
  admin: displayWithin('admin'),
  member: displayWithin('member'),
  auditor: displayWithin('auditor'),
};

/** What a token was issued for, in canonical scopes. What the profile does not know it was not issued for. */
export const compiledToken = remembered((profile: Profile, { scopes }: AccessTokenRef) => {
  const canonical = scopes.map((text) => canonicalScope(profile, text)).filter((scope) => scope !== undefined);
  return { scopes: canonical, holds: holdScopes(profile, canonical) };
});

const revoked = new WeakMap<ClientSubject, ReadonlySet<string>>();

/** `jti` of the client's tokens that were revoked one by one. */
export function revokedTokens(client: ClientSubject): ReadonlySet<string> {
  const known = revoked.get(client);
  if (known) return known;
  const all = new Set(client.revokedTokens.map(({ jti }) => jti));
  revoked.set(client, all);
  return all;
}

export const compiledScopeSet = remembered((profile: Profile, set: ScopeSetSubject) => holdScopes(profile, set.scopes));

/** What a member may do, by their role and by what they have been given besides. */
export const compiledMember = (profile: Profile, { role, sets }: MemberRights): readonly HeldScopes[] => [
  compiledRole(profile, role).holds,
  ...sets.map((set) => compiledScopeSet(profile, set)),
];
