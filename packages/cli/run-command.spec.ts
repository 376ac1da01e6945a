import { formatClientSecret, parseKey, PROFILES, useForeignPrefixes } from '@latchkey/access';
import type { Environment } from '@latchkey/platform';
import { randomBytes } from 'node:crypto';
import { runCommand } from './run-command';

const KEY = 's4e_live_2pbxnikjgcbc4kfhoqdtulld11v3htha';

async function run(argv: readonly string[], input = '', environment: Environment = {}) {
  const said = { out: '', err: '' };
  const code = await runCommand(argv, {
    out: (text) => (said.out += text),
    err: (text) => (said.err += text),
    readInput: (bytesMax) => Promise.resolve(input.slice(0, bytesMax)),
    randomBytes,
    environment,
  });
  return { code, ...said };
}

describe('latchkey keygen', () => {
  it.each(PROFILES)('makes a key that parses: $name', async ({ name }) => {
    for (const environment of ['live', 'test']) {
      const { code, out, err } = await run(['keygen', '--profile', name, '--environment', environment]);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(parseKey(out.trim())).toMatchObject({ kind: 'key', profile: { name }, environment });
    }
  });

  it('makes live keys unless told, and never the same', async () => {
    const [one, two] = await Promise.all([run(['keygen', '--profile=s4e']), run(['keygen', '--profile=s4e'])]);
    expect(one.out).toMatch(/^s4e_live_[a-z0-9]{32}\n$/);
    expect(one.out).not.toBe(two.out);
  });

  it.each([
    [['keygen'], '--profile must be one of: s4e, zshield, slaunch, latchkey'],
    [['keygen', '--profile', 'nobody'], '--profile must be one of'],
    [['keygen', '--profile', 's4e', '--environment', 'prod'], '--environment must be one of: live, test'],
    [['keygen', '--prefix', 's4e'], 'takes --profile and --environment'],
    [['keygen', 's4e'], 'takes --profile and --environment'],
  ])('says what is wrong with %j', async (argv, message) => {
    expect(await run(argv)).toEqual({ code: 2, out: '', err: expect.stringContaining(message) });
  });
});

describe('an environment that cannot be used', () => {
  it.each([
    [
      ['keygen', '--profile', 's4e'],
      { LATCHKEY_PROFILES_DIR: '/nowhere' },
      'LATCHKEY_PROFILES_DIR: /nowhere cannot be read',
    ],
    [['inspect'], { LATCHKEY_FOREIGN_PREFIXES: 'ACME' }, 'LATCHKEY_FOREIGN_PREFIXES: must be prefixes'],
  ])('is told by the variable: %j', async (argv, environment, message) => {
    const { code, out, err } = await run(argv, KEY, environment);
    expect({ code, out, err }).toEqual({ code: 2, out: '', err: expect.stringContaining(message) });
    expect(err).not.toMatch(/^ +at /m);
  });

  it('does not keep anybody from the help', async () =>
    expect((await run(['--help'], '', { LATCHKEY_PROFILES_DIR: '/nowhere' })).code).toBe(0));
});

describe('latchkey inspect', () => {
  it.each([KEY, `${KEY}\n`, `${KEY}\r\n`])('accepts a key, and does not show it: %#', async (input) => {
    const { code, out } = await run(['inspect'], input);
    expect({ code, out }).toEqual({ code: 0, out: 'profile s4e, environment live: shape and checksum are right\n' });
  });

  it('tells the secret of an OAuth application from a key', async () => {
    const [profile] = PROFILES;
    if (profile === undefined) throw new Error('there is no profile');
    const { code, out } = await run(['inspect'], formatClientSecret(profile, randomBytes).reveal());
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('OAuth application') });
  });

  it('says of a key from elsewhere that nothing can be told of it', async () => {
    const elsewhere = { LATCHKEY_FOREIGN_PREFIXES: 'acme_live_' };
    const { code, out } = await run(['inspect'], 'acme_live_a1b2c3d4e5f6g7h8', elsewhere);
    useForeignPrefixes([]);
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('a key from elsewhere') });
  });

  it.each([
    ['s4e_live_a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6', 'its checksum is wrong'],
    ['s4e_live_a1b2c3d4e5f6g7h8i9j0', 'does not have the shape'],
    ['', 'does not have the shape'],
    [`${KEY} `, 'does not have the shape'],
    ['x'.repeat(100_000), 'does not have the shape'],
  ])('refuses what is no key, and says why: %#', async (input, message) => {
    const { code, out } = await run(['inspect'], input);
    expect({ code, out }).toEqual({ code: 1, out: expect.stringContaining(message) });
  });
});

describe('a key in the wrong place', () => {
  it.each([[['inspect', KEY]], [[KEY]], [['keygen', '--profile', KEY]]])('is not shown back: %#', async (argv) => {
    const { code, out, err } = await run(argv);
    expect(code).toBe(2);
    expect(out + err).not.toContain(KEY);
  });
});

describe('latchkey', () => {
  it('explains itself', async () => {
    for (const asked of ['--help', '-h', 'help']) {
      expect(await run([asked])).toMatchObject({ code: 0, out: expect.stringContaining('keygen --profile'), err: '' });
    }
    expect(await run([])).toMatchObject({ code: 2, err: expect.stringContaining('a command is missing') });
  });
});
