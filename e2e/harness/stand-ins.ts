import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { eventually, killHard, startKafka, startPostgres } from '@latchkey/testing';
import { Client } from 'pg';
import { SECRETS_DIR } from '../../tools/compose/secrets';
import type { ContainerProcess } from './composition';
import type { UndoStack } from './undo-stack';

/**
 * Programs of this machine in the place of the images of others. What docker-compose.yml gives those, they get: the address, the command or
 * the settings, and the files that the setup has made.
 */
export const standIns: Readonly<Record<string, (process: ContainerProcess, undo: UndoStack) => Promise<void>>> = {
  async postgres({ address, command, folder }, undo) {
    const password = await readFile(path.join(folder, SECRETS_DIR, 'password'), 'utf8');
    const settings = command.slice(1).filter((part) => part !== '-c');
    const server = await startPostgres({
      ...{ password, port: 5432 },
      settings: [...settings, `listen_addresses=${address}`],
    });
    undo.push(() => server.stop());
    // The superuser of the package has another name than that of the image.
    const client = new Client(`postgres://latchkey:${password}@${address}:5432/postgres`);
    await client.connect();
    await client.query(`CREATE ROLE postgres SUPERUSER LOGIN PASSWORD '${password}'`);
    await client.end();
  },

  async redis({ address, command, folder }, undo) {
    const [program = '', ...args] = command;
    const child = spawn(program, [...args, '--bind', address, '--dir', folder], { stdio: 'ignore' });
    undo.push(() => killHard(child.pid ?? -1));
    await eventually(() => accepts(address, 6379), { timeoutMs: 10_000 });
  },

  async kafka({ address, env, folder }, undo) {
    const { KAFKA_OPTS = '', ...others } = env;
    const settings = Object.entries(others).flatMap(([name, value]) => {
      const [, property] = /^KAFKA_(?!HEAP_OPTS)(.+)$/.exec(name) ?? [];
      return property === undefined ? [] : [[property.toLowerCase().replaceAll('_', '.'), value] as const];
    });
    const server = await startKafka({
      ...{ host: address, port: 9092 },
      settings: {
        ...Object.fromEntries(settings),
        listeners: `SASL_PLAINTEXT://${address}:9092,CONTROLLER://${address}:9093`,
        'controller.quorum.voters': `1@${address}:9093`,
      },
      // What its start script would do with them.
      env: { JDK_JAVA_OPTIONS: KAFKA_OPTS.replace(SECRETS_DIR, path.join(folder, SECRETS_DIR)) },
    });
    undo.push(() => server.stop());
  },
};

function accepts(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: 1_000 });
    socket.once('connect', () => resolve(void socket.destroy()));
    socket.once('error', reject);
  });
}
