import type { RecordedEvent } from '@latchkey/event-store';
import fc from 'fast-check';
import { evolve, initialKey } from '../domain/key/key';
import { eventsOf, grant, steps } from '../testing/key-histories';
import { keyListProjection, keyOf, type KeyListRow } from './key-list.projection';

/** As Postgres gives it back: columns of JSON hold what JSON holds. */
const stored = (row: KeyListRow): KeyListRow =>
  Object.fromEntries(
    Object.entries(row).map(([column, value]: [string, unknown]) => [
      column,
      value instanceof Date || typeof value !== 'object' ? value : (JSON.parse(JSON.stringify(value)) as unknown),
    ]),
  ) as unknown as KeyListRow;

const recorded = (event: Pick<RecordedEvent, 'type' | 'data'>, index: number): RecordedEvent => ({
  ...event,
  ...{ eventId: String(index), streamId: 'k', version: index + 1 },
  meta: { actorId: 'u', workspaceId: 'w', requestId: 'r', at: new Date(0) },
});

it('over random histories the row of a key holds all that its state does', () =>
  fc.assert(
    fc.property(grant, steps, (wanted, history) => {
      const events = eventsOf(wanted, history);
      const row = events.map(recorded).reduce<KeyListRow | null>((before, event) => {
        const after = keyListProjection.project(before, event);
        return after && stored(after);
      }, null);
      expect(row && keyOf(row)).toEqual(events.reduce(evolve, initialKey));
      expect(Object.keys(row ?? {}).sort()).toEqual([...keyListProjection.columns].sort());
    }),
  ));
