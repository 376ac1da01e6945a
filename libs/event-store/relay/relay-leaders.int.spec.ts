import { atFailpoint, disarmFailpoints, eventually } from '@latchkey/testing';
import { randomUUID } from 'node:crypto';
import { PostgresEventStore } from '../postgres/postgres-event-store';
import { happened, meta } from '../testing/events';
import { serviceDatabase, type ServiceDatabase } from '../testing/service-database';
import { Gate, Topic } from '../testing/topic';
import { Relay, type RelayOptions } from './relay';

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n + 1);

describe('relay: two leaders', () => {
  let database: ServiceDatabase;
  let store: PostgresEventStore;
  let topic: Topic;
  const running: Relay[] = [];

  beforeEach(async () => {
    database = await serviceDatabase();
    store = new PostgresEventStore(database.dataSource);
    topic = new Topic();
  });
  afterEach(async () => {
    disarmFailpoints();
    await Promise.all(running.splice(0).map((relay) => relay.stop()));
    await database.close();
  });

  /** An instance of the service, with connections of its own. */
  const relayOn = async (instance: string, options: Partial<RelayOptions> = {}): Promise<Relay> => {
    const relay = new Relay({
      dataSource: await database.open(instance),
      publisher: topic,
      source: 'latchkey/issuance',
      topic: 'latchkey.keys.v1',
      standbyPollMs: 20,
      leaseMs: 600,
      ...options,
    });
    running.push(relay);
    relay.start();
    return relay;
  };
  const append = (count: number) =>
    store.append({ streamId: randomUUID(), expected: 0, events: upTo(count).map(() => happened()), meta });
  /** The second line of defence, out of the way, so that it is the token that is tested. */
  const allowDuplicatePositions = () =>
    database.dataSource.query(
      'ALTER TABLE positions DROP CONSTRAINT positions_pkey, DROP CONSTRAINT positions_event_key',
    );
  const positions = async (): Promise<readonly number[]> => {
    const rows = await database.dataSource.query<{ position: string }[]>('SELECT position FROM positions ORDER BY 1');
    return rows.map((row) => Number(row.position));
  };

  it('only one of them leads, and the other takes over', async () => {
    const relays = [await relayOn('a'), await relayOn('b')];
    const leaders = () => relays.filter((relay) => relay.health().role === 'leader');
    await append(3);
    await eventually(() => expect(topic.positions).toEqual([1, 2, 3]));
    expect(leaders()).toHaveLength(1);
    await leaders()[0]?.stop();
    await append(2);
    await eventually(() => expect(topic.positions).toEqual([1, 2, 3, 4, 5]));
  });

  /** The first leader stops between reading the last position and giving the next, and loses its lock there. */
  const pausedWhileGiving = async (safeguards: RelayOptions['safeguards']): Promise<void> => {
    await allowDuplicatePositions();
    const gate = new Gate();
    await append(5);
    atFailpoint('relay.position_read', gate.pass);
    await relayOn('paused', safeguards && { safeguards });
    await gate.arrived;
    await database.terminate('paused-relay');
    await relayOn('next', safeguards && { safeguards });
    await eventually(async () => expect(await positions()).toHaveLength(5));
    await append(5);
    // A transaction that is still open would give the next positions from a number that is out of date.
    gate.open();
  };

  it('a leader that is paused while it gives positions gives none once it lost its lock', async () => {
    await pausedWhileGiving(undefined);
    await eventually(async () => expect(await positions()).toEqual(upTo(10)));
    await eventually(() => expect(topic.distinct.map((event) => Number(event.position))).toEqual(upTo(10)));
    expect(topic.forks).toEqual([]);
  });

  it('without the fencing token, two events get one position', async () => {
    await pausedWhileGiving({ fencing: false });
    await eventually(async () => {
      const given = await positions();
      expect(given.length).toBeGreaterThan(new Set(given).size);
    });
  });

  /** The first leader stops with a batch in its hands, and loses its lock there. */
  const pausedBeforePublishing = async (safeguards: RelayOptions['safeguards']): Promise<Relay> => {
    const gate = new Gate();
    await append(5);
    atFailpoint('relay.batch_read', gate.pass);
    const paused = await relayOn('paused', safeguards && { safeguards });
    await gate.arrived;
    await database.terminate('paused-relay');
    await relayOn('next');
    await append(5);
    await eventually(() => expect(topic.positions).toEqual(upTo(10)));
    gate.open();
    await eventually(() => expect(paused.health().role).toBe('standby'));
    return paused;
  };

  it('a leader that is paused with a batch in its hands publishes nothing once it lost its lock', async () => {
    await pausedBeforePublishing(undefined);
    expect(topic.positions).toEqual(upTo(10));
  });

  it('without a look at the lease, it publishes events once more that its successor has published', async () => {
    await pausedBeforePublishing({ lease: false });
    expect(topic.positions).toEqual([...upTo(10), ...upTo(5)]);
    expect(topic.forks).toEqual([]);
  });

  it.each(['relay.position_read', 'relay.positions_given', 'relay.batch_read', 'relay.published'] as const)(
    'a crash at "%s" loses nothing',
    async (failpoint) => {
      const gate = new Gate();
      await append(5);
      atFailpoint(failpoint, gate.pass);
      await relayOn('crashed');
      await gate.arrived;
      // What is left of a process that was killed: its connections are gone, and it does nothing more.
      await database.terminate('crashed');
      await database.terminate('crashed-relay');
      await relayOn('next');
      await append(5);
      await eventually(() => expect(topic.distinct.map((event) => Number(event.position))).toEqual(upTo(10)));
      expect(topic.forks).toEqual([]);
      gate.open();
    },
  );
});
