import { userId } from '@latchkey/kernel';
import { ATTEMPT_LIMITS, networkOf, resetBudgets, secondFactorBudgets, signInBudgets } from './attempts';

describe('the budgets of an attempt', () => {
  it('count an IPv6 network of /64 as one address, and an IPv4 address by itself, however it is written', () => {
    expect(networkOf('2001:db8::1')).toBe(networkOf('2001:db8:0:0:ffff::2'));
    expect(networkOf('2001:db8::1')).not.toBe(networkOf('2001:db8:0:1::1'));
    expect(networkOf('::ffff:192.0.2.1')).toBe(networkOf('192.0.2.1'));
    expect(networkOf('192.0.2.1')).not.toBe(networkOf('192.0.2.2'));
    expect(networkOf(undefined)).toBe(networkOf('no address'));
  });

  it.each([
    ['sign in', signInBudgets('a@b.example', '192.0.2.1')],
    ['show a second factor', secondFactorBudgets(userId('u1'), '192.0.2.1')],
    ['ask for a reset', resetBudgets('a@b.example', '192.0.2.1')],
  ])('are taken in one order by all who %s, so that nobody waits for each other', (_what, budgets) => {
    const order = Object.keys(ATTEMPT_LIMITS);
    const places = budgets.map(({ kind }) => order.indexOf(kind));
    expect(places).toEqual([...places].sort((one, other) => one - other));
  });
});
