import { optionsFrom } from './options';

const written = { rounds: '5', seconds: '3', 'warm-up': '1', markdown: false };

it('without any, everything is measured', () =>
  expect(optionsFrom(written)).toMatchObject({
    rounds: 5,
    seconds: 3,
    concurrency: null,
    contenders: [],
    profile: false,
  }));

it('so many keys take turns, and so many more are listed, if nothing else is said', () => {
  expect(optionsFrom(written)).toMatchObject({ keys: 4_000, listedKeys: 1_000_000 });
  expect(optionsFrom({ ...written, keys: '100' })).toMatchObject({ keys: 100, listedKeys: 100 });
});

it('names of benchmarks and contenders are lists', () =>
  expect(optionsFrom({ ...written, only: 'check-http,check-alone', contenders: 'latchkey' })).toMatchObject({
    only: ['check-http', 'check-alone'],
    contenders: ['latchkey'],
  }));

it('a profile is of one benchmark', () =>
  expect(optionsFrom({ ...written, profile: 'check-http' })).toMatchObject({ only: ['check-http'], profile: true }));

it.each([
  [{ only: 'chekc-http' }, 'There is no benchmark chekc-http'],
  [{ rounds: '0' }, '--rounds must be a positive number'],
  [{ seconds: 'two' }, '--seconds must be a positive number'],
])('%j is refused', (args, message) => expect(() => optionsFrom({ ...written, ...args })).toThrow(message));
