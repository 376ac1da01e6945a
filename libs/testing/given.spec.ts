import { AppError } from '@latchkey/kernel';
import { given, type Decider } from './given';
import { projected } from './projected';

type Opened = { type: 'Opened' };
const door: Decider<'open' | 'closed', 'open', Opened> = {
  initialState: 'closed',
  decide(_, state) {
    if (state === 'open') throw new AppError('stream.exists');
    return [{ type: 'Opened' }];
  },
  evolve: () => 'open',
};

describe('given, when, then', () => {
  it('compares what was decided on the state after the given events', () => {
    given(door, [])
      .when('open')
      .then([{ type: 'Opened' }]);
    expect(() => given(door, []).when('open').then([])).toThrow();
  });

  it('compares the code of a refusal', () => {
    given(door, [{ type: 'Opened' }])
      .when('open')
      .thenThrows('stream.exists');
    expect(() => given(door, []).when('open').thenThrows('stream.exists')).toThrow();
  });

  it('does not take a fault for a refusal', () => {
    const broken = {
      ...door,
      decide: () => {
        throw new TypeError('broken');
      },
    };
    expect(() => given(broken, []).when('open').thenThrows('stream.exists')).toThrow('broken');
  });
});

describe('projected', () => {
  it('gives the row after the events, and null before the first', () => {
    const counter = { project: (row: { opened: number } | null) => ({ opened: (row?.opened ?? 0) + 1 }) };
    expect(projected(counter, [{ type: 'Opened' }, { type: 'Opened' }])).toEqual({ opened: 2 });
    expect(projected(counter, [])).toBeNull();
  });
});
