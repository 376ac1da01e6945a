import type { Profile, ScopeDefinition } from './profiles/profile';
import { spellingsOf } from './profiles/assert-profile';

interface ScopeIndex {
  readonly bySpelling: ReadonlyMap<string, ScopeDefinition>;
  readonly byCanonical: ReadonlyMap<string, ScopeDefinition>;
}

/** One per profile, made when first needed: profiles are constants. */
const indexes = new WeakMap<Profile, ScopeIndex>();

function indexOf(profile: Profile): ScopeIndex {
  const known = indexes.get(profile);
  if (known) return known;
  const index: ScopeIndex = {
    bySpelling: new Map(profile.scopes.flatMap((scope) => spellingsOf(scope).map((text) => [text, scope]))),
    byCanonical: new Map(profile.scopes.map((scope) => [scope.canonical, scope])),
  };
  indexes.set(profile, index);
  return index;
}

/** The canonical form (`resource:action`) of a scope in any spelling of the profile; undefined: the profile has no such scope. */
export const canonicalScope = (profile: Profile, text: string): string | undefined =>
  indexOf(profile).bySpelling.get(text)?.canonical;

export type CanonicalScopes =
  | { readonly kind: 'scopes'; readonly canonical: readonly string[]; readonly asSent: readonly string[] }
  /** An unknown scope is named, never dropped (C1). */
  | { readonly kind: 'unknown'; readonly index: number; readonly text: string };

/**
 * Reads a list of scopes in any mixture of spellings. `canonical` and `asSent` run parallel, in the order sent; a scope that is
 * sent twice, in whatever spelling, is kept once, in the first. Keep `asSent` with a key, to show it as its maker wrote it (C1).
 */
export function canonicalScopes(profile: Profile, texts: readonly string[]): CanonicalScopes {
  const asSentByScope = new Map<string, string>();
  for (const [index, text] of texts.entries()) {
    const canonical = canonicalScope(profile, text);
    if (canonical === undefined) return { kind: 'unknown', index, text };
    if (!asSentByScope.has(canonical)) asSentByScope.set(canonical, text);
  }
  return { kind: 'scopes', canonical: [...asSentByScope.keys()], asSent: [...asSentByScope.values()] };
}

/** The profile's own spelling of a canonical scope, where nobody's spelling is to be kept; a scope it does not know stays as it is. */
export function displayScope(profile: Profile, canonical: string): string {
  const scope = indexOf(profile).byCanonical.get(canonical);
  return (scope && spellingsOf(scope)[0]) ?? canonical;
}

/** The scopes that a picker offers, in the order of the catalogue; hidden ones are left out (C22). */
export const scopeCatalogue = (profile: Profile): readonly ScopeDefinition[] =>
  profile.scopes.filter((scope) => !scope.hidden);

/** Whether the scope is about assets: all are but those of Latchkey's own routes. */
export const concernsAssets = (profile: Profile, canonical: string): boolean =>
  !indexOf(profile).byCanonical.get(canonical)?.system;

/** A form that knows no more than these two (S1-03). */
export interface AccessToggles {
  readonly read: boolean;
  readonly write: boolean;
}

/**
 * What Read and Write stand for, in the profile's own spelling (C26): every scope of that action that can be kept to assets. Those of Latchkey's own
 * routes cannot, so a form that restricts a key to assets gives none of them.
 */
export const scopesOfToggles = (profile: Profile, { read, write }: AccessToggles): readonly string[] =>
  scopeCatalogue(profile)
    .filter(({ system = false }) => !system)
    .filter(({ canonical }) => (read && canonical.endsWith(':read')) || (write && canonical.endsWith(':write')))
    .map(({ canonical }) => displayScope(profile, canonical));

/** A set of canonical scopes, prepared to be asked many times. */
export interface HeldScopes {
  readonly admin: boolean;
  /** Scopes that are sums are replaced by their parts. */
  readonly parts: ReadonlySet<string>;
}

/** The plain scopes that one scope stands for. */
const partsOf = (scope: ScopeDefinition): readonly string[] => scope.equals ?? [scope.canonical];

/** A scope that the profile does not know grants nothing. */
export function holdScopes(profile: Profile, canonical: readonly string[]): HeldScopes {
  const { byCanonical } = indexOf(profile);
  const held = canonical.map((name) => byCanonical.get(name)).filter((scope) => scope !== undefined);
  return { admin: held.some((scope) => scope.admin), parts: new Set(held.flatMap(partsOf)) };
}

/**
 * Whether one of the held sets, or all of them together, cover a scope. The admin scope covers every scope of the profile; write
 * does not include read (C3); a sum is covered by all of its parts, never by some (C2); an unknown scope is never covered.
 */
export function holdingsCover(profile: Profile, held: readonly HeldScopes[], required: string): boolean {
  const scope = indexOf(profile).byCanonical.get(required);
  if (!scope) return false;
  if (held.some(({ admin }) => admin)) return true;
  return partsOf(scope).every((part) => held.some(({ parts }) => parts.has(part)));
}

/** What two lists of canonical scopes both cover, as far as scopes of either can say it. */
export function scopesInCommon(profile: Profile, one: readonly string[], other: readonly string[]): readonly string[] {
  const within = (some: readonly string[], holder: readonly string[]) => {
    const held = [holdScopes(profile, holder)];
    return some.filter((scope) => holdingsCover(profile, held, scope));
  };
  return [...new Set([...within(one, other), ...within(other, one)])];
}

/** Whether canonical scopes cover one more. */
export const coversScope = (profile: Profile, held: readonly string[], required: string): boolean =>
  holdingsCover(profile, [holdScopes(profile, held)], required);
