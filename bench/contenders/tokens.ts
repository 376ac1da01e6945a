import path from 'node:path';
import type { Contender } from '../contender';
import { httpLoad } from '../load/http-load';
import type { World } from '../world';
import {
  accessTokens,
  createApplications,
  introspectionRequest,
  SCOPES,
  tokenRequest,
  type Application,
} from './applications';
import { latchkeyChecks } from './http-peers';
import { processOf, type SigningAlgorithm } from './latchkey';
import { startPeer } from './peer';

const ISSUED = '"access_token"';
const ACTIVE = '"active":true';
/** So many take turns at a token endpoint: the limit of none is reached. */
const APPLICATIONS = 1_000;
/** oidc-provider's own memory keeps no more than 1,000 things. */
const INTROSPECTED = 250;

/** `POST /oauth/token` of a running Latchkey. */
export async function latchkeyTokens(world: World, algorithm: SigningAlgorithm): Promise<Contender> {
  const latchkey = await world.latchkey(algorithm);
  const { url, pid } = processOf(latchkey.cluster, 'oauth');
  world.pin(pid);
  const requests = (await createApplications(latchkey, APPLICATIONS)).map((each) => tokenRequest(each));
  return {
    name: algorithm.toLowerCase(),
    title: `POST /oauth/token: secret, client, user, workspace, address list, limits; a JWT by ${algorithm}, recorded`,
    pid,
    load: (load) => httpLoad({ url, requests, expected: ISSUED }, load),
  };
}

export async function oidcProviderTokens(world: World, algorithm: SigningAlgorithm): Promise<Contender> {
  const clients = strangers(APPLICATIONS);
  const { url, pid } = await startOidcProvider(world, { algorithm, redisUrl: null, clients });
  const requests = clients.map((client) => tokenRequest(client, '/token'));
  return {
    name: `oidc-provider-${algorithm.toLowerCase()}`,
    title: `oidc-provider, clients and all else in its memory; a JWT by ${algorithm}`,
    pid,
    load: (load) => httpLoad({ url, requests, expected: ISSUED }, load),
  };
}

/** `POST /oauth/introspect` of a running Latchkey: enforcement works for the answer too. */
export async function latchkeyIntrospection(world: World): Promise<Contender> {
  const latchkey = await world.latchkey();
  const oauth = processOf(latchkey.cluster, 'oauth');
  const enforcement = processOf(latchkey.cluster, 'enforcement');
  world.pin(oauth.pid);
  world.pin(enforcement.pid);
  const applications = await createApplications(latchkey, INTROSPECTED);
  const tokens = await accessTokens(oauth.url, applications);
  const requests = applications.map((each, index) => introspectionRequest(each, tokens[index] ?? ''));
  return {
    name: 'introspection',
    title: 'POST /oauth/introspect of an access token, by its own client; both processes',
    pid: oauth.pid,
    helpers: [enforcement.pid],
    load: (load) => httpLoad({ url: oauth.url, requests, expected: ACTIVE }, load),
  };
}

export async function oidcProviderIntrospection(world: World, storage: 'memory' | 'redis'): Promise<Contender> {
  const clients = strangers(INTROSPECTED);
  const redisUrl = storage === 'redis' ? world.redisUrl : null;
  const { url, pid } = await startOidcProvider(world, { algorithm: null, redisUrl, clients });
  const tokens = await accessTokens(url, clients, '/token');
  const requests = clients.map((each, index) =>
    introspectionRequest(each, tokens[index] ?? '', '/token/introspection'),
  );
  return {
    name: `oidc-provider-introspection-${storage}`,
    title: `oidc-provider, of an opaque token that is kept in ${storage === 'redis' ? 'Redis' : 'its memory'}`,
    pid,
    load: (load) => httpLoad({ url, requests, expected: ACTIVE }, load),
  };
}

/** The check of `latchkeyHttp`, with as many access tokens as there are keys: after the first load each was seen before. */
export async function checksOfTokens(world: World): Promise<Contender> {
  const latchkey = await world.latchkey();
  const applications = await createApplications(latchkey, world.keys);
  const tokens = await accessTokens(processOf(latchkey.cluster, 'oauth').url, applications);
  return {
    ...(await latchkeyChecks(world, tokens)),
    name: 'check-token',
    title: 'POST /v1/check: an access token that was seen before, its client, user, workspace and signing key',
  };
}

interface PeerOptions {
  readonly algorithm: SigningAlgorithm | null;
  readonly redisUrl: string | null;
  readonly clients: readonly Application[];
}

async function startOidcProvider(world: World, options: PeerOptions) {
  const program = path.join(world.root, 'bench/peers/oidc-provider.mjs');
  const { pid, started } = await startPeer(world, program, { ...options, scopes: SCOPES });
  return { pid, url: `http://127.0.0.1:${started.port}` };
}

const strangers = (count: number): readonly Application[] =>
  Array.from({ length: count }, (_, index) => ({
    clientId: `018f3b1c-0000-7000-8000-${String(index).padStart(12, '0')}`,
    clientSecret: `bench_client_${String(index).padStart(43, '0')}`,
    ip: '203.0.113.7',
  }));
