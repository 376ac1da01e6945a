import { GrpcCheckClient } from '@latchkey/guard';
import { eventually } from '@latchkey/testing';
import { startSystem } from './harness/system';
import { Tester } from './harness/tester';

const START_MS = 120_000;

describe('nodes of enforcement that go away', () => {
  const clients: GrpcCheckClient[] = [];
  let tester: Tester;
  beforeAll(async () => {
    tester = new Tester(await startSystem('cluster', { profile: 's4e' }));
  }, START_MS);
  afterAll(async () => {
    for (const client of clients) client.close();
    await tester?.system.stop();
  }, START_MS);

  const guard = (addresses: readonly string[]) => {
    const client = new GrpcCheckClient(addresses);
    clients.push(client);
    return client;
  };

  it('one that stops or is killed costs no caller an answer, and is asked again when it is back', async () => {
    const node = tester.system.processes.get('enforcement-1');
    if (node === undefined) throw new Error('the cluster has no such node');
    const { key } = await tester.createS4eKey({ scopes: ['read:assets'], plan: 'unlimited' });
    const client = guard(tester.system.enforcementGrpc);
    let running = true;
    let answered = 0;
    const ask = async () => {
      while (running) {
        expect((await client.check({ credential: key })).allowed).toBe(true);
        answered += 1;
      }
    };
    const askers = Promise.all(Array.from({ length: 32 }, ask));
    const more = async () => {
      const before = answered;
      await eventually(() => expect(answered).toBeGreaterThan(before + 200));
    };
    await more();
    await node.stop();
    await more();
    await node.start();
    await more();
    await node.kill();
    await more();
    await node.start();
    const alone = guard([node.grpcAddress]);
    await eventually(async () => expect((await alone.check({ credential: key })).allowed).toBe(true));
    running = false;
    await askers;
  });
});
