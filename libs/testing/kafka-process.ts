import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { launchAlone } from './lone-server';
import { freePort, serverProcess, type ServerProcess } from './server-process';

/** Its `url` is the broker as `host:port`. */
export type KafkaProcess = ServerProcess;

/** A Kafka of one's own, for tests of its outages. What it has acknowledged survives `kill` and `restart`. Takes about ten seconds to make. */
export async function startKafka(): Promise<KafkaProcess> {
  const folder = await mkdtemp(path.join(tmpdir(), 'latchkey-kafka-'));
  const [port, controllerPort] = [await freePort(), await freePort()];
  return serverProcess({
    ...{ port, folder },
    launch: () => launchAlone('lone-kafka.mjs', [folder, port, controllerPort]),
  });
}
