import { AppError, type ErrorCode } from '@latchkey/kernel';

/** The pure core of an aggregate. */
export interface Decider<State, Command, Event> {
  readonly initialState: State;
  decide(command: Command, state: State): readonly Event[];
  evolve(state: State, event: Event): State;
}

/** What a decision led to, ready to be compared. */
export interface Outcome<Event> {
  /** The decision recorded exactly these events, in this order; `[]`: nothing happened. */
  then(events: readonly Event[]): void;
  /** The decision was refused with this code of the catalogue. */
  thenThrows(code: ErrorCode): void;
}

/** `given(key, [created]).when(revoke).then([revoked])`: a test of a decider reads as its rule. */
export function given<State, Command, Event>(
  decider: Decider<State, Command, Event>,
  events: readonly Event[],
): { when(command: Command): Outcome<Event> } {
  const state = events.reduce((before, event) => decider.evolve(before, event), decider.initialState);
  return {
    when(command) {
      const decide = () => decider.decide(command, state);
      return {
        then: (expected) => expect(decide()).toEqual(expected),
        thenThrows: (code) => expect(refusalOf(decide)).toBe(code),
      };
    },
  };
}

/** The code of the refusal, `undefined` when there was none. Any other error is a fault and passes through. */
function refusalOf(decide: () => unknown): ErrorCode | undefined {
  try {
    decide();
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}
