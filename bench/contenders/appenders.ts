import { once } from 'node:events';
import path from 'node:path';
import type { WorkerOptions } from '../append/worker';
import type { WriterName } from '../append/writers';
import type { Contender } from '../contender';
import { httpLoad } from '../load/http-load';
import type { Measured } from '../statistics';
import type { World } from '../world';
import { createKeyRequest, processOf } from './latchkey';
import { startPeer } from './peer';

const CONNECTIONS = 16;

const titles: Readonly<Record<WriterName, string>> = {
  'event-store': 'one event, its canonical bytes and its outbox row by the event store, alone: one statement',
  'event-and-row': 'the same with a row of a read model in its transaction, as commands append',
  'raw-pg': 'the same event as one row by a prepared INSERT of pg, in a transaction of its own',
};

export async function appender(world: World, writer: WriterName): Promise<Contender> {
  const options: WorkerOptions = { writer, databaseUrl: await world.freshDatabase(), connections: CONNECTIONS };
  const { child, pid } = await startPeer(world, path.join(__dirname, '../append/worker.js'), options);
  const ended = once(child, 'exit').then(() => {
    throw new Error(`${writer} ended`);
  });
  ended.catch(() => undefined);
  return {
    name: writer,
    title: titles[writer],
    pid,
    load: async (load) => {
      child.send(load);
      const [measured] = (await Promise.race([once(child, 'message'), ended])) as [Measured];
      return measured;
    },
  };
}

/** A command from end to end: authenticated by the check, decided, written with its read model, digest and subject. */
export async function keyCreator(world: World): Promise<Contender> {
  const { cluster, adminKey } = await world.latchkey();
  const { url, pid } = processOf(cluster, 'issuance');
  world.pin(pid);
  const requests = [createKeyRequest(adminKey)];
  return {
    name: 'create-key',
    title: 'POST /api/v1/api-keys: a key is created, by an admin key that is checked',
    pid,
    load: (load) => httpLoad({ url, requests, expected: '"key"' }, load),
  };
}
