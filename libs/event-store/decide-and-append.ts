import { isAppError, reach } from '@latchkey/kernel';
import { setTimeout as pause } from 'node:timers/promises';
import type { EntityManager } from 'typeorm';
import type { Claim, EventMeta, EventStore, NewEvent, RecordedEvent } from './event-store';

export interface Decision<State, Event extends NewEvent> {
  readonly streamId: string;
  readonly initialState: State;
  evolve(this: void, state: State, event: Event): State;
  /**
   * The state as it was kept beside the events at some version of theirs, for streams that may grow long; `null`: none. Only what came later is
   * read of the stream. Absent: all of it is.
   */
  kept?(this: void): Promise<KeptState<State> | null>;
  /** Pure; called again, on newer state, for each version conflict. What it throws ends the attempts. */
  decide(this: void, state: State): readonly Event[];
  readonly meta: EventMeta;
  /** Claims that go with the events; `state` is the one decided on. */
  claims?(this: void, state: State, events: readonly Event[]): { claim?: readonly Claim[]; release?: readonly Claim[] };
  /** As in `Append`, with the state after the events. It may run once per attempt, and only the last one counts. */
  within?(this: void, tx: EntityManager, recorded: readonly RecordedEvent[], state: State): Promise<void>;
  /** Decisions at most before the conflict is given up on. Default 8. */
  readonly attempts?: number;
}

export interface KeptState<State> {
  readonly state: State;
  readonly version: number;
}

export interface Decided<State> {
  /** The state after the events. */
  readonly state: State;
  /** The stream's version after the events; 0: there is no stream. */
  readonly version: number;
  /** Empty when nothing was to be done. */
  readonly recorded: readonly RecordedEvent[];
}

const ATTEMPTS = 8;

/**
 * Load, decide, append; whoever loses a race loads and decides again on what the winner left, so that no decision rests on state that
 * has passed. No events decided: nothing is appended, and neither claims nor `within` run.
 * @throws what `decide` and `EventStore.append` throw
 */
export async function decideAndAppend<State, Event extends NewEvent>(
  store: EventStore,
  decision: Decision<State, Event>,
): Promise<Decided<State>> {
  await reach('command.received');
  const attempts = decision.attempts ?? ATTEMPTS;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await decideOnce(store, decision);
    } catch (error) {
      if (attempt >= attempts || !isAppError(error, 'stream.version_conflict')) throw error;
      // Those that collided once should not meet again at the same moment.
      await pause(Math.random() * 5 * attempt);
    }
  }
}

async function decideOnce<State, Event extends NewEvent>(
  store: EventStore,
  decision: Decision<State, Event>,
): Promise<Decided<State>> {
  const { streamId, evolve, meta, within } = decision;
  // The service wrote these events itself, through the same types.
  const apply = (state: State, event: NewEvent): State => evolve(state, event as Event);
  const kept = (await decision.kept?.()) ?? { state: decision.initialState, version: 0 };
  const later = await store.readStream(streamId, kept.version);
  const state = later.reduce(apply, kept.state);
  const version = kept.version + later.length;
  const events = decision.decide(state);
  if (events.length === 0) return { state, version, recorded: [] };

  const after = events.reduce(apply, state);
  const recorded = await store.append({
    streamId,
    expected: version,
    events,
    meta,
    ...decision.claims?.(state, events),
    ...(within && { within: (tx, written) => within(tx, written, after) }),
  });
  return { state: after, version: version + recorded.length, recorded };
}
