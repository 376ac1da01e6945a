// Brings up real Postgres, Redis and Kafka, each from the first of: an address in the environment, Docker, local programs.
import { mkdtemp, chmod, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { dockerAnswers } from './docker.mjs';
import { kafka } from './kafka.mjs';
import { postgres } from './postgres.mjs';
import { redis } from './redis.mjs';

const services = [postgres, redis, kafka];

/** The name under which a test process gets an address: `LATCHKEY_TEST_REDIS_URL`. */
export const testVariable = (variable) => `LATCHKEY_TEST_${variable}`;
export const variables = services.map(({ variable }) => variable);

/** The addresses that are in the environment. */
export const givenAddresses = () =>
  Object.fromEntries(
    variables.map((variable) => [variable, process.env[testVariable(variable)] ?? process.env[variable]]),
  );

export async function startServices(progress) {
  const folder = await mkdtemp(path.join(tmpdir(), 'latchkey-backing-'));
  await chmod(folder, 0o755); // Postgres runs as a user of its own where we are root
  const docker = await dockerAnswers();
  const started = [];
  const stop = async () => {
    await Promise.allSettled(started.map((service) => service.stop()));
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const start = async ({ name, variable, probe, fromDocker, fromPrograms }) => {
    const given = givenAddresses()[variable];
    if (given !== undefined) {
      if (!(await probe(given))) throw new Error(`${name} does not answer at the address in ${variable}.`);
      progress(`${name}: the one given in the environment`);
      return [variable, given];
    }
    progress(`${name}: starting ${docker ? 'in Docker' : 'the local program'} …`);
    const service = await (docker
      ? fromDocker()
      : fromPrograms({ folder: path.join(folder, name.toLowerCase()), progress }));
    started.push(service);
    progress(`${name}: ready`);
    return [variable, service.address];
  };
  const outcomes = await Promise.allSettled(inOrder(start));
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure !== undefined) {
    await stop();
    throw failure.reason;
  }
  return { addresses: Object.fromEntries(outcomes.map((outcome) => outcome.value)), stop };
}

/** All at once, except that Kafka waits for Redis: both may need the system's package manager, which takes one at a time. */
function inOrder(start) {
  const redisStarted = start(redis);
  return [start(postgres), redisStarted, redisStarted.then(() => start(kafka))];
}

/** Whether every address still answers. */
export async function answer(addresses) {
  const probes = services.map(({ variable, probe }) => addresses[variable] !== undefined && probe(addresses[variable]));
  return (await Promise.all(probes)).every(Boolean);
}
