import type { CheckResult } from '@latchkey/contracts';
import { eventually } from '@latchkey/testing';
import { processOf, startCrashCluster, type CrashCluster } from './crash/crash-cluster';
import { accessToken, credentialsOf, postForm, registerApplication, type Application } from './harness/applications';
import { call, callerOf } from './harness/http';

/** The failure table's column of the token endpoint (docs/architecture.md). */
describe('access tokens, while a part of the cluster is away', () => {
  let cluster: CrashCluster;
  let application: Application;
  beforeAll(async () => {
    cluster = await startCrashCluster();
    application = await register();
  }, 120_000);
  afterAll(() => cluster?.stop(), 60_000);

  const register = () => registerApplication(cluster.url, cluster.adminKey, { scopes: ['assets:read'] });
  const token = () => accessToken(cluster.url, application);
  const asked = async () => {
    const fields = { grant_type: 'client_credentials', ...credentialsOf(application) };
    return (await postForm(cluster.url, '/oauth/token', fields)).status;
  };
  const reasons = (credential: string) =>
    Promise.all(
      [...cluster.nodes.values()].map(async (url) => {
        const answer = await call(url, { method: 'POST', path: '/v1/check', body: { credential } });
        return answer.json<CheckResult>().reason;
      }),
    );

  it('Redis: tokens are issued and pass, and what is suspended gets none and passes nowhere', async () => {
    const before = await token();
    await cluster.redis.kill();
    const during = await token();
    for (const each of [before, during]) expect(await reasons(each)).toEqual([null, null]);
    const suspended = await callerOf(cluster.url, cluster.adminKey)(
      'POST',
      `/api/v1/oauth-applications/${application.id}/suspend`,
    );
    expect(suspended.status).toBe(200);
    expect(await asked()).toBe(401);
    for (const each of [before, during]) expect(await reasons(each)).toEqual(['suspended', 'suspended']);
    await cluster.redis.restart();
    application = await eventually(register, { timeoutMs: 20_000 });
    await eventually(async () => expect(await reasons(await token())).toEqual([null, null]), { timeoutMs: 20_000 });
  }, 60_000);

  it('enforcement: tokens are issued; nobody can say what one is good for', async () => {
    const issued = await token();
    const nodes = ['enforcement-1', 'enforcement-2'].map((name) => processOf(cluster, name));
    await Promise.all(nodes.map((node) => node.kill()));
    expect(await asked()).toBe(200);
    const introspected = await postForm(cluster.url, '/oauth/introspect', {
      ...credentialsOf(application),
      token: issued,
    });
    expect(introspected.status).toBe(503);
    await Promise.all(nodes.map((node) => node.restart()));
    await eventually(async () => expect(await reasons(issued)).toEqual([null, null]), { timeoutMs: 20_000 });
  }, 60_000);

  it('oauth: a token passes till its lease has lapsed, then nobody says yes, and it passes again afterwards', async () => {
    const issued = await token();
    expect(await reasons(issued)).toEqual([null, null]);
    await processOf(cluster, 'oauth').kill();
    await eventually(async () => expect(await reasons(issued)).toEqual(['unavailable', 'unavailable']));
    expect(await asked()).toBe(502);
    expect(await reasons(cluster.adminKey)).toEqual([null, null]);
    await processOf(cluster, 'oauth').restart();
    await eventually(async () => expect(await reasons(issued)).toEqual([null, null]), { timeoutMs: 20_000 });
    expect(await asked()).toBe(200);
  }, 60_000);
});
