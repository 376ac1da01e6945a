import { createLogger, createService, type Service } from '@latchkey/platform';
import { workspaceId, type WorkspaceId } from '@latchkey/kernel';
import { UNRESTRICTED, type Callers, type PresentedCaller } from '../application/callers';
import { createCallers, createCheckAccess, EnforcementModule, type CallersOptions } from '../enforcement.module';
import { activeKey, KEY, liveWorkspace, newSecret, resolverOf, WORKSPACE } from '../testing/keys';

const TOKEN = newSecret();
/** Not of the credential that it asks about. */
const OF_THE_CALLER = 'The token of the service that asks for the check was not accepted.';
const NETWORK = '0.0.0.0';
const LOOPBACK = '127.0.0.1';

describe('who asks over HTTP', () => {
  const services: Service[] = [];
  afterEach(async () => {
    for (const service of services.splice(0)) await service.stop();
  });

  async function serving({ host = NETWORK, callers, scopes = ['enforcement:check'] }: Served = {}) {
    const live = liveWorkspace({ scopes });
    const refusals = { refused: () => {}, unrecorded: () => {} };
    const known: CallersOptions = { liveAccess: live, resolver: resolverOf(TOKEN), onError: () => {}, host, refusals };
    const access = createCheckAccess({ ...known, decisions: { count: () => {} } });
    const service = await createService({
      name: 'enforcement',
      module: EnforcementModule.register({ access, callers: callers ?? createCallers(known) }),
      config: { host, port: 0 },
      logger: createLogger({ service: 'enforcement', level: 'silent' }),
    });
    services.push(service);
    const ask = (authorization?: string, url = '/v1/check', payload: unknown = { credential: TOKEN }) =>
      service.fastify.inject({
        method: 'POST',
        url,
        payload: JSON.stringify(payload),
        headers: { 'content-type': 'application/json', ...(authorization !== undefined && { authorization }) },
      });
    return { ask, live };
  }

  interface Served {
    readonly host?: string;
    readonly callers?: Callers;
    readonly scopes?: readonly string[];
  }

  it.each(['/v1/check', '/v1/check/batch'])(
    'shows a service token on a network, or gets nothing from %s',
    async (url) => {
      const { ask } = await serving();
      const payload = url === '/v1/check' ? { credential: TOKEN } : { checks: [{ credential: TOKEN }] };
      expect((await ask(`Bearer ${TOKEN}`, url, payload)).statusCode).toBe(200);
      for (const authorization of [undefined, '', 'Bearer x', `Bearer ${newSecret()}`, TOKEN]) {
        const refused = await ask(authorization, url, payload);
        expect([refused.statusCode, refused.headers['www-authenticate']]).toEqual([401, 'Bearer']);
        expect(refused.headers['content-type']).toContain('application/problem+json');
        expect(refused.body).not.toContain('allowed');
        expect(refused.json()).toMatchObject({ code: 'auth.caller_unauthorized', title: OF_THE_CALLER });
      }
    },
  );

  it.each(['0.0.0.0', '::', '192.0.2.7', 'example.com', ''])('must show something on HOST %j', async (host) => {
    expect((await (await serving({ host })).ask()).statusCode).toBe(401);
  });

  it.each(['127.0.0.1', '127.8.8.8', 'localhost', '::1'])('need not show anything on HOST %s', async (host) => {
    expect((await (await serving({ host })).ask()).statusCode).toBe(200);
  });

  it('is refused with a token that is no good, on loopback too', async () => {
    expect((await (await serving({ host: LOOPBACK })).ask(`Bearer ${newSecret()}`)).statusCode).toBe(401);
  });

  it('is refused before its body is looked at', async () => {
    expect((await (await serving()).ask(undefined, '/v1/check', { no: 'check' })).statusCode).toBe(401);
  });

  it('gets 403 with a token that may do other things only', async () => {
    expect((await (await serving({ scopes: ['assets:read'] })).ask(`Bearer ${TOKEN}`)).statusCode).toBe(403);
  });

  it('gets 503 while nobody can say whether its token is good', async () => {
    const { ask, live } = await serving();
    live.available = false;
    const answer = await ask(`Bearer ${TOKEN}`);
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '1']);
  });

  it('is refused from the next check on when its token is revoked', async () => {
    const { ask, live } = await serving();
    expect((await ask(`Bearer ${TOKEN}`)).statusCode).toBe(200);
    live.put(KEY, { ...activeKey, status: 'revoked' });
    expect((await ask(`Bearer ${TOKEN}`)).statusCode).toBe(401);
  });

  it('is told about its own workspace alone, one by one and in a batch', async () => {
    const admittedFor = (id: WorkspaceId | null): Callers => ({
      admit: () => ({ ...UNRESTRICTED, workspaceId: id }),
    });
    const elsewhere = await serving({ callers: admittedFor(workspaceId('01900000-0000-7000-8000-0000000000ff')) });
    expect((await elsewhere.ask()).json()).toMatchObject({ allowed: false, reason: 'unknown', principal: null });
    const batch = { checks: [{ credential: TOKEN }, { credential: TOKEN, scopes: ['no such'] }] };
    expect((await elsewhere.ask(undefined, '/v1/check/batch', batch)).json()).toMatchObject({
      results: [{ reason: 'unknown' }, { reason: 'unknown' }],
    });
    for (const id of [WORKSPACE, null])
      expect((await (await serving({ callers: admittedFor(id) })).ask()).json()).toMatchObject({ allowed: true });
  });

  it('shows where it calls from, so that a token can be bound to addresses', async () => {
    const seen: PresentedCaller[] = [];
    const callers: Callers = {
      admit(caller) {
        seen.push(caller);
        return { verdict: 'unauthenticated' };
      },
    };
    await (await serving({ callers })).ask('Bearer x');
    expect(seen.map(({ authorization, certificate, ip }) => ({ authorization, certificate, ip }))).toEqual([
      { authorization: 'Bearer x', certificate: null, ip: '127.0.0.1' },
    ]);
  });
});
