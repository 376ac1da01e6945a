import type { CheckRequest } from '@latchkey/contracts';
import { GrpcCaller } from './grpc';
import { call } from './http';
import type { System } from './system';

/** Where a call may carry a credential. */
export const FORMS = ['bearer', 'x-api-key', 'cookie', 'query', 'body'] as const;
export type Form = (typeof FORMS)[number];

/** A call to a route behind the guard. */
export interface GuardedCall {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly scope: string;
  /** Where the route looks for a credential. */
  readonly forms: readonly Form[];
  readonly body?: object;
  /** A route of Latchkey's own; absent: of the sample API. */
  readonly own?: true;
}

/** How somebody calls. */
export interface Caller {
  readonly ip: string;
  /** Slug of the workspace whose host is called. */
  readonly slug: string;
  readonly domain: string;
}

/** Answers by the way that was asked: what is the same everywhere is one value. */
export type Answers = Readonly<Record<string, string>>;

type Answered = readonly [way: string, answer: string];

interface Result {
  readonly status: number;
  readonly reason?: string | null;
}

const said = ({ status, reason }: Result) => (reason ? `${status} ${reason}` : String(status));

/** All that can be asked whether a credential passes. */
export class EveryWay {
  readonly #grpc: readonly GrpcCaller[];

  constructor(private readonly system: System) {
    this.#grpc = system.enforcementGrpc.map((address) => new GrpcCaller(address));
  }

  close(): void {
    for (const client of this.#grpc) client.close();
  }

  /** What a service that holds the credential is told, by every node over HTTP and gRPC, for one check and for two in a batch. */
  async asked(credential: string, scope: string, { ip, slug }: Caller): Promise<Answers> {
    const check = { credential, scopes: [scope], ip, tenant: slug };
    const answers = await Promise.all([
      ...this.system.enforcementUrls.map((url, node) => askedOverHttp(url, check, `node ${node}`)),
      ...this.#grpc.map((client, node) => askedOverGrpc(client, check, `node ${node}`)),
    ]);
    return Object.fromEntries(answers.flat());
  }

  /** What credentials do that a call carries in these places, at forward-auth of every node and at the route. */
  async carried(shown: Partial<Record<Form, string>>, guarded: GuardedCall, caller: Caller): Promise<Answers> {
    const { query, body } = shown;
    const target = query === undefined ? guarded.path : `${guarded.path}?token=${encodeURIComponent(query)}`;
    const carrying = {
      forms: Object.keys(shown).join(' and ') || 'nothing',
      headers: headersOf(shown, caller),
      target,
    };
    const answers = await Promise.all([
      // No proxy sends the body along.
      ...(body === undefined ? this.system.enforcementUrls : []).map(async (url, node): Promise<Answered> => {
        const status = await forwarded(url, guarded, carrying, caller);
        return [`forward-auth by ${carrying.forms}, node ${node}`, status];
      }),
      this.#called(guarded, carrying, body, caller),
    ]);
    return Object.fromEntries(answers);
  }

  async #called(
    guarded: GuardedCall,
    carrying: Carrying,
    token: string | undefined,
    caller: Caller,
  ): Promise<Answered> {
    const { method, path, own } = guarded;
    const answer = await call(own ? this.system.url : this.system.assetsUrl, {
      method,
      path: carrying.target,
      headers: { ...carrying.headers, host: `${caller.slug}.${caller.domain}` },
      ...(method === 'POST' && { body: { ...guarded.body, ...(token !== undefined && { token }) } }),
    });
    return [`${method} ${path} by ${carrying.forms}`, String(answer.status)];
  }
}

/** A call, but for its body. */
interface Carrying {
  /** In words. */
  readonly forms: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly target: string;
}

const headersOf = ({ bearer, 'x-api-key': apiKey, cookie }: Partial<Record<Form, string>>, { ip }: Caller) => ({
  'x-forwarded-for': ip,
  ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
  ...(apiKey !== undefined && { 'x-api-key': apiKey }),
  ...(cookie !== undefined && { cookie: `token=${cookie}` }),
});

async function askedOverHttp(url: string, check: CheckRequest, node: string): Promise<readonly Answered[]> {
  const post = (path: string, body: object) => call(url, { method: 'POST', path, body });
  const [one, batch] = [await post('/v1/check', check), await post('/v1/check/batch', { checks: [check, check] })];
  const { results } = batch.json<{ results: readonly Result[] }>();
  return named('check', [one.json<Result>()], node).concat(named('batch', results, node));
}

async function askedOverGrpc(client: GrpcCaller, check: CheckRequest, node: string): Promise<readonly Answered[]> {
  const [one, results] = [await client.check(check), await client.batch([check, check])];
  return named('gRPC', [one], node).concat(named('gRPC batch', results, node));
}

const named = (what: string, results: readonly Result[], node: string): Answered[] =>
  results.map((result, place) => [`${what} ${place}, ${node}`, said(result)]);

/** As a proxy asks that holds the call back. */
async function forwarded(
  url: string,
  { method, scope, forms }: GuardedCall,
  { headers, target }: Carrying,
  { slug }: Caller,
): Promise<string> {
  const asking = new URLSearchParams({ scope, tenant: slug, own_assets: 'true' });
  for (const form of forms) if (form !== 'body') asking.append('form', form);
  const { status } = await call(url, {
    path: `/v1/forward-auth?${asking.toString()}`,
    headers: { ...headers, 'x-forwarded-method': method, 'x-forwarded-uri': target },
  });
  return String(status);
}
