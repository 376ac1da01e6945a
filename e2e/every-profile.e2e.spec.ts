import { eventually } from '@latchkey/testing';
import { EveryWay, type Caller, type Form, type GuardedCall } from './harness/every-way';
import { call, callerOf } from './harness/http';
import { startPopulated, type Populated } from './harness/people';
import { WAYS_OF_RUNNING, type ProfileName } from './harness/system';
import { newWorkspace, type OwnWorkspace } from './harness/workspaces';

const START_MS = 180_000;
const DOMAIN = 'products.example';
const PROFILES = ['s4e', 'zshield', 'slaunch', 'latchkey'] as const satisfies readonly ProfileName[];

const OWN_ROUTE: GuardedCall = {
  ...{ method: 'GET', path: '/api/v1/scopes', scope: 'scopes:read', forms: ['bearer', 'x-api-key', 'cookie'] },
  own: true,
};
const ASSETS: GuardedCall = {
  ...{ method: 'GET', path: '/api/assets', scope: 'assets:read', forms: ['bearer', 'x-api-key', 'cookie', 'query'] },
};
const ADD_ASSETS: GuardedCall = {
  ...{ method: 'POST', path: '/asset/handler/bulk-asset-add', scope: 'assets:write' },
  ...{ forms: ['bearer', 'x-api-key', 'body'], body: { assets: ['example.com'] } },
};
const STORE: GuardedCall = {
  ...{ method: 'GET', path: '/api/store/asset/', scope: 'store:read', forms: ['bearer', 'x-api-key', 'cookie'] },
};
const CALLS: Readonly<Record<ProfileName, readonly GuardedCall[]>> = {
  s4e: [ASSETS, ADD_ASSETS, OWN_ROUTE],
  zshield: [ASSETS, ADD_ASSETS, OWN_ROUTE],
  slaunch: [STORE, OWN_ROUTE],
  latchkey: [ASSETS, ADD_ASSETS, OWN_ROUTE],
};

/** With a limit for each minute. */
const SMALLEST_PLAN: Readonly<Record<ProfileName, string>> = {
  ...{ s4e: 'standard', zshield: 'starter', slaunch: 'standard', latchkey: 'standard' },
};

/** A browser sends the one by itself and keeps the other in its history, so neither may carry a key (C4). */
const FOR_SESSIONS_ALONE: readonly Form[] = ['cookie', 'query'];

/** What becomes of a credential, and the answer wherever it is shown in its own workspace. */
const ROWS = [
  ['a good key', 'good', '200'],
  ['the session of a person', 'session', '200'],
  ['a revoked key', 'revoked', '401 revoked'],
  ['a suspended key', 'suspended', '401 suspended'],
  ['an expired key', 'expired', '401 expired'],
  ['a key of another profile’s workspace', 'foreign', '401 unknown'],
  ['a text that no key is', 'nonsense', '401 unknown'],
  ['a key with other scopes', 'narrow', '403 scope_missing'],
  ['a key for other addresses', 'elsewhere', '403 ip_not_allowed'],
  ['a key that has called too much', 'busy', '429 rate_limited'],
] as const;
type Shown = Readonly<Record<(typeof ROWS)[number][1], string>>;

interface Tenant extends OwnWorkspace {
  readonly shown: Shown;
}

