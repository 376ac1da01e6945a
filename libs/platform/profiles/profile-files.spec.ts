import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { canonicalScope, planWindows, profileByName, PROFILES, scopeCatalogue } from '@latchkey/access';
import { ConfigError } from '../config/load-config';
import { readProfile, useProfileFiles } from './profile-files';

const EXAMPLE = path.resolve(__dirname, '../../../examples/profiles/acme.yaml');
const example = readFileSync(EXAMPLE, 'utf8');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'latchkey-profiles-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const written = (text: string, name = 'acme.yaml') => {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
};
const complaint = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.join('\n').replaceAll(`${folder}/`, '');
    throw error;
  }
  return 'none';
};
const of = (text: string) => complaint(() => readProfile(written(text), PROFILES));
/** The example with something else in it. */
const but = (from: string, to: string) => {
  expect(example).toContain(from);
  return of(example.replace(from, to));
};
const lineWith = (text: string) => example.split('\n').findIndex((line) => line.includes(text)) + 1;

describe('a profile in a file', () => {
  it('says what its keys, scopes and plans are', () => {
    const acme = readProfile(EXAMPLE, PROFILES);
    expect(acme).toMatchObject({
      ...{ name: 'acme', defaultPlan: 'free', accessTokenType: 'at+jwt' },
      key: { prefix: 'acme', randomLength: 37, checksumLength: 6 },
    });
    expect(planWindows(acme, 'business')?.map(({ name, limit }) => [name, limit])).toEqual([
      ['second', 50],
      ['minute', 1000],
    ]);
    expect(canonicalScope(acme, 'read:invoices')).toBe('invoices:read');
    expect(scopeCatalogue(acme).map(({ canonical }) => canonical)).toEqual(
      expect.arrayContaining(['orders:read', 'admin:full', 'apikeys:write', 'enforcement:check']),
    );
    expect(planWindows(acme, 'unlimited')).toEqual([]);
  });

  it.each([
    ['no YAML', 'name: acme', 'name: [acme', 'key', /^LATCHKEY_PROFILES_DIR: acme\.yaml:\d+: /],
    ['a name that comes twice', 'default_plan: free', 'default_plan: free\nname: b', null, 'Map keys must be unique'],
    [
      'a field that there is not',
      'per_minute: 60',
      'per_hour: 60',
      'per_minute: 60',
      'Unknown field "plans.0.per_hour"',
    ],
    ['a field that is missing', 'default_plan: free', '', 'name: acme', '"default_plan" is required'],
    [
      'a limit that is none',
      'per_minute: 60',
      'per_minute: 0',
      'per_minute: 60',
      '"plans.0.per_minute" must be at least 1',
    ],
    ['a limit in words', 'per_day: 5000', 'per_day: many', 'per_day: 5000', '"plans.0.per_day" must be of type number'],
    [
      'another scope form',
      '- name: orders:read',
      '- name: orders',
      '- name: orders:read',
      'scope orders is not resource:action',
    ],
    [
      'a scope that comes twice',
      '- name: orders:write',
      '- name: orders:read',
      '- name: orders:write',
      'scope orders:read is defined twice',
    ],
    [
      'a scope of every profile',
      '- name: orders:write',
      '- name: users:read',
      '- name: orders:write',
      'must not be one of the scopes that every profile has',
    ],
    [
      'one text for two scopes',
      'spellings: [read:invoices',
      'spellings: [orders:read',
      '- name: invoices',
      'orders:read spells two scopes',
    ],
    [
      'a spelling that means another scope elsewhere',
      'spellings: [read:invoices',
      'spellings: [admin',
      '- name: invoices',
      'admin spells invoices:read, and admin:full in another profile',
    ],
    [
      'a sum of what there is not',
      'equals: [orders:read',
      'equals: [goods:read',
      '- name: shop',
      'equals goods:read, which is not defined',
    ],
    [
      'a plan without a limit',
      '    per_second: 50\n    per_minute: 1000\n',
      '',
      '- name: business',
      'plan business has no limit',
    ],
    ['a plan that comes twice', '- name: business', '- name: free', '- name: business', 'plan free is defined twice'],
    [
      'a default that is no plan',
      'default_plan: free',
      'default_plan: gold',
      'default_plan: free',
      'the default plan gold is not a plan',
    ],
    ['a prefix in capitals', 'prefix: acme', 'prefix: ACME', 'prefix: acme', 'key prefix ACME is not 2 to 8'],
    [
      'the prefix of another profile',
      'prefix: acme',
      'prefix: s4e',
      'prefix: acme',
      'two profiles have the key prefix s4e',
    ],
    ['the name of another profile', 'name: acme', 'name: zshield', 'name: acme', 'two profiles have the name zshield'],
    [
      'keys that can be guessed',
      'prefix: acme',
      'random_length: 12\n  prefix: acme',
      'prefix: acme',
      'less than 128 random bits',
    ],
    [
      'a short checksum',
      'prefix: acme',
      'checksum_length: 5\n  prefix: acme',
      'prefix: acme',
      'too short for a CRC-32',
    ],
    [
      'an alphabet with a hyphen',
      'prefix: acme',
      'alphabet: abc-def\n  prefix: acme',
      'prefix: acme',
      'other characters than letters',
    ],
  ])('with %s is refused with the line', (_, from, to, at, problem) => {
    const said = but(from, to);
    expect(said).toMatch(problem);
    if (at !== null && typeof problem === 'string') expect(said).toContain(`acme.yaml:${lineWith(at)}: `);
  });

  it.each(['', '[]', 'acme'])('that is not a profile at all is refused: %j', (text) =>
    expect(of(text)).toMatch(/acme\.yaml:1: The file must be of type object/),
  );
});

describe('a folder of profiles', () => {
  const using = (dir: string) => () => useProfileFiles({ LATCHKEY_PROFILES_DIR: dir });

  it('is read whole, or not at all', () => {
    written(example.replaceAll('acme', 'one'), '1.yaml');
    const second = written(example.replaceAll('acme', 'one'), '2.yml');
    expect(complaint(using(folder))).toContain(`2.yml:${lineWith('name: acme')}: two profiles have the name one.`);
    expect(profileByName('one')).toBeUndefined();
    writeFileSync(second, example.replaceAll('acme', 'two'));
    written('not a profile', 'README.md');
    using(folder)();
    expect(['one', 'two'].map((name) => profileByName(name)?.key.prefix)).toEqual(['one', 'two']);
  });

  it('is refused when it is not there, or empty', () => {
    expect(complaint(using(path.join(folder, 'none')))).toMatch(/LATCHKEY_PROFILES_DIR: .*none cannot be read\./);
    expect(complaint(using(folder))).toMatch(/LATCHKEY_PROFILES_DIR: there is no YAML file in /);
  });

  it('is not asked for', () => expect(() => useProfileFiles({})).not.toThrow());
});
