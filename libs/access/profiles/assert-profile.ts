import { SYSTEM_SCOPES, UNLIMITED_PLAN } from './common';
import type { KeyShape, Plan, Profile, ScopeDefinition } from './profile';

const RANDOM_BITS_MIN = 128;
/** With the prefix, a secret stays within what is looked at as one. */
const CHARACTERS_MAX = 80;
const NAME = /^[a-z0-9-]{1,32}$/;
const NAME_CHARACTERS = 'lower-case letters, digits and hyphens';
const CANONICAL = /^[a-z][a-z0-9_-]{0,39}:[a-z][a-z0-9_-]{0,39}$/;
/** Within what RFC 6749 §3.3 lets a scope have. */
const SPELLING = /^[a-z0-9_:.-]{1,81}$/;
const WINDOW_LENGTHS: Readonly<Record<string, number>> = { second: 1_000, minute: 60_000, day: 86_400_000 };

export const spellingsOf = (scope: ScopeDefinition): readonly string[] => scope.spellings ?? [scope.canonical];

/** Random bits in a key of this profile. */
export const randomBits = ({ key }: Profile): number => key.randomLength * Math.log2(key.alphabet.length);

/** What is wrong with a profile, and where in it: `['scopes', 3]`. */
export interface ProfileProblem {
  readonly at: readonly (keyof Profile | keyof KeyShape | number)[];
  readonly problem: string;
}

/** The place of the first value that was there before; -1: none was. */
const firstRepeat = (values: readonly string[]): number =>
  values.findIndex((value, place) => values.indexOf(value) < place);

function* nameProblems({ name }: Profile): Generator<ProfileProblem> {
  if (!NAME.test(name)) yield { at: ['name'], problem: `the name ${name} is not 1 to 32 ${NAME_CHARACTERS}` };
}

function* keyProblems(profile: Profile): Generator<ProfileProblem> {
  const { prefix, alphabet, randomLength, checksumLength } = profile.key;
  const at = (field: keyof KeyShape, problem: string): ProfileProblem => ({ at: ['key', field], problem });
  if (!/^[a-z0-9]{2,8}$/.test(prefix))
    yield at('prefix', `key prefix ${prefix} is not 2 to 8 lower-case letters and digits`);
  if (!/^[0-9A-Za-z]+$/.test(alphabet))
    yield at('alphabet', 'the key alphabet has other characters than letters and digits');
  const repeat = firstRepeat([...alphabet]);
  if (repeat >= 0) yield at('alphabet', `the key alphabet has ${alphabet.charAt(repeat)} twice`);
  if (randomBits(profile) < RANDOM_BITS_MIN)
    yield at('randomLength', `a key has less than ${RANDOM_BITS_MIN} random bits`);
  if (alphabet.length ** checksumLength < 2 ** 32) yield at('checksumLength', 'the checksum is too short for a CRC-32');
  if (randomLength + checksumLength > CHARACTERS_MAX)
    yield at('randomLength', `a key has more than ${CHARACTERS_MAX} characters after its prefix`);
}

function* scopeProblems({ scopes }: Profile): Generator<ProfileProblem> {
  const byName = new Map(scopes.map((scope) => [scope.canonical, scope]));
  yield* repeatedScopes(scopes);
  if (scopes.filter((scope) => scope.admin).length !== 1)
    yield { at: ['scopes'], problem: 'there must be exactly one admin scope' };
  for (const { canonical } of SYSTEM_SCOPES)
    if (!byName.has(canonical)) yield { at: ['scopes'], problem: `scope ${canonical} is missing` };
  for (const [place, scope] of scopes.entries())
    for (const problem of problemsOfScope(scope, byName)) yield { at: ['scopes', place], problem };
}

function* repeatedScopes(scopes: Profile['scopes']): Generator<ProfileProblem> {
  const names = scopes.map((scope) => scope.canonical);
  const repeatedName = firstRepeat(names);
  if (repeatedName >= 0)
    yield { at: ['scopes', repeatedName], problem: `scope ${names[repeatedName]} is defined twice` };
  const spellings = scopes.flatMap((scope, place) => spellingsOf(scope).map((text) => ({ text, place })));
  const repeated = spellings[firstRepeat(spellings.map(({ text }) => text))];
  if (repeated) yield { at: ['scopes', repeated.place], problem: `${repeated.text} spells two scopes` };
}