describe.each(WAYS_OF_RUNNING)('workspaces of all profiles side by side, on %s', (way) => {
  let populated: Populated;
  let every: EveryWay;
  const tenants = new Map<ProfileName, Tenant>();
  beforeAll(async () => {
    populated = await startPopulated(way, 'latchkey', { TENANT_DOMAIN: DOMAIN, LATCHKEY_TENANT: 'operator' });
    const { system, mails } = populated;
    every = new EveryWay(system);
    const made: OwnWorkspace[] = [];
    for (const profile of PROFILES) made.push(await newWorkspace(system, mails, { profile, slug: `of-${profile}` }));
    for (const [index, own] of made.entries()) {
      const other = made[(index + 1) % made.length] ?? own;
      tenants.set(own.profile, { ...own, shown: await credentialsIn(own, other.adminKey) });
    }
  }, START_MS);
  afterAll(async () => {
    every?.close();
    await populated?.stop();
  }, START_MS);

  const tenantOf = (profile: ProfileName): Tenant => {
    const tenant = tenants.get(profile);
    if (!tenant) throw new Error(`there is no workspace of ${profile}`);
    return tenant;
  };

  async function credentialsIn(own: OwnWorkspace, foreign: string): Promise<Shown> {
    const asAdmin = callerOf(populated.system.url, own.adminKey);
    const scopes = CALLS[own.profile].map(({ scope }) => scope);
    const newKey = async ({ plan = 'unlimited', ...fields }: { plan?: string; [field: string]: unknown } = {}) => {
      const grant = { name: 'a service', scopes, plan, ...fields };
      const answer = await asAdmin('POST', '/api/v1/api-keys', grant);
      expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
      return answer.json<{ id: string; key: string }>();
    };
    const [revoked, suspended] = [await newKey(), await newKey()];
    expect((await asAdmin('DELETE', `/api/v1/api-keys/${revoked.id}`)).status).toBe(204);
    expect((await asAdmin('POST', `/api/v1/api-keys/${suspended.id}/suspend`, {})).status).toBe(200);
    // The edge believes nobody where a call came from: through it they come from here.
    const good = await newKey({ allowed_ips: ['198.51.100.0/24', '127.0.0.1'] });
    return {
      ...{ good: good.key, session: own.ownerToken, revoked: revoked.key, suspended: suspended.key, foreign },
      expired: (await newKey({ expires_at: new Date(Date.now() + 2_000).toISOString() })).key,
      nonsense: `${good.key.slice(0, -1)}-`,
      narrow: (await newKey({ scopes: ['users:read'] })).key,
      elsewhere: (await newKey({ allowed_ips: ['203.0.113.0/24'] })).key,
      busy: (await newKey({ plan: SMALLEST_PLAN[own.profile] })).key,
    };
  }

  const checkOf = async (credential: string, cost: number) =>
    (await call(populated.system.url, { method: 'POST', path: '/v1/check', body: { credential, cost } })).json<{
      reason: string | null;
      limits: readonly { name: string; remaining: number }[];
    }>();
  /** Uses up the minute, and waits for what is to come with time. */
  const settled: Partial<Record<keyof Shown, (credential: string) => Promise<void>>> = {
    busy: (credential) =>
      eventually(
        async () => {
          const { limits } = await checkOf(credential, 20);
          expect(limits.find(({ name }) => name === 'minute')?.remaining).toBe(0);
        },
        { timeoutMs: 20_000 },
      ),
    expired: (credential) => eventually(async () => expect((await checkOf(credential, 0)).reason).toBe('expired')),
  };

  describe.each(PROFILES)('%s', (profile) => {
    const caller: Caller = { ip: '198.51.100.7', slug: `of-${profile}`, domain: DOMAIN };

    it.each(ROWS)('%s has one answer, whoever is asked and wherever it stands', async (_what, which, expected) => {
      const { [which]: credential } = tenantOf(profile).shown;
      await settled[which]?.(credential);
      const isKey = which !== 'session';
      for (const guarded of CALLS[profile]) {
        const told = await every.asked(credential, guarded.scope, caller);
        expect(told).toEqual(same(told, expected));
        for (const form of guarded.forms) {
          const status = isKey && FOR_SESSIONS_ALONE.includes(form) ? '401' : expected.slice(0, 3);
          const done = await every.carried({ [form]: credential }, guarded, caller);
          expect(done).toEqual(same(done, status));
        }
      }
    });

    it('two different credentials are refused whatever each is worth, and the same one twice is one', async () => {
      const { good, session, revoked } = tenantOf(profile).shown;
      for (const guarded of CALLS[profile]) {
        const [, ...others] = guarded.forms;
        for (const form of others) {
          const second = FOR_SESSIONS_ALONE.includes(form) ? session : revoked;
          const refused = await every.carried({ bearer: good, [form]: second }, guarded, caller);
          expect(refused).toEqual(same(refused, '400'));
          const passed = await every.carried({ bearer: session, [form]: session }, guarded, caller);
          expect(passed).toEqual(same(passed, '200'));
        }
      }
    });

    it('no credential is none, in the words of whoever answers', async () => {
      for (const guarded of CALLS[profile]) {
        const refused = await every.carried({}, guarded, caller);
        expect(refused).toEqual(same(refused, '401'));
      }
    });
  });
});

const same = (answers: Readonly<Record<string, string>>, answer: string) =>
  Object.fromEntries(Object.keys(answers).map((way) => [way, answer]));
