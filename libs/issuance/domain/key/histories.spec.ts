import { keyId, userId, workspaceId, isAppError } from '@latchkey/kernel';
import {
  assetsWithin,
  expiryWithin,
  ipsWithin,
  planWithin,
  profileByName,
  scopesWithin,
  type Profile,
  type Grant,
} from '@latchkey/access';
import type { KeyEvent } from '@latchkey/contracts';
import fc from 'fast-check';
import { PLAIN_KEY, type Grantor, type KeyCommand, type ScopesOfSets } from './commands';
import { decide } from './decide';
import { evolve, initialKey, liveSecrets, type Key, type KeyState } from './key';

const profile = profileByName('zshield') as Profile;
const HOUR_MS = 3_600_000;
const at = (hours: number) => new Date(Date.UTC(2026, 0, 1) + hours * HOUR_MS);

const scopes = fc.uniqueArray(
  fc.constantFrom('alerts:read', 'alerts:write', 'rules:read', 'rules:write', 'admin:full'),
);
const plan = fc.constantFrom('starter', 'professional', 'enterprise', 'unlimited');
const assets = fc.oneof(fc.constant('all' as const), fc.uniqueArray(fc.constantFrom('a', 'b', 'c')));
const allowedIps = fc.uniqueArray(fc.constantFrom('10.0.0.0/8', '10.1.0.0/16', '10.1.2.3', '2001:db8::/32'));
const expiresAt = fc.option(fc.integer({ min: 1, max: 300 }).map(at));
const grant: fc.Arbitrary<Grant> = fc.record({ scopes, plan, assets, allowedIps, expiresAt });
const everything: Grant = { scopes: ['admin:full'], plan: 'unlimited', assets: 'all', allowedIps: [], expiresAt: null };
/** Who lacks one thing is refused for that alone. */
const lacksOne: fc.Arbitrary<Grant> = fc
  .tuple(grant, fc.constantFrom('scopes', 'plan', 'assets', 'allowedIps', 'expiresAt'))
  .map(([own, field]) => ({ ...everything, [field]: own[field] }));
const grantor: fc.Arbitrary<Grantor> = fc.record({
  kind: fc.constant('credential' as const),
  userId: fc.constantFrom('u', 'u', 'u', 'another').map(userId),
  profile: fc.constant(profile),
  grant: fc.oneof(fc.constant(everything), lacksOne, grant),
  ofOwner: fc.boolean(),
});
/** What they hold. */
const sets: ScopesOfSets = new Map([
  ['readers', ['alerts:read', 'rules:read']],
  ['writers', ['alerts:write', 'rules:write']],
]);
const hours = fc.integer({ min: 0, max: 20 });

/** Commands that mostly concern the newest secret: others are soon refused, and nothing would happen. */
const commandOn = (state: KeyState, now: Date): fc.Arbitrary<KeyCommand> => {
  const last = state.status === 'None' ? 1 : state.lastSecretNumber;
  const changes = fc.record(
    {
      name: fc.constantFrom('a', 'b'),
      scopes: scopes.map((list) => ({ canonical: list, asSent: list })),
      allowedIps,
      plan,
    },
    { requiredKeys: [] },
  );
  const setScopes = fc.constant(sets);
  const change = fc.record({
    type: fc.constant('ChangeKey' as const),
    changes,
    setScopes,
    grantor,
    now: fc.constant(now),
  });
  const rotate = fc.record({
    type: fc.constant('RotateKey' as const),
    replaces: fc.constantFrom(last, last, last, last - 1),
    lost: fc.boolean(),
    gracePeriodMs: fc.constantFrom(0, HOUR_MS / 2, 48 * HOUR_MS, 720 * HOUR_MS),
    endsWhenSilentMs: fc.constantFrom(null, 6 * HOUR_MS),
    setScopes,
    grantor,
    now: fc.constant(now),
  });
  const reason = fc.constant('requested');
  const revokeSecret = fc.record({
    type: fc.constant('RevokeSecret' as const),
    secretNumber: fc.constantFrom(last, last - 1, last - 2),
    reason,
    now: fc.constant(now),
  });
  const revoke = fc.record({ type: fc.constant('RevokeKey' as const), reason, now: fc.constant(now) });
  return fc.oneof(
    { weight: 6, arbitrary: change },
    { weight: 9, arbitrary: rotate },
    { weight: 4, arbitrary: revokeSecret },
    { weight: 1, arbitrary: revoke },
  );
};

const steps = fc.array(fc.record({ after: hours, seed: fc.nat() }), { maxLength: 30 });
const sampled = (seed: number, state: KeyState, now: Date): KeyCommand =>
  fc.sample(commandOn(state, now), { seed, numRuns: 1 })[0] as KeyCommand;

const within = (child: Grant, own: Grant): boolean =>
  scopesWithin(profile, child.scopes, own.scopes) &&
  planWithin(profile, child.plan, own.plan) &&
  assetsWithin(child.assets, own.assets) &&
  ipsWithin(child.allowedIps, own.allowedIps) &&
  expiryWithin(child.expiresAt, own.expiresAt);

const mayGrant = (child: Grant, by: Grantor): boolean =>
  by.kind === 'installation' || (within(child, by.grant) && (child.plan !== 'unlimited' || by.ofOwner));

const isOf = (key: Key, by: Grantor): boolean => by.kind === 'installation' || by.userId === key.userId;

const first = (wanted: Grant, by: Grantor): KeyCommand => ({
  type: 'CreateKey',
  ...PLAIN_KEY,
  keyId: keyId('k'),
  displayId: 'key-00000000',
  workspaceId: workspaceId('w'),
  userId: userId('u'),
  name: 'a',
  grant: wanted,
  scopesAsSent: wanted.scopes,
  grantor: by,
  now: at(0),
});

