import type { CheckResult } from '@latchkey/contracts';
import { eventually, startTcpProxy, type TcpProxy } from '@latchkey/testing';
import { decodeJwt } from 'jose';
import { processOf, startCrashCluster, type CrashCluster } from './crash/crash-cluster';
import { accessToken, credentialsOf, postForm, registerApplication, type Application } from './harness/applications';
import { call, callerOf } from './harness/http';

const PASSES = [null, null];
const UNAVAILABLE = ['unavailable', 'unavailable'];
const OAUTH = ['oauth-1', 'oauth-2'];
const BACK_SOON = { timeoutMs: 20_000 };

/** The failure table's column of access tokens (docs/architecture.md), with two processes of oauth. */
describe('access tokens, while a part of the cluster is away', () => {
  let cluster: CrashCluster;
  let postgres: TcpProxy;
  let application: Application;
  beforeAll(async () => {
    cluster = await startCrashCluster({ own: ['kafka'], instances: { oauth: OAUTH.length } });
    postgres = await startTcpProxy(cluster.databaseUrl);
    application = await register();
  }, 120_000);
  afterAll(async () => {
    await cluster?.stop();
    await postgres?.stop();
  }, 60_000);

  const processes = (...names: readonly string[]) => names.map((name) => processOf(cluster, name));
  const register = () => registerApplication(cluster.url, cluster.adminKey, { scopes: ['assets:read'] });
  const asAdmin: ReturnType<typeof callerOf> = (...sent) => callerOf(cluster.url, cluster.adminKey)(...sent);
  const change = async (what: string, of = application) =>
    (await asAdmin('POST', `/api/v1/oauth-applications/${of.id}/${what}`)).status;
  const token = (of = application) => accessToken(cluster.url, of);
  const asked = async () => {
    const fields = { grant_type: 'client_credentials', ...credentialsOf(application) };
    return (await postForm(cluster.url, '/oauth/token', fields)).status;
  };
  const tell = (what: 'introspect' | 'revoke', shown: string) =>
    postForm(cluster.url, `/oauth/${what}`, { ...credentialsOf(application), token: shown });
  /** A look uses no limit up, however often somebody waits by it. */
  const reasons = (credential: string) =>
    Promise.all(
      [...cluster.nodes.values()].map(async (url) => {
        const answer = await call(url, { method: 'POST', path: '/v1/check', body: { credential, cost: 0 } });
        return answer.json<CheckResult>().reason;
      }),
    );
  const items = async (path: string) => (await asAdmin('GET', path)).json<{ items: { jti?: string }[] }>().items;
  /** Every node says so, sooner or later. */
  const become = (credential: string, expected: unknown) =>
    eventually(async () => expect(await reasons(credential)).toEqual(expected), BACK_SOON);

  it('Redis: tokens are issued and pass, and what is suspended gets none and passes nowhere', async () => {
    const before = await token();
    await cluster.redis.kill();
    const during = await token();
    for (const each of [before, during]) expect(await reasons(each)).toEqual(PASSES);
    expect(await change('suspend')).toBe(200);
    expect(await asked()).toBe(401);
    for (const each of [before, during]) expect(await reasons(each)).toEqual(['suspended', 'suspended']);
    await cluster.redis.restart();
    application = await eventually(register, BACK_SOON);
    await eventually(async () => expect(await reasons(await token())).toEqual(PASSES), BACK_SOON);
  }, 60_000);

  it('enforcement: tokens are issued; nobody can say what one is good for', async () => {
    const issued = await token();
    const nodes = processes('enforcement-1', 'enforcement-2');
    await Promise.all(nodes.map((node) => node.kill()));
    expect(await asked()).toBe(200);
    expect((await tell('introspect', issued)).status).toBe(503);
    await Promise.all(nodes.map((node) => node.restart()));
    await become(issued, PASSES);
    // Each process of oauth tries the nodes again by itself.
    const form = { ...credentialsOf(application), token: issued };
    for (const { url } of processes(...OAUTH)) {
      const told = async () => (await postForm(url, '/oauth/introspect', form)).json();
      await eventually(async () => expect(await told()).toMatchObject({ active: true }), BACK_SOON);
    }
  }, 60_000);

  it('Kafka: tokens are issued, pass and are ended as ever; the record of them comes afterwards, with nothing missing', async () => {
    application = await register();
    await cluster.kafka?.kill();
    const issued = [await token(), await token(), await token()];
    for (const each of issued) expect(await reasons(each)).toEqual(PASSES);
    const [ended = '', ...others] = issued;
    expect((await tell('introspect', ended)).json()).toMatchObject({ active: true });
    expect((await tell('revoke', ended)).status).toBe(200);
    expect(await reasons(ended)).toEqual(['revoked', 'revoked']);
    for (const each of others) expect(await reasons(each)).toEqual(PASSES);
    const record = `/api/v1/token-requests?client=${application.id}`;
    expect(await items(record)).toEqual([]);

    await cluster.kafka?.restart();
    const jtis = issued.map((each) => decodeJwt(each).jti).sort();
    await eventually(async () => expect((await items(record)).map(({ jti }) => jti).sort()).toEqual(jtis), BACK_SOON);
    const revoked = '/api/v1/audit-events?type=latchkey.access_token.revoked.v1';
    await eventually(async () => expect((await items(revoked)).length).toBe(1), BACK_SOON);
    const read = async () => (await asAdmin('GET', `/api/v1/oauth-applications/${application.id}`)).json();
    await eventually(async () => expect(await read()).toMatchObject({ last_used: expect.any(String) }), BACK_SOON);
  }, 90_000);
  it('identity: what was known passes till its lease has lapsed; then nobody says yes, nor issues a token', async () => {
    const issued = await token();
    const [identity] = processes('identity');
    await identity?.kill();
    await become(issued, UNAVAILABLE);
    expect(await asked()).toBe(503);
    expect((await tell('introspect', issued)).status).toBe(503);
    await identity?.restart();
    await become(issued, PASSES);
    expect(await asked()).toBe(200);
  }, 60_000);

  it.each(OAUTH)(
    '%s, one of its two processes: what nobody has seen yet is issued, passes and ends as ever',
    async (name) => {
      const [one] = processes(name);
      await one?.kill();
      // Each process tries identity again by itself, which the test before has taken away.
      const fresh = await eventually(register, BACK_SOON);
      const issued = await token(fresh);
      await become(issued, PASSES);
      expect(await change('suspend', fresh)).toBe(200);
      // Whoever looked after the lease may be gone: for a moment nobody may be able to say why not.
      expect(await reasons(issued)).not.toContain(null);
      await become(issued, ['suspended', 'suspended']);
      // For the next test: by a way to Postgres that can be cut.
      await one?.restart({ DATABASE_URL: postgres.url });
    },
    60_000,
  );

  it('the Postgres of oauth: as an owner that is away; whatever was answered by 503 has not happened', async () => {
    const seen = await token();
    await become(seen, PASSES);
    const unseen = await token();
    postgres.cut();
    await become(seen, UNAVAILABLE);
    expect(await reasons(unseen)).toEqual(UNAVAILABLE);
    expect(await reasons(cluster.adminKey)).toEqual(PASSES);
    const told = [await tell('introspect', seen), await tell('revoke', seen)].map(({ status }) => status);
    expect([await asked(), ...told, await change('suspend'), await change('end-tokens')]).toEqual(Array(5).fill(503));
    postgres.restore();
    for (const each of [seen, unseen]) await become(each, PASSES);
    expect(await asked()).toBe(200);
  }, 60_000);

  it('oauth: a token passes till its lease has lapsed, then nobody says yes, and it passes again afterwards', async () => {
    const issued = await token();
    await become(issued, PASSES);
    await Promise.all(processes(...OAUTH).map((each) => each.kill()));
    await become(issued, UNAVAILABLE);
    expect(await asked()).toBe(502);
    expect(await reasons(cluster.adminKey)).toEqual(PASSES);
    await Promise.all(processes(...OAUTH).map((each) => each.restart()));
    await become(issued, PASSES);
    expect(await asked()).toBe(200);
  }, 60_000);
});
