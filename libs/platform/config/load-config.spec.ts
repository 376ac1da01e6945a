import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isLoopback, Secret } from '@latchkey/kernel';
import { z } from 'zod';
import { configurationTable } from './configuration-table';
import { ConfigError, loadConfig, type Environment } from './load-config';
import { knownVariables, variables } from './variables';

const schema = z.object({
  PORT: variables.PORT,
  HOST: variables.HOST,
  DATABASE_URL: variables.DATABASE_URL,
  KAFKA_BROKERS: variables.KAFKA_BROKERS.optional(),
  KAFKA_LOGIN: variables.KAFKA_LOGIN.optional(),
  TRUSTED_PROXIES: variables.TRUSTED_PROXIES,
  LATCHKEY_PROFILE: variables.LATCHKEY_PROFILE,
  LATCHKEY_PEPPER: variables.LATCHKEY_PEPPER.optional(),
});
const valid = { DATABASE_URL: 'postgres://app:hunter2@db/latchkey' };

const problemsOf = (env: Environment, ...rules: Parameters<typeof loadConfig<typeof schema.shape>>[2] & object) => {
  try {
    loadConfig(schema, env, rules);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
};

describe('configuration', () => {
  it('has its defaults, an empty variable counts as absent, and secrets do not print', () => {
    const config = loadConfig(schema, { ...valid, PORT: '', HOME: '/root' });
    expect(config).toMatchObject({ PORT: 8080, HOST: '127.0.0.1', TRUSTED_PROXIES: [], LATCHKEY_PROFILE: 'latchkey' });
    expect(config.DATABASE_URL).toBeInstanceOf(Secret);
    expect(JSON.stringify(config)).not.toContain('hunter2');
  });

  it('reads a login as its user and a secret, which may hold colons', () => {
    const { KAFKA_LOGIN: login } = loadConfig(schema, { ...valid, KAFKA_LOGIN: 'audit:hunter2:3' });
    expect([login?.username, login?.password.reveal()]).toEqual(['audit', 'hunter2:3']);
    expect(JSON.stringify(login)).not.toContain('hunter2');
  });

  it.each([
    ['PORT', '65536'],
    ['PORT', '80a'],
    ['PORT', '-1'],
    ['HOST', 'a b'],
    ['DATABASE_URL', 'mysql://app:hunter2@db'],
    ['DATABASE_URL', 'hunter2'],
    ['KAFKA_BROKERS', 'broker'],
    ['KAFKA_BROKERS', 'a:1,,b:2'],
    ['KAFKA_LOGIN', 'hunter2'],
    ['KAFKA_LOGIN', ':hunter2'],
    ['TRUSTED_PROXIES', '10.0.0.0/33'],
    ['TRUSTED_PROXIES', '010.0.0.1'],
    ['LATCHKEY_PROFILE', 'hunter2'],
    ['LATCHKEY_PEPPER', 'hunter2'],
  ])('refuses %s=%s with the name of the variable and without its value', (name, value) => {
    const problems = problemsOf({ ...valid, [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${name}: must be`));
    expect(problems[0]).not.toContain('hunter2');
  });

  it('names everything that is wrong at once, and what is missing', () => {
    expect(problemsOf({ PORT: 'x' })).toEqual([
      'PORT: must be a port number from 0 to 65535.',
      'DATABASE_URL: is required.',
    ]);
  });

  it('refuses a variable of ours that does not exist, and guesses what was meant', () => {
    expect(problemsOf({ ...valid, LATCHKEY_PEPER: 'x', LATCHKEY_NONSENSE: 'hunter2' })).toEqual([
      'LATCHKEY_PEPER: there is no such variable. Did you mean LATCHKEY_PEPPER?',
      'LATCHKEY_NONSENSE: there is no such variable.',
    ]);
  });

  it('takes variables of other services in the same environment', () => {
    expect(problemsOf({ ...valid, LATCHKEY_DATA_DIR: '/data' })).toEqual([]);
  });

  describe('a secret in a file', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'latchkey-'));
    afterAll(() => rmSync(folder, { recursive: true }));
    const file = (name: string, text: string) => {
      writeFileSync(path.join(folder, name), text);
      return path.join(folder, name);
    };

    it('is taken as the variable itself would be, without the end of its line', () => {
      const pepper = 'p'.repeat(32);
      const env = {
        DATABASE_URL_FILE: file('url', `${valid.DATABASE_URL}\n`),
        LATCHKEY_PEPPER_FILE: file('p', pepper),
      };
      const config = loadConfig(schema, env);
      expect(config.DATABASE_URL.reveal()).toBe(valid.DATABASE_URL);
      expect(config.LATCHKEY_PEPPER?.reveal()).toBe(pepper);
      expect(problemsOf({ ...valid, LATCHKEY_PEPPER_FILE: file('p', 'hunter2') })).toEqual([
        'LATCHKEY_PEPPER: must be at least 32 characters of random text.',
      ]);
    });

    it('must be there, not be empty, and not stand beside the variable itself', () => {
      expect(problemsOf({ DATABASE_URL_FILE: path.join(folder, 'none') })).toEqual([
        'DATABASE_URL_FILE: names a file that cannot be read.',
      ]);
      expect(problemsOf({ ...valid, LATCHKEY_PEPPER_FILE: file('empty', '\n') })).toEqual([
        'LATCHKEY_PEPPER_FILE: names an empty file.',
      ]);
      expect(problemsOf({ ...valid, DATABASE_URL_FILE: file('url', 'x') })).toEqual([
        'DATABASE_URL_FILE: must not be there beside DATABASE_URL.',
      ]);
    });

    it('is for secrets alone', () => {
      expect(problemsOf({ ...valid, LATCHKEY_PROFILE_FILE: '/p' })).toEqual([
        expect.stringContaining('LATCHKEY_PROFILE_FILE: there is no such variable.'),
      ]);
    });
  });

  it('keeps rules over several variables', () => {
    expect(
      problemsOf({ ...valid, HOST: '0.0.0.0' }, ({ HOST, LATCHKEY_PEPPER }) =>
        isLoopback(HOST) || LATCHKEY_PEPPER ? undefined : 'HOST: another address than loopback needs LATCHKEY_PEPPER.',
      ),
    ).toEqual(['HOST: another address than loopback needs LATCHKEY_PEPPER.']);
  });

  it('is documented in full: docs/configuration.md holds the table of every variable', () => {
    const doc = readFileSync(path.join(__dirname, '../../../docs/configuration.md'), 'utf8');
    // A formatter may align columns; only their text counts.
    const squeezed = (text: string) => text.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---');
    expect(squeezed(doc)).toContain(squeezed(configurationTable()));
    expect(knownVariables.length).toBeGreaterThan(10);
  });
});
