import { groupOf, selfTimes } from './self-time';

const node = (id: number, functionName: string, url: string) => ({
  id,
  callFrame: { functionName, url, lineNumber: 9 },
});

describe('self time', () => {
  const profile = {
    nodes: [
      node(1, '(idle)', ''),
      node(2, 'check', 'file:///x/dist/libs/enforcement/check.js'),
      node(3, 'check', 'file:///x/dist/libs/enforcement/check.js'),
      node(4, 'writev', ''),
    ],
    samples: [1, 2, 3, 4],
    timeDeltas: [1_000, 30, 45, 25],
  };

  it('is a share of the time in which the process was busy', () =>
    expect(selfTimes(profile).groups).toEqual([
      { name: 'libs/enforcement/check.js', share: 0.75 },
      { name: 'native writev', share: 0.25 },
    ]));
  it('of a function is one sum, whoever called it', () =>
    expect(selfTimes(profile).functions[0]).toEqual({ name: 'check (libs/enforcement/check.js:10)', share: 0.75 }));
});

it.each([
  ['node:internal/streams/writable', 'node:streams'],
  ['node:net', 'node:net'],
  ['file:///x/node_modules/fastify/lib/reply.js', 'fastify'],
  ['file:///x/node_modules/@nestjs/core/router.js', '@nestjs/core'],
  ['file:///x/node_modules/a/node_modules/b/index.js', 'b'],
  ['/x/dist/libs/live-state/basis.js', 'libs/live-state/basis.js'],
  ['file:///x/bench/peers/fastify.mjs', 'peers/fastify.mjs'],
])('%s belongs to %s', (url, group) => expect(groupOf(url, 'f')).toBe(group));

it('what V8 itself does keeps its name', () => expect(groupOf('', '(garbage collector)')).toBe('(garbage collector)'));
