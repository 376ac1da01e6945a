import { AppError, isAppError, type Clock, type RequestId } from '@latchkey/kernel';
import {
  coversScope,
  isClientSecret,
  isForeignKey,
  looksLikeKey,
  scopesOfSets,
  scopesWithSets,
  type Profile,
} from '@latchkey/access';
import { secretIdOf, type CredentialRef } from '@latchkey/contracts';
import type { RepeatableRequest } from '@latchkey/event-store';
import type { ChangedSubject, Settlement } from '@latchkey/live-state';
import type { KeyCommand, ReportLeak, RevokeSecret, RotateKey } from '../../domain/key/commands';
import { decideInTurn } from '../../domain/key/decide';
import { isExpired, type ExistingKey } from '../../domain/key/key';
import type { IssuedRequests, KeyStore, KeyWrite, Randomness, SecretDirectory, WorkspaceDirectory } from '../ports';
import { placeOf } from './leak-place';
import type { Finding, FindingVerdict, LeakPlace, LeakPolicy, Leaks } from './ports';

/** Who reports. */
export interface Reporter {
  /** For the record: `github`. */
  readonly name: string;
  readonly requestId: RequestId;
}

/** How long a leaked secret passes on under `rotate`: its key's owner is told at once. */
const ROTATION_GRACE_MS = 24 * 3_600_000;
/** With one of these whoever has found the secret makes another one by it, which outlives that day. */
const MAKE_SECRETS = ['apikeys:write', 'oauth:write'] as const;
/** Further places of one secret are not recorded: whoever looks for all of them asks the reporter. */
const PLACES_MAX = 100;
/** Somebody else changes the key at the same time: a rotation of its own, say. */
const ATTEMPTS_MAX = 3;

interface LeakedSecret extends CredentialRef {
  readonly places: readonly LeakPlace[];
}

export interface ReportLeaksParts {
  readonly keys: KeyStore;
  readonly requests: IssuedRequests;
  readonly secrets: SecretDirectory;
  readonly leaks: Pick<Leaks, 'placesOf'>;
  readonly workspaces: Pick<WorkspaceDirectory, 'keyPolicyOf' | 'profileOf' | 'scopeSetsOf'>;
  readonly random: Randomness;
  readonly settlement: Settlement;
  readonly clock: Clock;
}

/** Takes reports of secrets that were found in public, and does with each what its workspace has chosen. */
export class ReportLeaksHandler {
  constructor(private readonly parts: ReportLeaksParts) {}

  /**
   * When it resolves, all of it is on record, and no node accepts a secret that was to end. The same report may come again.
   * @returns for each finding, in their order, what it was
   * @throws AppError `service.unavailable` when something could not be done: report it all again
   */
  async execute(findings: readonly Finding[], reporter: Reporter): Promise<readonly FindingVerdict[]> {
    const looked = findings.map(({ token }) => lookOf(token.reveal()));
    const candidates = findings.filter((_, index) => looked[index] === 'key');
    const found = await this.parts.secrets.findAll(candidates.map(({ token }) => token));
    await this.#reportAll(bySecret(candidates, found), reporter);
    const isIssued = new Map(candidates.map((finding, index) => [finding, found[index] !== null]));
    return findings.map((finding, index): FindingVerdict => {
      if (isIssued.get(finding)) return 'key';
      // One with a prefix from elsewhere may be a key there.
      return looked[index] === 'client_secret' || isForeignKey(finding.token.reveal()) ? 'other' : 'no_key';
    });
  }

