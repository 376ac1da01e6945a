import { eventually } from '@latchkey/testing';
import { randomUUID } from 'node:crypto';
import { PostgresEventStore } from '../postgres/postgres-event-store';
import { happened, meta } from '../testing/events';
import { serviceDatabase, type ServiceDatabase } from '../testing/service-database';
import { spawnRelay, type SpawnedRelay } from '../testing/spawn-relay';

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n + 1);
const starting = { timeoutMs: 20_000 };

describe('relay: as a process', () => {
  const leaseMs = 600;
  let database: ServiceDatabase;
  let store: PostgresEventStore;
  const spawned: SpawnedRelay[] = [];

  beforeEach(async () => {
    database = await serviceDatabase();
    store = new PostgresEventStore(database.dataSource);
  });
  afterEach(async () => {
    await Promise.all(spawned.splice(0).map((relay) => relay.kill()));
    await database.close();
  });

  const relay = (hangAt?: 'relay.positions_given'): SpawnedRelay => {
    const process = spawnRelay({ url: database.url, leaseMs, ...(hangAt && { hangAt }) });
    spawned.push(process);
    return process;
  };
  const append = (count: number) =>
    store.append({ streamId: randomUUID(), expected: 0, events: upTo(count).map(() => happened()), meta });

  it('a leader that is stopped past its lease is replaced, and when it goes on it neither gives positions nor publishes', async () => {
    const stopped = relay();
    await eventually(() => expect(stopped.role).toBe('leader'), starting);
    const next = relay();
    await eventually(() => expect(next.role).toBe('standby'), starting);
    await append(5);
    await eventually(() => expect(stopped.positions).toEqual(upTo(5)));

    stopped.signal('SIGSTOP');
    await append(5);
    await eventually(() => expect(next.positions).toEqual([6, 7, 8, 9, 10]));
    stopped.signal('SIGCONT');
    await eventually(() => expect(stopped.role).toBe('standby'));
    await append(5);
    await eventually(() => expect(next.positions).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15]));
    expect(stopped.positions).toEqual(upTo(5));
  });

  it('a leader that is killed between giving positions and publishing loses nothing', async () => {
    const killed = relay('relay.positions_given');
    await append(5);
    await eventually(() => expect(killed.lines).toContainEqual({ what: 'hangs' }), starting);
    await killed.kill();
    expect(killed.positions).toEqual([]);

    const next = relay();
    await append(5);
    await eventually(() => expect(next.positions).toEqual(upTo(10)), starting);
  });
});
