import fc from 'fast-check';
import { assetsWithin, expiryWithin, ipsWithin, planWithin } from './containment';
import { ipAllowed } from './ip/ip-list';
import { PROFILES } from './profiles/registry';
import { s4e } from './profiles/s4e';
import { zshield } from './profiles/zshield';

/** Small worlds, so that containment happens often. */
const octet = fc.constantFrom(0, 1, 2, 3);
const range = fc.oneof(
  octet.map((last) => `10.0.0.${last}`),
  fc.constantFrom(
    '10.0.0.0/31',
    '10.0.0.2/31',
    '10.0.0.0/30',
    '10.0.0.0/8',
    '0.0.0.0/0',
    '2001:db8::/32',
    '2001:db8::1',
  ),
);
const ranges = fc.uniqueArray(range, { maxLength: 3 });
const assets = fc.oneof(fc.constant<'all'>('all'), fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 }));
const expiry = fc.option(fc.integer({ min: 0, max: 5 }).map((ms) => new Date(ms)));

function isTransitive<Value>(values: fc.Arbitrary<Value>, within: (child: Value, parent: Value) => boolean): void {
  fc.assert(
    fc.property(values, values, values, (a, b, c) => {
      expect(within(a, a)).toBe(true);
      if (within(a, b) && within(b, c)) expect(within(a, c)).toBe(true);
    }),
    { numRuns: 1_000 },
  );
}

describe('nobody grants beyond their own', () => {
  it('whatever the length of the chain: containment is reflexive and transitive', () => {
    isTransitive(ranges, ipsWithin);
    isTransitive(assets, assetsWithin);
    isTransitive(expiry, expiryWithin);
    for (const profile of PROFILES) {
      const plan = fc.constantFrom(...profile.plans.map(({ name }) => name));
      isTransitive(plan, (child, parent) => planWithin(profile, child, parent));
    }
  });

  it('of plans: fewer calls or as many, in every window', () => {
    expect(planWithin(s4e, 'standard', 'premium')).toBe(true);
    expect(planWithin(s4e, 'premium', 'standard')).toBe(false);
    expect(planWithin(zshield, 'starter', 'professional')).toBe(true);
    expect(planWithin(zshield, 'enterprise', 'professional')).toBe(false);
  });

  it('of plans: everything is within unlimited, which is within itself alone', () => {
    for (const profile of PROFILES) {
      const names = profile.plans.map(({ name }) => name);
      expect(names.filter((name) => planWithin(profile, name, 'unlimited'))).toEqual(names);
      expect(names.filter((name) => planWithin(profile, 'unlimited', name))).toEqual(['unlimited']);
    }
  });

  it('of plans: one that does not exist is within none, and none within it', () => {
    expect([planWithin(s4e, 'gold', 'unlimited'), planWithin(s4e, 'standard', 'gold')]).toEqual([false, false]);
  });

  it('of ips: no address gets in at the child that the parent keeps out', () => {
    fc.assert(
      fc.property(ranges, ranges, octet, (child, parent, last) => {
        if (!ipsWithin(child, parent)) return;
        for (const ip of [`10.0.0.${last}`, `10.0.1.${last}`, '11.1.1.1', '2001:db8::1', '2001:db8::2', '::1'])
          if (ipAllowed(child, ip)) expect(ipAllowed(parent, ip)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    [['10.0.0.0/8'], [], true],
    [[], ['10.0.0.0/8'], false],
    [['10.0.0.0/8'], ['10.0.0.0/9', '10.128.0.0/9'], true],
    [['10.0.0.0/8'], ['10.0.0.0/9', '10.128.0.1/32'], false],
    [['0.0.0.0/0'], ['::/0'], false],
    [['::ffff:10.0.0.1'], ['10.0.0.0/8'], true],
    [['nonsense'], ['0.0.0.0/0'], false],
    [['10.0.0.1'], ['nonsense'], false],
  ])('of ips: %p within %p is %p', (child, parent, within) => {
    expect(ipsWithin(child, parent)).toBe(within);
  });

  it('of assets: all is within all only', () => {
    expect([assetsWithin('all', ['a']), assetsWithin(['a'], 'all'), assetsWithin(['a'], ['b'])]).toEqual([
      false,
      true,
      false,
    ]);
  });

  it('of lifetimes: never is within never only', () => {
    const soon = new Date(1);
    expect([expiryWithin(null, soon), expiryWithin(soon, null), expiryWithin(new Date(2), soon)]).toEqual([
      false,
      true,
      false,
    ]);
  });
});
