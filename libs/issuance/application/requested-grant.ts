import { AppError } from '@latchkey/kernel';
import { canonicalScopes, parseIpRange, planByName, type Profile } from '@latchkey/access';
import type { KeyChanges } from '../domain/key/commands';

/** What a request asks for besides scopes, in its own words. */
export interface RequestedGrant {
  readonly allowedIps?: readonly string[] | undefined;
  readonly plan?: string | undefined;
}

/** @throws AppError `key.invalid_ip` or `key.unknown_plan`, with the field and what was sent */
export function readGrant(
  profile: Profile,
  { allowedIps, plan }: RequestedGrant,
): Pick<KeyChanges, 'allowedIps' | 'plan'> {
  return {
    ...(allowedIps && { allowedIps: readIps(allowedIps) }),
    ...(plan !== undefined && { plan: readPlan(profile, plan) }),
  };
}

/** @throws AppError `key.unknown_scope` with the field and what was sent: an unknown scope is never dropped (C1) */
export function readScopes(profile: Profile, texts: readonly string[]): NonNullable<KeyChanges['scopes']> {
  const read = canonicalScopes(profile, texts);
  if (read.kind === 'scopes') return read;
  throw new AppError('key.unknown_scope', {
    field: `scopes.${read.index}`,
    public: `Unknown scope ${JSON.stringify(read.text)}.`,
  });
}

function readIps(texts: readonly string[]): readonly string[] {
  const ranges = texts.map((text, index) => {
    const read = parseIpRange(text);
    if (read.kind === 'range') return read.range.text;
    const hint = read.kind === 'host_bits' ? ` Did you mean ${read.suggestion}?` : '';
    throw new AppError('key.invalid_ip', {
      field: `allowed_ips.${index}`,
      public: `${JSON.stringify(text)} is not an IP address or CIDR range.${hint}`,
    });
  });
  return [...new Set(ranges)];
}

function readPlan(profile: Profile, name: string): string {
  if (planByName(profile, name)) return name;
  throw new AppError('key.unknown_plan', { field: 'plan', public: `Unknown plan ${JSON.stringify(name)}.` });
}
