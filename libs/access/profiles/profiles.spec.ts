import { randomBytes } from 'node:crypto';
import { formatKey, parseKey } from '../key-format';
import { maskKeys } from '../mask-keys';
import { planWindows } from '../plans';
import { canonicalScope, scopeCatalogue } from '../scopes';
import { assertProfile, assertProfiles } from './assert-profile';
import { SYSTEM_SCOPES } from './common';
import type { Profile } from './profile';
import { addProfiles, allProfiles, profileByName, profileOfPrefix, PROFILES } from './registry';
import { s4e } from './s4e';
import { slaunch } from './slaunch';
import { zshield } from './zshield';

describe('profiles', () => {
  it.each(PROFILES)('$name is found by its name and by the prefix of its keys', (profile) => {
    expect(profileByName(profile.name)).toBe(profile);
    expect(profileOfPrefix(profile.key.prefix)).toBe(profile);
  });

  it.each(PROFILES)('$name has the scopes of the system routes (C22) and an admin scope', (profile) => {
    const names = profile.scopes.map(({ canonical }) => canonical);
    expect(names).toEqual(expect.arrayContaining([...SYSTEM_SCOPES.map(({ canonical }) => canonical), 'admin:full']));
  });

  it('S4E knows the 13 scopes of one document and the 10 of the other', () => {
    const keys =
      'read:assets write:assets read:scans write:scans read:findings write:findings read:actions write:actions read:playbooks write:playbooks read:webhooks write:webhooks admin';
    const tokens =
      'assets:read assets:write scans:read scans:write findings:read findings:write reports:read actions:execute webhooks:manage admin:full';
    const texts = [...keys.split(' '), ...tokens.split(' ')];
    expect(texts.filter((text) => canonicalScope(s4e, text) === undefined)).toEqual([]);
  });

  it('Z Shield lists its 12 documented scopes and hides the admin scope', () => {
    const documented =
      'alerts:read alerts:write assets:read assets:write connectors:read connectors:write rules:read rules:write compliance:read search:read users:read users:write';
    const listed = scopeCatalogue(zshield).map(({ canonical }) => canonical);
    expect(listed).toEqual(expect.arrayContaining(documented.split(' ')));
    expect(listed).not.toContain('admin:full');
    expect(scopeCatalogue(slaunch).map(({ canonical }) => canonical)).not.toContain('admin:full');
  });

  it.each([
    ['s4e', 'standard', [100]],
    ['s4e', 'premium', [1_000]],
    ['s4e', 'enterprise', [10_000]],
    ['zshield', 'starter', [20, 60, 10_000]],
    ['zshield', 'professional', [50, 300, 100_000]],
    ['zshield', 'enterprise', [200, 1_000, 1_000_000]],
    ['s4e', 'unlimited', []],
    ['zshield', 'unlimited', []],
    ['slaunch', 'unlimited', []],
    ['latchkey', 'unlimited', []],
  ])('%s has the plan %s with the limits %p', (name, plan, limits) => {
    const profile = profileByName(name);
    expect(profile && planWindows(profile, plan)?.map(({ limit }) => limit)).toEqual(limits);
  });

  it('only S4E takes a credential from the body or the query (C4)', () => {
    const generous = PROFILES.filter(({ credentialForms: forms }) => forms.includes('body') || forms.includes('query'));
    expect(generous.map(({ name }) => name)).toEqual(['s4e']);
  });
});

