import { AppError, type ErrorCode } from '@latchkey/kernel';
import { parseIpRange } from './ip/ip-range';
import { planByName } from './plans';
import type { Profile } from './profiles/profile';
import { canonicalScopes, type CanonicalScopes } from './scopes';

/*
 * Reads what a request asks to be granted, in the words of its sender. What cannot be read is refused with the caller's own code, the field,
 * and what was sent: an unknown scope is never dropped (C1).
 */

export type ReadScopes = Extract<CanonicalScopes, { kind: 'scopes' }>;

/** @throws AppError of the code, with `scopes.<n>` as its field */
export function readScopes(profile: Profile, texts: readonly string[], code: ErrorCode): ReadScopes {
  const read = canonicalScopes(profile, texts);
  if (read.kind === 'scopes') return read;
  throw new AppError(code, { field: `scopes.${read.index}`, public: `Unknown scope ${JSON.stringify(read.text)}.` });
}

/** In normal form, each once. @throws AppError of the code, with `allowed_ips.<n>` as its field */
export function readIps(texts: readonly string[], code: ErrorCode): readonly string[] {
  const ranges = texts.map((text, index) => {
    const read = parseIpRange(text);
    if (read.kind === 'range') return read.range.text;
    const hint = read.kind === 'host_bits' ? ` Did you mean ${read.suggestion}?` : '';
    throw new AppError(code, {
      field: `allowed_ips.${index}`,
      public: `${JSON.stringify(text)} is not an IP address or CIDR range.${hint}`,
    });
  });
  return [...new Set(ranges)];
}

/** @throws AppError of the code, with `plan` as its field */
export function readPlan(profile: Profile, name: string, code: ErrorCode): string {
  if (planByName(profile, name)) return name;
  throw new AppError(code, { field: 'plan', public: `Unknown plan ${JSON.stringify(name)}.` });
}

/** Ids of assets, each once, in order. What they are is their service's business. */
export const readAssets = (assets: 'all' | readonly string[]): 'all' | readonly string[] =>
  assets === 'all' ? assets : [...new Set(assets)].sort();