/** What a refused command leaves: nothing. Any other error is a fault. */
function decided(command: KeyCommand, state: KeyState): readonly KeyEvent[] {
  try {
    return decide(command, state);
  } catch (error) {
    if (isAppError(error)) return [];
    throw error;
  }
}

/** Runs a history from a key that the installation made. */
function run(
  wanted: Grant,
  history: readonly { after: number; seed: number }[],
  look: (before: KeyState, command: KeyCommand, events: readonly KeyEvent[], after: KeyState, now: Date) => void,
): void {
  let state = decided(first(wanted, { kind: 'installation' }), initialKey).reduce(evolve, initialKey);
  let passed = 0;
  for (const { after, seed } of history) {
    passed += after;
    const now = at(passed);
    const next = sampled(seed, state, now);
    const events = decided(next, state);
    const later = events.reduce(evolve, state);
    look(state, next, events, later, now);
    state = later;
  }
}

describe('over random histories of commands', () => {
  it('a child never exceeds its maker', () =>
    fc.assert(
      fc.property(grant, grantor, (wanted, by) => {
        const key = decided(first(wanted, by), initialKey).reduce(evolve, initialKey);
        expect(key.status === 'None' || mayGrant(key, by)).toBe(true);
      }),
    ));

  it('after a widening or a rotation the key, as a whole, is within what who did it has, and theirs', () =>
    fc.assert(
      fc.property(grant, steps, (wanted, history) =>
        run(wanted, history, (before, next, events, after) => {
          if (before.status !== 'Active' || after.status !== 'Active' || events.length === 0) return;
          const granted = next.type === 'RotateKey' || (next.type === 'ChangeKey' && !within(after, before));
          if (granted) expect([mayGrant(after, next.grantor), isOf(after, next.grantor)]).toEqual([true, true]);
        }),
      ),
      { numRuns: 1_000 },
    ));

  it('whoever may change keys may narrow any of them', () =>
    fc.assert(
      fc.property(grant, grant, grantor, (wanted, narrower, by) => {
        const key = decided(first(wanted, { kind: 'installation' }), initialKey).reduce(evolve, initialKey);
        const { scopes: canonical, allowedIps: ips, plan: newPlan } = narrower;
        const changes = { scopes: { canonical, asSent: canonical }, allowedIps: ips, plan: newPlan };
        if (!within({ ...wanted, scopes: canonical, allowedIps: ips, plan: newPlan }, wanted)) return;
        const events = decide({ type: 'ChangeKey', changes, setScopes: new Map(), grantor: by, now: at(0) }, key);
        expect(events.reduce(evolve, key)).toMatchObject({ scopes: canonical, allowedIps: ips, plan: newPlan });
      }),
      { numRuns: 500 },
    ));

  it('at most two secrets are live', () =>
    fc.assert(
      fc.property(grant, steps, (wanted, history) =>
        run(wanted, history, (_before, _next, _events, after, now) => {
          if (after.status === 'None') return;
          expect(after.secrets.length).toBeLessThanOrEqual(2);
          expect(liveSecrets(after, now).length).toBeLessThanOrEqual(2);
        }),
      ),
    ));

  it('rotating away a secret that was lost ends that one, and shortens no other one, unless everything older is to end', () =>
    fc.assert(
      fc.property(grant, steps, (wanted, history) =>
        run(wanted, history, (before, next, events, after, now) => {
          if (next.type !== 'RotateKey' || !next.lost || events.length === 0) return;
          if (before.status !== 'Active' || after.status !== 'Active') return;
          const live = liveSecrets(before, now);
          if (live.at(-1)?.number !== next.replaces) return;
          const kept = next.gracePeriodMs === 0 ? [] : live.slice(0, -1);
          expect(liveSecrets(after, now)).toEqual([...kept, expect.objectContaining({ number: next.replaces + 1 })]);
        }),
      ),
    ));

  it('a grace period is never lengthened, and a secret that has ended never comes back', () =>
    fc.assert(
      fc.property(grant, steps, (wanted, history) =>
        run(wanted, history, (before, _next, _events, after, now) => {
          if (before.status === 'None' || after.status === 'None') return;
          const ends = new Map(
            before.secrets.map(({ number, graceUntil }) => [number, graceUntil?.getTime() ?? Infinity]),
          );
          for (const { number, graceUntil } of liveSecrets(after, now)) {
            const end = ends.get(number) ?? (number > before.lastSecretNumber ? Infinity : -Infinity);
            expect(graceUntil?.getTime() ?? Infinity).toBeLessThanOrEqual(end);
          }
        }),
      ),
    ));

  it('no order of replayed, doubled or delayed events makes a revoked key live again', () =>
    fc.assert(
      fc.property(grant, steps, fc.infiniteStream(fc.nat()), (wanted, history, picks) => {
        const all: KeyEvent[] = [...decided(first(wanted, { kind: 'installation' }), initialKey)];
        run(wanted, history, (_before, _next, events) => void all.push(...events));
        const revoked = evolve(all.reduce(evolve, initialKey), {
          type: 'latchkey.key.revoked.v1',
          data: { reason: 'requested', revokedAt: at(9_999).toISOString() },
        });
        const noise = Array.from({ length: 20 }, () => all[(picks.next().value ?? 0) % all.length]).filter(
          (e) => e !== undefined,
        );
        expect(noise.reduce(evolve, revoked)).toEqual(revoked);
      }),
    ));
});
