import { happened, meta } from '../testing/events';
import { serviceDatabase, type ServiceDatabase } from '../testing/service-database';
import { PostgresEventStore } from './postgres-event-store';

describe('a change that is one in two streams', () => {
  let service: ServiceDatabase;
  let store: PostgresEventStore;
  beforeAll(async () => {
    service = await serviceDatabase();
    store = new PostgresEventStore(service.dataSource);
  });
  afterAll(() => service.close());

  const both = (one: string, other: string, fails = false) =>
    store.append({
      streamId: one,
      expected: 'no_stream',
      events: [happened()],
      meta,
      within: async (tx) => {
        const together = store.in(tx);
        await together.append({ streamId: other, expected: 'no_stream', events: [happened()], meta });
        expect(await together.readStream(other)).toHaveLength(1);
        expect(await store.readStream(other)).toEqual([]);
        if (fails) throw new Error('in the end');
      },
    });
  const versions = async (...streams: string[]) =>
    (await Promise.all(streams.map((stream) => store.readStream(stream)))).map(({ length }) => length);

  it('is written in both', async () => {
    await both('a', 'b');
    expect(await versions('a', 'b')).toEqual([1, 1]);
  });

  it('is written in neither when it fails', async () => {
    await expect(both('c', 'd', true)).rejects.toThrow('in the end');
    expect(await versions('c', 'd')).toEqual([0, 0]);
  });

  it('is written in neither when one of them has gone on', async () => {
    await expect(both('e', 'a')).rejects.toMatchObject({ code: 'stream.exists' });
    expect(await versions('e', 'a')).toEqual([0, 1]);
  });
});
