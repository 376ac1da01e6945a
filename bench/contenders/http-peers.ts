import path from 'node:path';
import type { CheckResult } from '@latchkey/contracts';
import type { Contender } from '../contender';
import { HttpConnection } from '../load/http-connection';
import { httpLoad, postRequest } from '../load/http-load';
import type { World } from '../world';
import { CALL, processOf } from './latchkey';
import { startPeer, type Ready } from './peer';

const ALLOWED = '"allowed":true';

/** `POST /v1/check` of a running Latchkey: three windows, address list, scopes, decision recorded. */
export const latchkeyHttp = async (world: World): Promise<Contender> =>
  latchkeyChecks(world, (await world.latchkey()).credentials);

export async function latchkeyChecks(world: World, credentials: readonly string[]): Promise<Contender> {
  const { cluster } = await world.latchkey();
  const { url, pid } = processOf(cluster, 'enforcement');
  world.pin(pid);
  const requests = checks('/v1/check', credentials);
  return {
    name: 'latchkey',
    title: 'POST /v1/check: key, user, workspace, three windows, address list, scopes; decision recorded',
    pid,
    load: (load) => httpLoad({ url, requests, expected: ALLOWED }, load),
  };
}

export async function bareFastify(world: World): Promise<Contender> {
  const { credentials } = await world.latchkey();
  return httpPeer(
    world,
    {
      name: 'fastify',
      title: 'bare Fastify: the same request by a JSON schema, the same answer by a compiled one',
      program: 'fastify.mjs',
    },
    { answer: await sampleAnswer(world) },
    credentials,
  );
}

export async function rateLimiterFlexible(world: World): Promise<Contender> {
  const { credentials } = await world.latchkey();
  return httpPeer(
    world,
    {
      name: 'rate-limiter-flexible',
      title: 'Fastify, SHA-256, a key in memory, one fixed window of rate-limiter-flexible in Redis',
      program: 'rate-limiter.mjs',
    },
    { redisUrl: world.redisUrl, credentials, answer: await sampleAnswer(world) },
    credentials,
  );
}

export async function betterAuth(world: World, storage: 'database' | 'secondary-storage'): Promise<Contender> {
  const where = storage === 'database' ? 'Postgres' : 'Redis';
  return httpPeer(
    world,
    {
      name: `better-auth-${where.toLowerCase()}`,
      title: `better-auth verifyApiKey on ${where}, its rate limit and permissions, behind Fastify`,
      program: 'better-auth.mjs',
    },
    { databaseUrl: await world.freshDatabase(), redisUrl: world.redisUrl, storage, keys: BETTER_AUTH_KEYS },
  );
}

/** It is slow to make them, and so many are enough that no two callers wait for one row. */
const BETTER_AUTH_KEYS = 512;

interface Peer {
  readonly name: string;
  readonly title: string;
  readonly program: string;
}

/** @param credentials absent: the program makes its own, and tells */
async function httpPeer(
  world: World,
  { name, title, program }: Peer,
  options: object,
  credentials?: readonly string[],
): Promise<Contender> {
  type Started = Ready & { readonly credentials?: readonly string[] };
  const file = path.join(world.root, 'bench/peers', program);
  const { pid, started } = await startPeer<Started>(world, file, options);
  const url = `http://127.0.0.1:${started.port}`;
  const requests = checks('/check', credentials ?? started.credentials ?? []);
  return { name, title, pid, load: (load) => httpLoad({ url, requests, expected: ALLOWED }, load) };
}

const checks = (route: string, credentials: readonly string[]): readonly Buffer[] =>
  credentials.map((credential) => postRequest(route, { credential, ...CALL }));

/** What Latchkey answers, so that a peer answers as much. */
export async function sampleAnswer(world: World): Promise<CheckResult> {
  const { cluster, credentials } = await world.latchkey();
  const connection = await HttpConnection.open(processOf(cluster, 'enforcement').url);
  const [request] = checks('/v1/check', credentials.slice(0, 1));
  if (request === undefined) throw new Error('no keys');
  const body = await connection.send(request);
  connection.close();
  return JSON.parse(body.toString()) as CheckResult;
}
