import { setImmediate as turn } from 'node:timers/promises';
import { eventually, type TcpProxy } from '@latchkey/testing';
import { PoisonMessageError, type DeliveredMessage, type EventBus, type SubscribeOptions } from './event-bus';
import { openBus, type BusAddress, type OpenBus } from './testing/open-bus';
import { spawnReader, type SpawnedReader } from './testing/spawn-reader';
import { interleaved, VersionChecked, versionOf, versions } from './testing/versioned';

export interface BusUnderTest {
  readonly address: BusAddress;
  /** The same bus through a network that can be spoiled. */
  readonly spoilt: { readonly address: BusAddress; readonly proxy: TcpProxy };
  stop(): Promise<void>;
}

/** Every adapter of the event bus passes this, against the real thing. */
export function eventBusContract(name: string, start: () => Promise<BusUnderTest>): void {
  describe(`${name} as an event bus`, () => {
    let underTest: BusUnderTest;
    let bus: EventBus;
    let topic: string;
    let number = 0;
    const opened: OpenBus[] = [];
    const processes: SpawnedReader[] = [];

    beforeAll(async () => {
      underTest = await start();
    });
    afterAll(() => underTest.stop());

    beforeEach(async () => {
      topic = `topic-${(number += 1)}`;
      ({ bus } = await open());
    });
    afterEach(async () => {
      underTest.spoilt.proxy.restore();
      for (const process of processes.splice(0)) process.kill();
      await Promise.all(opened.splice(0).map((one) => one.close()));
    });

    const open = async (address: BusAddress = underTest.address): Promise<OpenBus> => {
      const one = await openBus(address);
      opened.push(one);
      return one;
    };
    const spawned = (task: Omit<Parameters<typeof spawnReader>[0], 'address' | 'topic'>): SpawnedReader => {
      const process = spawnReader({ ...task, address: underTest.address, topic });
      processes.push(process);
      return process;
    };
    const read = (group: string, options: Partial<SubscribeOptions> = {}, from: EventBus = bus) =>
      from.subscribe({
        group,
        topics: [topic],
        handle: () => Promise.resolve(),
        park: () => Promise.reject(new Error('nothing is poison here')),
        ...options,
      });
    /** A group's reader with the messages it was given. */
    const collect = async (group: string, from: EventBus = bus) => {
      const messages: DeliveredMessage[] = [];
      const subscription = await read(group, { handle: async (message) => void messages.push(message) }, from);
      return { messages, subscription };
    };
    const keysOf = (count: number) => Array.from({ length: count }, (_, index) => `key-${index}`);
    const ofKey = (messages: readonly DeliveredMessage[], key: string) =>
      messages.filter((message) => message.key === key).map(versionOf);
    const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

    it('delivers every message, in order per key, to every group', async () => {
      const keys = keysOf(10);
      const first = await collect('first');
      for (const from of [1, 6, 11])
        await bus.publish(interleaved(keys.map((key) => versions(topic, key, from, from + 4))));
      const second = await collect('second');
      for (const { messages } of [first, second]) {
        await eventually(() => expect(messages).toHaveLength(150), { timeoutMs: 10_000 });
        for (const key of keys) expect(ofKey(messages, key)).toEqual(upTo(15));
        expect(new Set(messages.map(({ partition }) => partition)).size).toBeGreaterThan(1);
      }
    });

    it('hands over key, topic and value as they were published', async () => {
      const message = { topic, key: 'ключ', value: Buffer.from([0, 255, 10, 13, 128]) };
      await bus.publish([message]);
      const { messages } = await collect('reader');
      await eventually(() => expect(messages).toEqual([expect.objectContaining({ ...message, offset: '0' })]));
    });

    it('keeps the order of publishers that publish at once', async () => {
      const publishers = await Promise.all(upTo(4).map(() => open()));
      await Promise.all(
        publishers.map(async (publisher, index) => {
          for (const version of upTo(20))
            await publisher.bus.publish(versions(topic, `key-${index}`, version, version));
        }),
      );
      const { messages } = await collect('reader');
      await eventually(() => expect(messages).toHaveLength(80), { timeoutMs: 10_000 });
      for (const key of keysOf(4)) expect(ofKey(messages, key)).toEqual(upTo(20));
    });

    it('replays everything to a group that is new, and nothing to one that closed after reading', async () => {
      await bus.publish(versions(topic, 'key', 1, 5));
      const before = await collect('known');
      await eventually(() => expect(before.messages).toHaveLength(5));
      await before.subscription.close();
      await bus.publish(versions(topic, 'key', 6, 7));

      const [after, fresh] = [await collect('known'), await collect('fresh')];
      await eventually(() => expect(ofKey(fresh.messages, 'key')).toEqual(upTo(7)));
      await eventually(() => expect(ofKey(after.messages, 'key')).toEqual([6, 7]));
      expect(before.messages).toHaveLength(5);
    });

    it('finishes the message at hand before a subscription is closed', async () => {
      await bus.publish(versions(topic, 'key', 1, 3));
      let finish = () => undefined as void;
      const handled: number[] = [];
      const subscription = await read('reader', {
        handle: async (message) => {
          await new Promise<void>((resolve) => (finish = resolve));
          handled.push(versionOf(message));
        },
      });
      await eventually(() => {
        finish();
        expect(handled).toEqual([1]);
      });
      const closed = subscription.close().then(() => [...handled]);
      finish();
      const atClose = await closed;
      const { messages } = await collect('reader');
      await eventually(() => expect(ofKey(messages, 'key').at(-1)).toBe(3));
      expect([...atClose, ...ofKey(messages, 'key')]).toEqual(upTo(3));
    });

    it('delivers again after kill -9 between handling and keeping the place; a reader that checks versions drops it', async () => {
      const keys = keysOf(4);
      await bus.publish(interleaved(keys.map((key) => versions(topic, key, 1, 10))));
      const killed = spawned({ group: 'reader', acknowledges: 'done', dieAfter: 7 });
      await expect(killed.ended).resolves.toBe('SIGKILL');
      expect(killed.lines).toHaveLength(7);

      const state = new VersionChecked();
      for (const { key, version } of killed.lines) state.apply(key, version);
      await read('reader', { handle: async (message) => state.apply(message.key, versionOf(message)) });
      await eventually(() => expect(state.applied).toEqual(new Map(keys.map((key) => [key, 10]))), {
        timeoutMs: 15_000,
      });
      expect(state.holes).toEqual([]);
      expect(state.duplicates).toBeGreaterThan(0);
    });

    it('would lose messages in a kill -9 if places were kept before the work is done', async () => {
      const killed = spawned({ group: 'reader', acknowledges: 'promised' });
      for (const version of [1, 2]) {
        await bus.publish(versions(topic, 'key', version, version));
        await eventually(() => expect(killed.lines).toHaveLength(version), { timeoutMs: 10_000 });
      }
      killed.kill();
      await killed.ended;
      await bus.publish(versions(topic, 'key', 3, 3));
      const { messages } = await collect('reader');
      await eventually(() => expect(ofKey(messages, 'key').at(-1)).toBe(3), { timeoutMs: 15_000 });
      expect(ofKey(messages, 'key')).not.toContain(1);
    });

    it('parks a poison message with its reason, and goes on with the next', async () => {
      await bus.publish(versions(topic, 'key', 1, 4));
      const [handled, parked]: [number[], { version: number; reason: string }[]] = [[], []];
      await read('reader', {
        handle: async (message) => {
          if (versionOf(message) === 2) throw new PoisonMessageError('data.keyId: expected string');
          handled.push(versionOf(message));
        },
        park: async (message, reason) => void parked.push({ version: versionOf(message), reason }),
      });
      await eventually(() => expect(handled).toEqual([1, 3, 4]));
      expect(parked).toEqual([{ version: 2, reason: 'data.keyId: expected string' }]);
    });

    it('does not pass a poison message by while it cannot be parked', async () => {
      await bus.publish(versions(topic, 'key', 1, 2));
      const seen: string[] = [];
      await read('reader', {
        handle: async (message) => {
          if (versionOf(message) === 1) throw new PoisonMessageError('poison');
          seen.push('handled 2');
        },
        park: async () => {
          seen.push('park 1');
          if (seen.length < 3) throw new Error('the database is away');
        },
      });
      await eventually(() => expect(seen).toEqual(['park 1', 'park 1', 'park 1', 'handled 2']));
    });

    it('tries again what failed, lets nothing overtake it within its key, and goes on with other keys', async () => {
      const keys = keysOf(12);
      await bus.publish(interleaved(keys.map((key) => versions(topic, key, 1, 3))));
      const handled: DeliveredMessage[] = [];
      let attempts = 0;
      await read('reader', {
        handle: async (message) => {
          if (message.key === 'key-0' && versionOf(message) === 2 && (attempts += 1) < 4) throw new Error('not now');
          handled.push(message);
        },
      });
      await eventually(() => expect(new Set(handled.map(({ partition }) => partition)).size).toBeGreaterThan(3));
      await eventually(() => expect(handled).toHaveLength(36), { timeoutMs: 10_000 });
      for (const key of keys) expect(ofKey(handled, key)).toEqual(upTo(3));
      expect(attempts).toBe(4);
      const stuck = handled.findIndex((message) => message.key === 'key-0' && versionOf(message) === 2);
      const elsewhere = handled.findLastIndex(({ partition }) => partition !== handled[stuck]?.partition);
      expect(elsewhere).toBeLessThan(stuck);
    });

    it('loses nothing, keeps the order per key and gives a partition to one at a time while members join and leave', async () => {
      const keys = keysOf(12);
      const state = new VersionChecked();
      const [busy, overlaps] = [new Set<number>(), [] as string[]];
      let [version, storm] = [0, true];
      const publishing = (async () => {
        while (storm) {
          version += 1;
          await bus.publish(keys.flatMap((key) => versions(topic, key, version, version)));
        }
      })();
      const join = async () => {
        const member = await open();
        let handled = 0;
        const handle = async (message: DeliveredMessage) => {
          if (busy.has(message.partition)) overlaps.push(`${message.partition}/${message.offset}`);
          busy.add(message.partition);
          await turn();
          state.apply(message.key, versionOf(message));
          handled += 1;
          busy.delete(message.partition);
        };
        const subscription = await read('readers', { handle }, member.bus);
        await eventually(() => expect(handled).toBeGreaterThan(0), { timeoutMs: 15_000 });
        return subscription;
      };
      const members = [await join()];
      for (let round = 0; round < 4; round += 1) {
        members.push(...(await Promise.all([join(), join()])));
        await Promise.all(members.splice(0, 2).map((member) => member.close()));
      }
      storm = false;
      await publishing;
      await eventually(() => expect(state.applied).toEqual(new Map(keys.map((key) => [key, version]))), {
        timeoutMs: 15_000,
      });
      expect(state.holes).toEqual([]);
      expect(overlaps).toEqual([]);
    }, 60_000);

    it('rejects a publish while the broker is away, and readers get everything when it is published again', async () => {
      const spoilt = await open(underTest.spoilt.address);
      const state = new VersionChecked();
      await read('reader', { handle: async (message) => state.apply(message.key, versionOf(message)) }, spoilt.bus);
      await spoilt.bus.publish(versions(topic, 'key', 1, 1));
      underTest.spoilt.proxy.cut();
      const publish = () => spoilt.bus.publish(versions(topic, 'key', 2, 3));
      await expect(publish()).rejects.toMatchObject({ code: 'service.unavailable' });
      underTest.spoilt.proxy.restore();
      await eventually(publish);
      await eventually(() => expect(state.applied.get('key')).toBe(3), { timeoutMs: 15_000 });
      expect(state.holes).toEqual([]);
    });

    it('loses nothing of what is published after an answer of the broker was lost', async () => {
      const spoilt = await open(underTest.spoilt.address);
      await spoilt.bus.publish(versions(topic, 'key', 1, 1));
      underTest.spoilt.proxy.stall('answers');
      await expect(spoilt.bus.publish(versions(topic, 'key', 2, 2))).rejects.toMatchObject({
        code: 'service.unavailable',
      });
      underTest.spoilt.proxy.restore();
      // As many as were lost: a broker that takes them for a repetition would drop them.
      await spoilt.bus.publish(versions(topic, 'key', 3, 3));
      const { messages } = await collect('reader');
      await eventually(() => expect(ofKey(messages, 'key').at(-1)).toBe(3));
    }, 60_000);
  });
}
