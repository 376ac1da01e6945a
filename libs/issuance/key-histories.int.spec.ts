import {
  assetsWithin,
  expiryWithin,
  ipsWithin,
  planWithin,
  profileByName,
  scopesWithin,
  type Profile,
} from '@latchkey/access';
import fc from 'fast-check';
import { issuanceService, type IssuanceService, type Method } from './testing/issuance-service';

const profile = profileByName('zshield') as Profile;

interface KeyRecord {
  readonly id: string;
  readonly scopes: readonly string[];
  readonly plan: string;
  readonly assets: 'all' | readonly string[];
  readonly allowed_ips: readonly string[];
  readonly expires_at: string | null;
  readonly status: string;
}

/** A key that was made, with all the secrets that it has ever had. */
interface Held {
  readonly id: string;
  readonly secrets: string[];
}

const fields = {
  scopes: fc.uniqueArray(fc.constantFrom('apikeys:write', 'apikeys:read', 'alerts:read', 'rules:write'), {
    minLength: 1,
  }),
  plan: fc.constantFrom('starter', 'professional'),
  assets: fc.constantFrom('all' as const, ['a'], ['a', 'b']),
  allowed_ips: fc.constantFrom([], ['127.0.0.0/8'], ['127.0.0.1']),
  expires_at: fc.constantFrom(null, '2026-06-01T00:00:00Z', '2027-01-01T00:00:00Z'),
};
const some = fc.record(fields, { requiredKeys: [] });
/** Which of the keys that there are. */
const which = fc.nat();
const step = fc.oneof(
  fc.record({
    verb: fc.constant('create' as const),
    by: which,
    of: which,
    body: fc.record(fields, { requiredKeys: ['scopes'] }),
  }),
  fc.record({ verb: fc.constant('change' as const), by: which, of: which, body: some }),
  fc.record({
    verb: fc.constant('rotate' as const),
    ...{ by: which, of: which, body: fc.record({ grace_period_hours: fc.constantFrom(0, 1, 48) }) },
  }),
  fc.record({
    verb: fc.constantFrom('suspend' as const, 'resume' as const, 'resume' as const),
    ...{ by: which, of: which, body: fc.constant({}) },
  }),
  fc.record({ verb: fc.constant('revoke' as const), by: which, of: which, body: fc.constant({}) }),
);

type Step = typeof step extends fc.Arbitrary<infer Taken> ? Taken : never;

const within = (child: KeyRecord, own: KeyRecord): boolean =>
  scopesWithin(profile, child.scopes, own.scopes) &&
  planWithin(profile, child.plan, own.plan) &&
  assetsWithin(child.assets, own.assets) &&
  ipsWithin(child.allowed_ips, own.allowed_ips) &&
  expiryWithin(dateOf(child.expires_at), dateOf(own.expires_at));

const dateOf = (time: string | null): Date | null => (time === null ? null : new Date(time));

describe('over random histories of calls by keys that were made by keys', () => {
  let issuance: IssuanceService;
  beforeAll(async () => {
    issuance = await issuanceService('zshield');
  });
  afterAll(() => issuance.stop());

  const call = (method: Method, path: string, key: string, body?: object) =>
    issuance.call(method, `/api/v1/api-keys${path}`, { key, body });
  const record = async ({ id }: Held): Promise<KeyRecord> => (await call('GET', `/${id}`, issuance.admin)).body;
  const firstKey = async (): Promise<Held> => {
    const body = { name: 'root', scopes: ['apikeys:write', 'apikeys:read', 'alerts:read'], plan: 'professional' };
    const { id, key } = (await call('POST', '', issuance.admin, { ...body, assets: ['a', 'b'] })).body;
    return { id, secrets: [key] };
  };

  /** Does it by the newest secret of one key to another one. */
  async function take(held: Held[], { verb, by, of, body }: Step) {
    const [maker, target] = [held[by % held.length], held[of % held.length]] as [Held, Held];
    const secret = maker.secrets.at(-1) ?? '';
    const before = await record(target);
    if (verb === 'create') {
      const reply = await call('POST', '', secret, { name: 'child', ...body });
      if (reply.status !== 201) return;
      held.push({ id: reply.body.id, secrets: [reply.body.key] });
      expect(within(reply.body, await record(maker))).toBe(true);
      return;
    }
    if (verb === 'revoke') return void (await call('DELETE', `/${target.id}`, secret));
    const reply =
      verb === 'change'
        ? await call('PATCH', `/${target.id}`, secret, body)
        : await call('POST', `/${target.id}/${verb}`, secret, body);
    if (reply.status >= 300) return;
    if (verb === 'rotate') target.secrets.push(reply.body.key);
    const granted =
      verb === 'rotate' || (verb === 'resume' && before.status === 'suspended') || !within(reply.body, before);
    // What the maker had before is what they could give: the target may be the maker itself.
    if (granted) expect(within(reply.body, maker === target ? before : await record(maker))).toBe(true);
  }

  it(
    'a child never exceeds its maker, two secrets of a key pass at most, and none of one that has ended',
    () =>
      fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 20 }), async (history) => {
          const held = [await firstKey()];
          const ended = new Set<string>();
          for (const next of history) {
            await take(held, next);
            for (const { id, status } of await Promise.all(held.map(record))) {
              expect(ended.has(id) && status !== 'revoked').toBe(false);
              if (status === 'revoked') ended.add(id);
            }
          }
          for (const { id, secrets } of held) {
            const passing = await Promise.all(secrets.map((secret) => issuance.check(secret, [], '127.0.0.1')));
            const count = passing.filter((status) => status === 200).length;
            expect(count).toBeLessThanOrEqual(ended.has(id) ? 0 : 2);
          }
        }),
        { numRuns: 15 },
      ),
    60_000,
  );
});
