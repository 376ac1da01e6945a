import { parseOptions } from './options';

it('everything has a default', () =>
  expect(parseOptions([])).toMatchObject({ rounds: 5, seconds: 3, concurrency: null, contenders: [], profile: false }));

it('names of benchmarks and contenders are lists', () =>
  expect(parseOptions(['--only', 'check-http,check-alone', '--contenders', 'latchkey'])).toMatchObject({
    only: ['check-http', 'check-alone'],
    contenders: ['latchkey'],
  }));

it('a profile is of one benchmark', () =>
  expect(parseOptions(['--profile', 'check-http'])).toMatchObject({ only: ['check-http'], profile: true }));

it.each([
  [['--only', 'chekc-http'], 'there is no benchmark chekc-http'],
  [['--rounds', '0'], '--rounds must be a positive number'],
  [['--seconds', 'two'], '--seconds must be a positive number'],
])('%j is refused', (args, message) => expect(() => parseOptions(args)).toThrow(message));
