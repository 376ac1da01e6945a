import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { launchAlone } from './lone-server';
import { freePort, serverProcess, type ServerProcess } from './server-process';

/** Its `url` is the broker as `host:port`. */
export type KafkaProcess = ServerProcess;

export interface KafkaOptions {
  /** An address of the loopback. */
  host?: string;
  /** A free one when absent. */
  port?: number;
  /** As in its file of settings. */
  settings?: Readonly<Record<string, string>>;
  /** Of its process. */
  env?: Readonly<Record<string, string>>;
}

/** A Kafka of one's own, for tests of its outages. What it has acknowledged survives `kill` and `restart`. Takes about ten seconds to make. */
export async function startKafka({
  host = '127.0.0.1',
  port: wanted,
  settings = {},
  env,
}: KafkaOptions = {}): Promise<KafkaProcess> {
  const folder = await mkdtemp(path.join(tmpdir(), 'latchkey-kafka-'));
  const [port, controllerPort] = [wanted ?? (await freePort()), await freePort()];
  const more = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  return serverProcess({
    ...{ port, folder },
    launch: () => launchAlone('lone-kafka.mjs', [folder, host, port, controllerPort, ...more], env),
  });
}
