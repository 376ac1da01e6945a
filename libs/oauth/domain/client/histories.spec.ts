import {
  ipsWithin,
  liveSecrets,
  planWithin,
  profileByName,
  scopesWithin,
  scopesWithSets,
  type Grant,
  type Profile,
} from '@latchkey/access';
import type { ClientEvent } from '@latchkey/contracts';
import { clientId, isAppError, userId, workspaceId } from '@latchkey/kernel';
import fc from 'fast-check';
import { evolve, initialClient, type ClientState, type ExistingClient } from './client';
import type { ClientCommand, Grantor } from './commands';
import { decide } from './decide';

const profile = profileByName('s4e') as Profile;
const HOUR_MS = 3_600_000;
const at = (hours: number) => new Date(Date.UTC(2026, 0, 1) + hours * HOUR_MS);

const scopes = fc.uniqueArray(fc.constantFrom('assets:read', 'assets:write', 'scans:read', 'admin:full'));
const SETS = new Map([
  ['scanners', ['scans:read']],
  ['writers', ['assets:write']],
]);
const plan = fc.constantFrom(...profile.plans.map(({ name }) => name));
const allowedIps = fc.uniqueArray(fc.constantFrom('10.0.0.0/8', '10.1.0.0/16', '10.1.2.3'));
const everything: Grant = { scopes: ['admin:full'], plan: 'unlimited', assets: 'all', allowedIps: [], expiresAt: null };
const grantor: fc.Arbitrary<Grantor> = fc.record({
  userId: fc.constantFrom('u', 'u', 'another').map(userId),
  profile: fc.constant(profile),
  grant: fc.oneof(
    fc.constant(everything),
    fc.record({ scopes, plan, allowedIps }).map((own): Grant => ({ ...everything, ...own })),
  ),
  ofOwner: fc.boolean(),
  setScopes: fc.constant(SETS),
});
const reason = fc.constant('requested');

/** Commands that mostly concern the newest secret: others are soon refused, and nothing would happen. */
const commandOn = (last: number, hours: number): fc.Arbitrary<ClientCommand> => {
  const now = fc.constant(at(hours));
  const changes = fc.record(
    {
      scopes: scopes.map((list) => ({ canonical: list, asSent: list })),
      ...{ allowedIps, plan },
      scopeSetIds: fc.subarray([...SETS.keys()]),
      tokenLifetimeSeconds: fc.constantFrom(60, 3_600, 86_400),
    },
    { requiredKeys: [] },
  );
  const rotate = fc.record({
    type: fc.constant('RotateClientSecret' as const),
    replaces: fc.constantFrom(last, last, last, last - 1),
    lost: fc.boolean(),
    gracePeriodMs: fc.constantFrom(0, HOUR_MS / 2, 48 * HOUR_MS),
    ...{ grantor, now },
  });
  return fc.oneof(
    { weight: 6, arbitrary: fc.record({ type: fc.constant('ChangeClient' as const), changes, grantor, now }) },
    { weight: 9, arbitrary: rotate },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('SuspendClient' as const), reason, now }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('ResumeClient' as const), grantor, now }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('EndTokens' as const), reason, now }) },
    {
      weight: 6,
      arbitrary: fc.record({
        type: fc.constant('RevokeAccessToken' as const),
        jti: fc.constantFrom('a', 'b', 'c', 'd'),
        expiresAt: fc.constantFrom(hours, hours + 1, hours + 24).map(at),
        now,
      }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('DeleteClient' as const), reason, now }) },
  );
};

const steps = fc.array(fc.record({ after: fc.integer({ min: 0, max: 20 }), seed: fc.nat() }), { maxLength: 25 });

const registration: ClientCommand = {
  type: 'RegisterClient',
  ...{ clientId: clientId('c'), workspaceId: workspaceId('w'), userId: userId('u'), name: 'a' },
  grant: { scopes: ['assets:read'], plan: profile.defaultPlan, assets: 'all', allowedIps: ['10.0.0.0/8'] },
  ...{
    scopesAsSent: ['assets:read'],
    scopeSetIds: [],
    tokenLifetimeSeconds: 3_600,
    authentication: 'client_secret',
    publicKeys: [],
  },
  ...{ grantor: { userId: userId('u'), profile, grant: everything, ofOwner: true, setScopes: SETS }, now: at(0) },
};

/** What a refused command leaves: nothing. Any other error is a fault. */
function decided(command: ClientCommand, state: ClientState): readonly ClientEvent[] {
  try {
    return decide(command, state);
  } catch (error) {
    if (isAppError(error)) return [];
    throw error;
  }
}

