import { AppError, type ErrorCode } from '@latchkey/kernel';
import { randomUUID } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { decideAndAppend } from './decide-and-append';
import type { Append, EventStore, NewEvent } from './event-store';
import { happened, meta } from './testing/events';

export interface StoreUnderTest {
  readonly store: EventStore;
  /** Holds the append's transaction open for a while. */
  linger(tx: EntityManager, ms: number): Promise<void>;
  close(): Promise<void>;
}

const append = (streamId: string, expected: Append['expected'], more: Partial<Append> = {}): Append => ({
  streamId,
  expected,
  events: [happened()],
  meta,
  ...more,
});

/** What became of each: `ok`, or the code of its error. */
const outcomes = async (calls: readonly Promise<unknown>[]): Promise<readonly (ErrorCode | 'ok' | 'crash')[]> =>
  (await Promise.allSettled(calls)).map((result) => {
    if (result.status === 'fulfilled') return 'ok';
    return result.reason instanceof AppError ? result.reason.code : 'crash';
  });

/** What every event store guarantees. */
export function eventStoreContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`event store: ${name}`, () => {
    let test: StoreUnderTest;
    let store: EventStore;
    beforeAll(async () => {
      test = await open();
      store = test.store;
    });
    afterAll(() => test.close());

    const streamOf = async (length: number): Promise<string> => {
      const streamId = randomUUID();
      await store.append(append(streamId, 'no_stream', { events: Array.from({ length }, (_, n) => happened(n + 1)) }));
      return streamId;
    };
    const versionsOf = async (streamId: string): Promise<readonly number[]> =>
      (await store.readStream(streamId)).map((event) => event.version);

    describe('append and read', () => {
      it('gives back what was appended, in order, from version 1', async () => {
        const streamId = randomUUID();
        const recorded = await store.append(append(streamId, 'no_stream', { events: [happened('a'), happened('b')] }));
        expect(recorded).toMatchObject([
          { streamId, version: 1, type: 'latchkey.test.happened.v1', data: { what: 'a' }, meta },
          { streamId, version: 2, type: 'latchkey.test.happened.v1', data: { what: 'b' }, meta },
        ]);
        expect(await store.readStream(streamId)).toEqual(recorded);
        expect(await store.readStream(streamId, 1)).toEqual(recorded.slice(1));
      });

      it('records plain JSON: what a reader in the transaction sees is what every later reader sees', async () => {
        const streamId = randomUUID();
        const data = { z: 1, a: new Date('2026-01-01T00:00:00Z'), none: undefined, text: 'é "\u2028" 👍', big: 1e21 };
        const [event] = await store.append(append(streamId, 'no_stream', { events: [happened(data)] }));
        expect(event?.data).toEqual({
          what: { a: '2026-01-01T00:00:00.000Z', big: 1e21, text: 'é "\u2028" 👍', z: 1 },
        });
        expect(await store.readStream(streamId)).toEqual([event]);
      });

      it('refuses an event that no bus would take', async () => {
        const streamId = randomUUID();
        const append512KiB = append(streamId, 'no_stream', { events: [happened('x'.repeat(512 * 1_024))] });
        await expect(store.append(append512KiB)).rejects.toMatchObject({ code: 'request.too_large' });
        expect(await store.readStream(streamId)).toEqual([]);
      });

      it('gives no events for a stream that does not exist', async () => {
        expect(await store.readStream(randomUUID())).toEqual([]);
      });
    });

    describe('expected version', () => {
      it('no_stream makes a stream, and refuses one that exists', async () => {
        const streamId = await streamOf(1);
        await expect(store.append(append(streamId, 'no_stream'))).rejects.toMatchObject({ code: 'stream.exists' });
        expect(await versionsOf(streamId)).toEqual([1]);
      });

      it('a number takes that version only', async () => {
        const streamId = await streamOf(2);
        for (const wrong of [0, 1, 3]) {
          await expect(store.append(append(streamId, wrong))).rejects.toMatchObject({
            code: 'stream.version_conflict',
          });
        }
        await store.append(append(streamId, 2));
        expect(await versionsOf(streamId)).toEqual([1, 2, 3]);
      });

      it('0 makes a stream; a number above 0 does not', async () => {
        const streamId = randomUUID();
        await expect(store.append(append(streamId, 1))).rejects.toMatchObject({ code: 'stream.version_conflict' });
        await store.append(append(streamId, 0));
        expect(await versionsOf(streamId)).toEqual([1]);
      });

      it('exists takes any version, and refuses a stream that is not there', async () => {
        const streamId = await streamOf(2);
        await store.append(append(streamId, 'exists'));
        expect(await versionsOf(streamId)).toEqual([1, 2, 3]);
        await expect(store.append(append(randomUUID(), 'exists'))).rejects.toMatchObject({ code: 'stream.not_found' });
      });
    });

    describe('races', () => {
      it('of two first appends at once, one wins and the other hears that the stream exists', async () => {
        const streamId = randomUUID();
        const slowly = { within: (tx: EntityManager) => test.linger(tx, 20) };
        const calls = [1, 2].map(() => store.append(append(streamId, 'no_stream', slowly)));
        expect([...(await outcomes(calls))].sort()).toEqual(['ok', 'stream.exists']);
        expect(await versionsOf(streamId)).toEqual([1]);
      });

      it('of many appends to one version, one wins', async () => {
        const streamId = await streamOf(1);
        const result = await outcomes(Array.from({ length: 8 }, () => store.append(append(streamId, 1))));
        expect(result.filter((outcome) => outcome === 'ok')).toHaveLength(1);
        expect(result.filter((outcome) => outcome === 'stream.version_conflict')).toHaveLength(7);
      });

      it('appends to any version all succeed, one after the other', async () => {
        const streamId = await streamOf(1);
        const result = await outcomes(Array.from({ length: 16 }, () => store.append(append(streamId, 'exists'))));
        expect(new Set(result)).toEqual(new Set(['ok']));
        expect(await versionsOf(streamId)).toEqual(Array.from({ length: 17 }, (_, n) => n + 1));
      });

      it('whoever loses decides again on what the winner left', async () => {
        const streamId = await streamOf(1);
        const increment = () =>
          decideAndAppend<number, NewEvent>(store, {
            streamId,
            initialState: 0,
            evolve: (sum) => sum + 1,
            decide: (sum) => [happened(sum + 1)],
            meta,
            attempts: 50,
          });
        const decided = await Promise.all(Array.from({ length: 8 }, increment));
        expect(decided.map(({ state }) => state).sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
        expect((await store.readStream(streamId)).map((event) => event.data)).toEqual(
          Array.from({ length: 9 }, (_, n) => ({ what: n + 1 })),
        );
      });

      it('no events decided is no append', async () => {
        const streamId = await streamOf(3);
        const decided = await decideAndAppend<number, NewEvent>(store, {
          streamId,
          initialState: 0,
          evolve: (sum) => sum + 1,
          decide: () => [],
          meta,
        });
        expect(decided).toEqual({ state: 3, version: 3, recorded: [] });
      });
    });

    describe('claims', () => {
      const email = (value: string) => ({ scope: 'email', value });

      it('a claimed value is refused to another stream, with its scope and without its value, and nothing is written', async () => {
        const value = `${randomUUID()}@example.com`;
        const [first, second] = [randomUUID(), randomUUID()];
        await store.append(append(first, 'no_stream', { claim: [email(value)] }));
        const refused = store.append(append(second, 'no_stream', { claim: [email(value)] }));
        await expect(refused).rejects.toMatchObject({ code: 'claim.taken', details: { scope: 'email' } });
        await expect(refused).rejects.not.toThrow(value);
        expect(await store.readStream(second)).toEqual([]);
      });

      it('scopes are apart, letters are compared by case, and the holder may claim again', async () => {
        const value = randomUUID();
        const streamId = randomUUID();
        await store.append(append(streamId, 'no_stream', { claim: [email(`a${value}`)] }));
        await store.append(append(streamId, 1, { claim: [email(`a${value}`)] }));
        await store.append(
          append(randomUUID(), 'no_stream', { claim: [email(`A${value}`), { scope: 'name', value: `a${value}` }] }),
        );
      });

      it('a released value can be claimed; another stream cannot release it', async () => {
        const value = randomUUID();
        const [holder, other] = [randomUUID(), randomUUID()];
        await store.append(append(holder, 'no_stream', { claim: [email(value)] }));
        await store.append(append(other, 'no_stream', { release: [email(value)] }));
        await expect(store.append(append(other, 1, { claim: [email(value)] }))).rejects.toMatchObject({
          code: 'claim.taken',
        });
        await store.append(append(holder, 1, { release: [email(value)] }));
        await store.append(append(other, 1, { claim: [email(value)] }));
      });

      it('of many that claim one value at once, one gets it', async () => {
        const claim = [email(randomUUID())];
        const slowly = { claim, within: (tx: EntityManager) => test.linger(tx, 10) };
        const calls = Array.from({ length: 8 }, () => store.append(append(randomUUID(), 'no_stream', slowly)));
        const result = await outcomes(calls);
        expect(result.filter((outcome) => outcome === 'ok')).toHaveLength(1);
        expect(result.filter((outcome) => outcome === 'claim.taken')).toHaveLength(7);
      });

      it('claims named in opposite orders do not deadlock', async () => {
        for (let round = 0; round < 10; round += 1) {
          const [a, b] = [email(randomUUID()), email(randomUUID())];
          const result = await outcomes([
            store.append(append(randomUUID(), 'no_stream', { claim: [a, b] })),
            store.append(append(randomUUID(), 'no_stream', { claim: [b, a] })),
          ]);
          expect([...result].sort()).toEqual(['claim.taken', 'ok']);
        }
      });
    });

    describe('within', () => {
      it('sees the recorded events, and takes them along when it fails', async () => {
        const streamId = randomUUID();
        const value = randomUUID();
        const failing = append(streamId, 'no_stream', {
          claim: [{ scope: 'email', value }],
          within: async (_tx, recorded) => {
            expect(recorded).toMatchObject([{ streamId, version: 1 }]);
            throw new AppError('key.unknown_plan');
          },
        });
        await expect(store.append(failing)).rejects.toMatchObject({ code: 'key.unknown_plan' });
        expect(await store.readStream(streamId)).toEqual([]);
        await store.append(append(randomUUID(), 'no_stream', { claim: [{ scope: 'email', value }] }));
      });
    });
  });
}
