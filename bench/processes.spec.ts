import { ticksIn } from './processes';

it('CPU time is read from behind a name that looks like fields', () => {
  const stat = '42 (node (1) 7) S 1 42 42 0 -1 4194304 900 0 0 0 120 30 0 0 20 0 11 0 5000';
  expect(ticksIn(stat)).toBe(150);
});
