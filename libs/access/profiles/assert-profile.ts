import { SYSTEM_SCOPES, UNLIMITED_PLAN } from './common';
import type { Plan, Profile, ScopeDefinition } from './profile';

const RANDOM_BITS_MIN = 128;
const CANONICAL = /^[a-z]+:[a-z]+$/;
const WINDOW_LENGTHS: Readonly<Record<string, number>> = { second: 1_000, minute: 60_000, day: 86_400_000 };

export const spellingsOf = (scope: ScopeDefinition): readonly string[] => scope.spellings ?? [scope.canonical];

/** Random bits in a key of this profile. */
export const randomBits = ({ key }: Profile): number => key.randomLength * Math.log2(key.alphabet.length);

const firstRepeated = (values: readonly string[]): string | undefined =>
  values.find((value, index) => values.indexOf(value) !== index);

function* keyProblems(profile: Profile): Generator<string> {
  const { prefix, alphabet, checksumLength } = profile.key;
  if (!/^[a-z0-9]{2,8}$/.test(prefix)) yield `key prefix ${prefix} is not 2 to 8 lower-case letters and digits`;
  if (!/^[0-9A-Za-z]+$/.test(alphabet)) yield 'the key alphabet has other characters than letters and digits';
  const repeated = firstRepeated([...alphabet]);
  if (repeated !== undefined) yield `the key alphabet has ${repeated} twice`;
  if (randomBits(profile) < RANDOM_BITS_MIN) yield `a key has less than ${RANDOM_BITS_MIN} random bits`;
  if (alphabet.length ** checksumLength < 2 ** 32) yield 'the checksum is too short for a CRC-32';
}

function* scopeProblems({ scopes }: Profile): Generator<string> {
  const names = scopes.map((scope) => scope.canonical);
  const byName = new Map(scopes.map((scope) => [scope.canonical, scope]));
  const repeatedName = firstRepeated(names);
  if (repeatedName !== undefined) yield `scope ${repeatedName} is defined twice`;
  const repeatedSpelling = firstRepeated(scopes.flatMap(spellingsOf));
  if (repeatedSpelling !== undefined) yield `${repeatedSpelling} spells two scopes`;
  if (scopes.filter((scope) => scope.admin).length !== 1) yield 'there must be exactly one admin scope';
  for (const { canonical } of SYSTEM_SCOPES) if (!byName.has(canonical)) yield `scope ${canonical} is missing`;
  for (const scope of scopes) {
    if (!CANONICAL.test(scope.canonical)) yield `scope ${scope.canonical} is not resource:action`;
    if (!spellingsOf(scope).includes(scope.canonical)) yield `scope ${scope.canonical} cannot be written as such`;
    for (const part of scope.equals ?? []) {
      const other = byName.get(part);
      if (!other) yield `scope ${scope.canonical} equals ${part}, which is not defined`;
      else if (other.equals || other.admin) yield `scope ${scope.canonical} equals ${part}, which is not a plain scope`;
    }
  }
}

function* planProblems({ plans, defaultPlan }: Profile): Generator<string> {
  const repeated = firstRepeated(plans.map((plan) => plan.name));
  if (repeated !== undefined) yield `plan ${repeated} is defined twice`;
  const unlimited = plans.find((plan) => plan.name === UNLIMITED_PLAN);
  if (!unlimited || unlimited.windows.length > 0) yield `plan ${UNLIMITED_PLAN} is missing or has limits`;
  if (defaultPlan === UNLIMITED_PLAN || !plans.some((plan) => plan.name === defaultPlan))
    yield `the default plan ${defaultPlan} is not a plan with limits`;
  for (const plan of plans) yield* windowProblems(plan);
}

function* windowProblems({ name, windows }: Plan): Generator<string> {
  if (name !== UNLIMITED_PLAN && windows.length === 0) yield `plan ${name} has no limit`;
  const repeated = firstRepeated(windows.map((window) => window.name));
  if (repeated !== undefined) yield `plan ${name} limits the ${repeated} twice`;
  for (const window of windows) {
    if (WINDOW_LENGTHS[window.name] !== window.lengthMs) yield `plan ${name} has a ${window.name} of wrong length`;
    if (!Number.isSafeInteger(window.limit) || window.limit < 1)
      yield `plan ${name} has a limit that is not a positive integer`;
  }
}

/** Refuses a profile that cannot work. @throws Error that names the profile and the first problem found. */
export function assertProfile(profile: Profile): void {
  for (const problem of [...keyProblems(profile), ...scopeProblems(profile), ...planProblems(profile)])
    throw new Error(`profile ${profile.name}: ${problem}`);
}

/** Refuses profiles that cannot work, or not side by side. @throws Error that names the first problem found. */
export function assertProfiles(profiles: readonly Profile[]): void {
  profiles.forEach(assertProfile);
  const repeated = firstRepeated(profiles.map((profile) => profile.key.prefix));
  if (repeated !== undefined) throw new Error(`two profiles have the key prefix ${repeated}`);
}