  /** One that fails keeps none of the others alive. */
  async #reportAll(leaked: readonly LeakedSecret[], reporter: Reporter): Promise<void> {
    const changed: ChangedSubject[] = [];
    let failure: Error | undefined;
    for (const secret of leaked) {
      try {
        changed.push(...(await this.#report(secret, reporter)));
      } catch (error) {
        failure ??= error instanceof Error ? error : new Error('a leak could not be dealt with', { cause: error });
      }
    }
    await this.parts.settlement.settle(changed);
    if (failure) throw failure;
  }

  async #report(leaked: LeakedSecret, reporter: Reporter): Promise<readonly ChangedSubject[]> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#attempt(leaked, reporter);
      } catch (error) {
        const isRace = RACES.some((code) => isAppError(error, code));
        if (!isRace || attempt === ATTEMPTS_MAX) throw error;
      }
    }
  }

  async #attempt(leaked: LeakedSecret, reporter: Reporter): Promise<readonly ChangedSubject[]> {
    const { keys, workspaces, clock } = this.parts;
    const now = clock.now();
    const { state: key } = await keys.load(leaked.keyId);
    if (key.status === 'None') throw new AppError('service.internal', { internal: 'a secret of a key without events' });
    const { leakedKeys: policy } = await workspaces.keyPolicyOf(leaked.workspaceId);
    const reports = await this.#newReports(leaked, policy, now);
    const write = (commands: readonly KeyCommand[], more: Partial<KeyWrite> = {}) =>
      this.#write(leaked, commands, reporter, now, more);
    switch (policy) {
      case 'notify':
        return reports.length === 0 ? [] : write(reports);
      case 'revoke':
        // Also when it has ended: that may not be settled yet.
        return write([...reports, endOf(leaked, now)]);
      case 'rotate':
        return this.#rotate(leaked, key, reports, write, now);
    }
  }

  /** Places that are not on record, or under another policy. */
  async #newReports(leaked: LeakedSecret, policy: LeakPolicy, now: Date): Promise<readonly ReportLeak[]> {
    const { keyId, secretNumber } = leaked;
    const known = await this.parts.leaks.placesOf(keyId, secretIdOf(keyId, secretNumber));
    const isKnown = ({ url, source }: LeakPlace) =>
      known.some((place) => place.url === url && place.source === source && place.policy === policy);
    return leaked.places
      .filter((place) => !isKnown(place))
      .slice(0, Math.max(0, PLACES_MAX - known.length))
      .map((place) => ({ type: 'ReportLeak', secretNumber, policy, now, ...place }));
  }

  /**
   * The new secret is shown to nobody, and counts as lost at once (C31): whoever may rotate the key then gets another one, and the leaked
   * secret keeps the end that it has got here. A key that is suspended cannot be rotated, one whose leaked secret its owner has replaced
   * has been, and one that makes secrets would hand them to the finder: there the leaked secret ends.
   */
  async #rotate(
    leaked: LeakedSecret,
    key: ExistingKey,
    reports: readonly ReportLeak[],
    write: (commands: readonly KeyCommand[], more?: Partial<KeyWrite>) => Promise<readonly ChangedSubject[]>,
    now: Date,
  ): Promise<readonly ChangedSubject[]> {
    const { requests, random, workspaces } = this.parts;
    const request = rotationOf(leaked);
    const earlier = await requests.find(request, now);
    if (earlier) return [earlier.changed, ...(reports.length === 0 ? [] : await write(reports))];
    const profile = await workspaces.profileOf(leaked.workspaceId);
    const canRotate = key.status === 'Active' && !isExpired(key, now) && key.lastSecretNumber === leaked.secretNumber;
    if (!canRotate || (await this.#makesSecrets(key, profile))) return write([...reports, endOf(leaked, now)]);
    const rotation: RotateKey = {
      ...{ type: 'RotateKey', replaces: leaked.secretNumber, lost: false, gracePeriodMs: ROTATION_GRACE_MS, now },
      ...{ endsWhenSilentMs: null, setScopes: new Map(), grantor: { kind: 'installation' } },
    };
    const changed = await write([...reports, rotation], { newSecret: random.secret(profile), request });
    await requests.countAsLost(request, now);
    return changed;
  }

  async #makesSecrets({ workspaceId, scopes, scopeSetIds }: ExistingKey, profile: Profile): Promise<boolean> {
    const sets = scopesOfSets(await this.parts.workspaces.scopeSetsOf(workspaceId, scopeSetIds));
    const held = scopesWithSets(scopes, scopeSetIds, sets);
    return MAKE_SECRETS.some((scope) => coversScope(profile, held, scope));
  }

  /** Also the last admin key of a workspace: everybody has it. Its owners sign in, and make another one. */
  async #write(
    { keyId, workspaceId }: LeakedSecret,
    commands: readonly KeyCommand[],
    { name, requestId }: Reporter,
    at: Date,
    more: Partial<KeyWrite>,
  ): Promise<readonly ChangedSubject[]> {
    const { changed } = await this.parts.keys.write({
      keyId,
      decide: (state) => decideInTurn(commands, state),
      meta: { actorId: name, workspaceId, requestId, at },
      sparesAdminKeys: true,
      ...more,
    });
    return [changed];
  }
}

/** What somebody else's change makes of a write that was planned before it. */
const RACES = [
  'stream.version_conflict',
  'claim.taken',
  'key.already_revoked',
  'key.expired',
  'key.suspended',
] as const;

/** Offline: most of what a scanner finds is no key of ours. */
function lookOf(token: string): 'key' | 'client_secret' | 'nothing' {
  if (looksLikeKey(token)) return 'key';
  return isClientSecret(token) ? 'client_secret' : 'nothing';
}

/** Each leaked secret once, with all places where it was found. */
function bySecret(findings: readonly Finding[], refs: readonly (CredentialRef | null)[]): readonly LeakedSecret[] {
  const secrets = new Map<string, LeakedSecret>();
  for (const [index, finding] of findings.entries()) {
    const ref = refs[index];
    if (!ref) continue;
    const id = secretIdOf(ref.keyId, ref.secretNumber);
    const places = secrets.get(id)?.places ?? [];
    const place = placeOf(finding);
    const isThere = places.some(({ url, source }) => url === place.url && source === place.source);
    secrets.set(id, { ...ref, places: isThere ? places : [...places, place] });
  }
  return [...secrets.values()];
}

const endOf = ({ secretNumber }: LeakedSecret, now: Date): RevokeSecret => ({
  ...{ type: 'RevokeSecret', secretNumber, reason: 'leaked', now },
});

/** One secret is rotated once, however often it is reported. */
const rotationOf = ({ keyId, secretNumber, workspaceId }: LeakedSecret): RepeatableRequest => ({
  key: `leak ${secretIdOf(keyId, secretNumber)}`,
  workspaceId,
  actorId: 'leak',
  operation: `rotate ${keyId}`,
  body: { secretNumber },
});