function* problemsOfScope(scope: ScopeDefinition, byName: ReadonlyMap<string, ScopeDefinition>): Generator<string> {
  const { canonical } = scope;
  if (!CANONICAL.test(canonical)) yield `scope ${canonical} is not resource:action`;
  for (const text of spellingsOf(scope))
    if (!SPELLING.test(text))
      yield `scope ${canonical} has a spelling that is not of lower-case letters, digits and _ : . -`;
  if (!spellingsOf(scope).includes(canonical)) yield `scope ${canonical} cannot be written as such`;
  for (const part of scope.equals ?? []) {
    const other = byName.get(part);
    if (!other) yield `scope ${canonical} equals ${part}, which is not defined`;
    else if (other.equals || other.admin) yield `scope ${canonical} equals ${part}, which is not a plain scope`;
  }
}

function* planProblems({ plans, defaultPlan }: Profile): Generator<ProfileProblem> {
  const repeat = firstRepeat(plans.map((plan) => plan.name));
  if (repeat >= 0) yield { at: ['plans', repeat], problem: `plan ${plans[repeat]?.name} is defined twice` };
  const unlimited = plans.find((plan) => plan.name === UNLIMITED_PLAN);
  if (!unlimited || unlimited.windows.length > 0)
    yield { at: ['plans'], problem: `plan ${UNLIMITED_PLAN} is missing or has limits` };
  if (defaultPlan === UNLIMITED_PLAN || !plans.some((plan) => plan.name === defaultPlan))
    yield { at: ['defaultPlan'], problem: `the default plan ${defaultPlan} is not a plan with limits` };
  for (const [place, plan] of plans.entries())
    for (const problem of windowProblems(plan)) yield { at: ['plans', place], problem };
}

function* windowProblems({ name, windows }: Plan): Generator<string> {
  if (name !== UNLIMITED_PLAN && windows.length === 0) yield `plan ${name} has no limit`;
  const names = windows.map((window) => window.name);
  const repeat = firstRepeat(names);
  if (repeat >= 0) yield `plan ${name} limits the ${names[repeat]} twice`;
  for (const window of windows) {
    if (WINDOW_LENGTHS[window.name] !== window.lengthMs) yield `plan ${name} has a ${window.name} of wrong length`;
    if (!Number.isSafeInteger(window.limit) || window.limit < 1)
      yield `plan ${name} has a limit that is not a positive integer`;
  }
}

/** Whatever keeps a profile from working. */
export function* problemsOf(profile: Profile): Generator<ProfileProblem> {
  yield* nameProblems(profile);
  yield* keyProblems(profile);
  yield* scopeProblems(profile);
  yield* planProblems(profile);
}

/** Whatever keeps a profile from working beside others. */
export function* problemsBeside(profile: Profile, others: readonly Profile[]): Generator<ProfileProblem> {
  const { prefix } = profile.key;
  if (others.some(({ name }) => name === profile.name))
    yield { at: ['name'], problem: `two profiles have the name ${profile.name}` };
  if (others.some(({ key }) => key.prefix === prefix))
    yield { at: ['key', 'prefix'], problem: `two profiles have the key prefix ${prefix}` };
  yield* ambiguousSpellings(profile, others);
}

/** A token names its scopes, and not its profile. */
function* ambiguousSpellings(profile: Profile, others: readonly Profile[]): Generator<ProfileProblem> {
  const elsewhere = new Map(others.flatMap(({ scopes }) => scopes.flatMap(spelled)));
  for (const [place, scope] of profile.scopes.entries())
    for (const [text, canonical] of spelled(scope)) {
      const other = elsewhere.get(text) ?? canonical;
      if (other !== canonical)
        yield { at: ['scopes', place], problem: `${text} spells ${canonical}, and ${other} in another profile` };
    }
}

const spelled = (scope: ScopeDefinition): readonly (readonly [string, string])[] =>
  spellingsOf(scope).map((text) => [text, scope.canonical]);

/** Refuses a profile that cannot work. @throws Error that names the profile and the first problem found. */
export function assertProfile(profile: Profile): void {
  for (const { problem } of problemsOf(profile)) throw new Error(`profile ${profile.name}: ${problem}`);
}

/** Refuses profiles that cannot work, or not side by side. @throws Error that names the first problem found. */
export function assertProfiles(profiles: readonly Profile[]): void {
  profiles.forEach(assertProfile);
  for (const [place, profile] of profiles.entries())
    for (const { problem } of problemsBeside(profile, profiles.slice(0, place))) throw new Error(problem);
}
