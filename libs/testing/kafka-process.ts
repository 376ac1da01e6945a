import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { launchAlone } from './lone-server';
import { freePort, killHard, signal, type ServerProcess } from './server-process';

/** Its `url` is the broker as `host:port`. */
export type KafkaProcess = ServerProcess;

/** A Kafka of one's own, for tests of its outages. What it has acknowledged survives `kill` and `restart`. Takes about ten seconds to make. */
export async function startKafka(): Promise<KafkaProcess> {
  const folder = await mkdtemp(path.join(tmpdir(), 'latchkey-kafka-'));
  const [port, controllerPort] = [await freePort(), await freePort()];
  const launch = () => launchAlone('lone-kafka.mjs', [folder, port, controllerPort]);
  let running = await launch();
  const kill = () => killHard(running.pid);

  return {
    url: running.url,
    port,
    folder,
    get pid() {
      return running.pid;
    },
    kill,
    pause: () => void signal(running.pid, 'SIGSTOP'),
    resume: () => void signal(running.pid, 'SIGCONT'),
    async restart() {
      await kill();
      running = await launch();
    },
    async stop() {
      await kill();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