describe('a profile that cannot work is refused', () => {
  const key = (change: Partial<Profile['key']>): Profile => ({ ...s4e, key: { ...s4e.key, ...change } });
  const scopes = (...more: Profile['scopes']): Profile => ({ ...s4e, scopes: [...s4e.scopes, ...more] });
  const plans = (...more: Profile['plans']): Profile => ({ ...s4e, plans: [...s4e.plans, ...more] });
  const window = (limit: number, lengthMs = 60_000) => ({ name: 'minute', limit, lengthMs });

  it.each<[string, Profile]>([
    ['key prefix S4E is not 2 to 8 lower-case letters and digits', key({ prefix: 'S4E' })],
    ['the name My Product is not 1 to 32 lower-case letters, digits and hyphens', { ...s4e, name: 'My Product' }],
    ['a key has more than 80 characters after its prefix', key({ randomLength: 74 })],
    [
      'scope a:b has a spelling that is not of lower-case letters, digits and _ : . -',
      scopes({ canonical: 'a:b', description: '', spellings: ['a:b', 'a b'] }),
    ],
    ['the key alphabet has other characters than letters and digits', key({ alphabet: 'abc-' })],
    ['the key alphabet has a twice', key({ alphabet: 'abca' })],
    ['a key has less than 128 random bits', key({ randomLength: 24 })],
    ['the checksum is too short for a CRC-32', key({ checksumLength: 6 })],
    ['scope assets:read is defined twice', scopes({ canonical: 'assets:read', description: '' })],
    ['scope Assets is not resource:action', scopes({ canonical: 'Assets', description: '' })],
    ['admin spells two scopes', scopes({ canonical: 'a:b', description: '', spellings: ['a:b', 'admin'] })],
    ['scope a:b cannot be written as such', scopes({ canonical: 'a:b', description: '', spellings: ['b:a'] })],
    ['there must be exactly one admin scope', scopes({ canonical: 'a:b', description: '', admin: true })],
    ['scope a:b equals c:d, which is not defined', scopes({ canonical: 'a:b', description: '', equals: ['c:d'] })],
    [
      'scope a:b equals admin:full, which is not a plain scope',
      scopes({ canonical: 'a:b', description: '', equals: ['admin:full'] }),
    ],
    ['scope audit:read is missing', { ...s4e, scopes: s4e.scopes.filter((scope) => scope.canonical !== 'audit:read') }],
    ['plan premium is defined twice', plans({ name: 'premium', description: '', windows: [window(1)] })],
    ['plan free has no limit', plans({ name: 'free', description: '', windows: [] })],
    ['plan free limits the minute twice', plans({ name: 'free', description: '', windows: [window(1), window(2)] })],
    ['plan free has a minute of wrong length', plans({ name: 'free', description: '', windows: [window(1, 60)] })],
    [
      'plan free has a limit that is not a positive integer',
      plans({ name: 'free', description: '', windows: [window(0)] }),
    ],
    [
      'plan unlimited is missing or has limits',
      { ...s4e, plans: s4e.plans.filter(({ name }) => name !== 'unlimited') },
    ],
    ['the default plan unlimited is not a plan with limits', { ...s4e, defaultPlan: 'unlimited' }],
  ])('%s', (problem, profile) => {
    expect(() => assertProfile(profile)).toThrow(`profile ${profile.name}: ${problem}`);
  });

  it.each<[string, Partial<Profile>]>([
    ['two profiles have the key prefix s4e', { key: s4e.key }],
    ['two profiles have the name s4e', { name: 's4e' }],
    [
      'admin spells a:b, and admin:full in another profile',
      { scopes: [...zshield.scopes, { canonical: 'a:b', description: '', spellings: ['a:b', 'admin'] }] },
    ],
  ])('beside another one: %s', (problem, change) => {
    expect(() => assertProfiles([s4e, { ...zshield, ...change }])).toThrow(problem);
  });
});

describe('a profile that is added', () => {
  const acme: Profile = { ...zshield, name: 'acme', key: { ...zshield.key, prefix: 'acme' } };
  const key = formatKey(acme, 'live', randomBytes).reveal();

  it('is one like those that come with Latchkey, from then on', () => {
    expect([parseKey(key), maskKeys(key)]).toEqual([{ kind: 'malformed', error: 'shape' }, key]);
    addProfiles([acme]);
    expect(allProfiles()).toEqual([...PROFILES, acme]);
    expect([profileByName('acme'), profileOfPrefix('acme')]).toEqual([acme, acme]);
    expect(parseKey(key)).toEqual({ kind: 'key', profile: acme, environment: 'live' });
    expect(maskKeys(`/keys/${key}`)).toBe('/keys/acme_live_[secret]');
  });

  it('is not taken twice', () => expect(() => addProfiles([acme])).toThrow('two profiles have the name acme'));
});
