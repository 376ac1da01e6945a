import { userId } from '@latchkey/kernel';
import {
  ATTEMPT_LIMITS,
  ownPasswordBudgets,
  resetBudgets,
  resetByMail,
  secondFactorBudgets,
  signInBudgets,
  tokenBudgets,
} from './attempts';

describe('the budgets of an attempt', () => {
  it('count an IPv6 network of /48 as well, as whoever has one has 65,536 of /64', () => {
    const ofNetwork = (ip: string) => [...signInBudgets('a@b.example', ip), ...resetBudgets('a@b.example', ip)];
    const subjects = (ip: string) =>
      ofNetwork(ip).flatMap(({ kind, subject }) => (kind.endsWith('network') ? [subject] : []));
    expect(subjects('2001:db8:0:1::1')).toHaveLength(2);
    expect(subjects('2001:db8:0:1::1')).toEqual(subjects('2001:db8:0:2::1'));
    expect(subjects('2001:db8:0:1::1')).not.toEqual(subjects('2001:db8:1::1'));
    expect(subjects('192.0.2.1')).toEqual([]);
  });

  it('are not those of everybody where a token or a challenge is shown', () => {
    const shown = [...tokenBudgets('192.0.2.1'), ...secondFactorBudgets(userId('u1'), '192.0.2.1')];
    expect(shown.map(({ kind }) => kind)).toEqual(['address', 'second_factor', 'second_factor_day', 'address']);
  });

  it.each([
    ['sign in', signInBudgets('a@b.example', '192.0.2.1')],
    ['sign in by IPv6', signInBudgets('a@b.example', '2001:db8::1')],
    ['show their password again', ownPasswordBudgets('a@b.example', userId('u1'))],
    ['have reset it', resetByMail('a@b.example', userId('u1'), '192.0.2.1')],
    ['show a second factor', secondFactorBudgets(userId('u1'), '192.0.2.1')],
    ['ask for a reset', resetBudgets('a@b.example', '192.0.2.1')],
  ])('are taken in one order by all who %s, so that nobody waits for each other', (_what, budgets) => {
    const order = Object.keys(ATTEMPT_LIMITS);
    const places = budgets.map(({ kind }) => order.indexOf(kind));
    expect(places).toEqual([...places].sort((one, other) => one - other));
  });
});
