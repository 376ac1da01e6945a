// What everything else uses: the addresses of running backing services, re-used or started.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { givenAddresses, variables } from './services.mjs';
import { readState } from './state.mjs';

const keeper = path.join(path.dirname(fileURLToPath(import.meta.url)), 'keeper.mjs');

/**
 * @param {{ keep?: boolean, own?: boolean, progress?: (line: string) => void }} [options] `keep`: they outlive this process, until
 * down.mjs. `own`: none that up.mjs left running.
 * @returns {Promise<{ addresses: Record<'DATABASE_URL' | 'REDIS_URL' | 'KAFKA_BROKERS', string>, reused: boolean, stop: () => Promise<void> }>}
 * `stop` ends what this call started, and nothing else.
 */
export async function backingServices({ keep = false, own = false, progress = console.log } = {}) {
  const found = await runningServices(own);
  if (found !== undefined) return { addresses: found, reused: true, stop: async () => undefined };

  const child = spawn(process.execPath, [keeper, ...(keep ? [] : ['--bound'])], {
    // What outlives its starter must not keep the starter's output open: a reader of it would wait for ever.
    stdio: [keep ? 'ignore' : 'pipe', 'pipe', keep ? 'ignore' : 'inherit'],
    detached: true,
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const addresses = await addressesFrom(child, ended, progress);
  child.unref();
  child.stdout.unref?.();
  child.stdin?.unref?.();
  const stop = async () => {
    if (child.exitCode !== null) return;
    child.ref();
    child.kill('SIGTERM');
    await ended;
  };
  return { addresses, reused: false, stop };
}

/** All in the environment, or those that up.mjs left running, unless the environment has another address for one of them. */
async function runningServices(own) {
  const given = givenAddresses();
  if (variables.every((variable) => given[variable] !== undefined)) return given;
  if (own) return undefined;
  const { addresses } = (await readState()) ?? {};
  const agree = (variable) => given[variable] === undefined || given[variable] === addresses[variable];
  return addresses !== undefined && variables.every(agree) ? addresses : undefined;
}

async function addressesFrom(child, ended, progress) {
  const lines = createInterface({ input: child.stdout });
  try {
    return await new Promise((resolve, reject) => {
      lines.on('line', (line) => {
        const message = JSON.parse(line);
        if (message.progress !== undefined) progress(message.progress);
        if (message.failed !== undefined) reject(new Error(message.failed));
        if (message.addresses !== undefined) resolve(message.addresses);
      });
      void ended.then((code) => reject(new Error(`the backing services ended while starting (exit code ${code})`)));
    });
  } finally {
    lines.close();
  }
}
