import { clientIps } from './client-ip';

const PROXY = '10.0.0.1';

it.each([
  ['a caller behind a proxy', { peer: PROXY, forwardedFor: '203.0.113.7' }, '203.0.113.7'],
  ['another behind it', { peer: PROXY, forwardedFor: '203.0.113.8' }, '203.0.113.8'],
  ['the first in another spelling', { peer: PROXY, forwardedFor: ['::ffff:203.0.113.7'] }, '203.0.113.7'],
  ['one who claims to be the first', { peer: '198.51.100.9', forwardedFor: '203.0.113.7' }, '198.51.100.9'],
  ['one without a header', { peer: '203.0.113.7', forwardedFor: undefined }, '203.0.113.7'],
  ['the proxy itself', { peer: PROXY, forwardedFor: undefined }, PROXY],
  ['one of whom a proxy says nothing that can be read', { peer: PROXY, forwardedFor: 'unknown' }, undefined],
  ['one behind many hops', { peer: PROXY, forwardedFor: `${'192.0.2.1, '.repeat(20)}203.0.113.9` }, '203.0.113.9'],
])('the address of %s is the same, however often it is asked for', (_, origin, expected) => {
  const all = [PROXY, '198.51.100.9'].flatMap((peer) =>
    ['203.0.113.7', '203.0.113.8', undefined].map((forwardedFor) => ({ peer, forwardedFor })),
  );
  const ipOf = clientIps(['10.0.0.0/8']);
  for (const other of all) ipOf(other);
  expect([ipOf(origin), ipOf(origin)]).toEqual([expected, expected]);
});