interface Step {
  readonly before: ExistingClient;
  readonly command: ClientCommand;
  readonly events: readonly ClientEvent[];
  readonly after: ExistingClient;
  readonly now: Date;
}

function run(history: readonly { after: number; seed: number }[]): readonly Step[] {
  const walked: Step[] = [];
  let state = decided(registration, initialClient).reduce(evolve, initialClient);
  let hours = 0;
  for (const { after, seed } of history) {
    if (state.status === 'None') throw new Error('the client was not registered');
    hours += after;
    const [command] = fc.sample(commandOn(state.lastSecretNumber, hours), { seed, numRuns: 1 });
    if (!command) continue;
    const events = decided(command, state);
    const next = events.reduce(evolve, state as ClientState) as ExistingClient;
    walked.push({ before: state, command, events, after: next, now: at(hours) });
    state = next;
  }
  return walked;
}

const always = (look: (step: Step) => void, numRuns = 300) =>
  fc.assert(
    fc.property(steps, (history) => run(history).forEach(look)),
    { numRuns },
  );

const scopesOf = ({ scopes: own, scopeSetIds }: ExistingClient) => scopesWithSets(own, scopeSetIds, SETS);

const within = (client: ExistingClient, { grant: own }: Grantor): boolean =>
  scopesWithin(profile, scopesOf(client), own.scopes) &&
  planWithin(profile, client.plan, own.plan) &&
  ipsWithin(client.allowedIps, own.allowedIps);

describe('over random histories of commands', () => {
  it('at most two secrets are live', () =>
    always(({ after, now }) => {
      expect(after.secrets.length).toBeLessThanOrEqual(2);
      expect(liveSecrets(after.secrets, now).length).toBeLessThanOrEqual(2);
    }));

  it('a secret that has ended never comes back, and no grace period is lengthened', () =>
    always(({ before, after, now }) => {
      const ends = new Map(before.secrets.map(({ number, graceUntil }) => [number, graceUntil?.getTime() ?? Infinity]));
      for (const { number, graceUntil } of liveSecrets(after.secrets, now)) {
        const end = ends.get(number) ?? (number > before.lastSecretNumber ? Infinity : -Infinity);
        expect(graceUntil?.getTime() ?? Infinity).toBeLessThanOrEqual(end);
      }
    }));

  it('the generation of tokens never falls', () =>
    always(({ before, after }) => expect(after.tokenGeneration).toBeGreaterThanOrEqual(before.tokenGeneration)));

  it('a token that was revoked stays so until it has expired, by itself or with its generation', () =>
    always(({ before, after, now }) => {
      if (after.status === 'Deleted' || after.tokenGeneration > before.tokenGeneration) return;
      const kept = new Set(after.revokedTokens.map(({ jti }) => jti));
      for (const { jti, expiresAt } of before.revokedTokens) expect(kept.has(jti) || expiresAt <= now).toBe(true);
    }));

  it('who hands a secret over, or resumes a client, has all that it has; and only its user is handed one', () =>
    always(({ command, events, after }) => {
      if (events.length === 0) return;
      if (command.type === 'RotateClientSecret') expect(command.grantor.userId).toBe(after.userId);
      if (command.type === 'RotateClientSecret' || command.type === 'ResumeClient')
        expect(within(after, command.grantor)).toBe(true);
    }));

  it('whoever has widened a client has all that it has then, and is its user', () =>
    always(({ before, command, events, after }) => {
      if (command.type !== 'ChangeClient' || events.length === 0) return;
      const wasNarrowed =
        within(after, { ...command.grantor, grant: { ...everything, ...before, scopes: scopesOf(before) } }) &&
        after.tokenLifetimeSeconds <= before.tokenLifetimeSeconds;
      if (!wasNarrowed) expect([within(after, command.grantor), command.grantor.userId]).toEqual([true, after.userId]);
    }, 1_000));

  it('no order of replayed, doubled or delayed events brings a deleted client back', () =>
    fc.assert(
      fc.property(steps, fc.infiniteStream(fc.nat()), (history, picks) => {
        const all = [...decided(registration, initialClient), ...run(history).flatMap(({ events }) => events)];
        const deleted = evolve(all.reduce(evolve, initialClient), {
          type: 'latchkey.client.deleted.v1',
          data: { reason: 'requested', deletedAt: at(9_999).toISOString() },
        });
        const noise = Array.from({ length: 20 }, () => all[(picks.next().value ?? 0) % all.length]).filter(
          (event) => event !== undefined,
        );
        expect(noise.reduce(evolve, deleted)).toEqual(deleted);
      }),
    ));
});
