import type {
  CredentialRef,
  DenialReason,
  KeySubject,
  KnownSubjects,
  Role,
  ScopeSetSubject,
  SubjectRef,
  UserSubject,
  Verdict,
  WorkspaceSubject,
} from '@latchkey/contracts';
import { planWindows } from '../plans';
import type { Profile } from '../profiles/profile';
import { profileByName } from '../profiles/registry';
import { canonicalScope, concernsAssets, holdingsCover } from '../scopes';
import { deny, needs, type AccessDenial, type AccessRequest, type Ending } from './access-request';
import { compiledKey, compiledRole, compiledScopeSet, type CompiledKey } from './compiled';
import { bodyOf } from './known-subjects';
import { boundOf, roleIn } from './members';

/**
 * May this credential pass? Pure: from the bodies that are known so far it says yes, no, or what else it must know.
 * In order: key, workspace and user live ▸ ip ▸ scopes, the key's and its member's ▸ asset ▸ second factor. Ends in time and limits are not judged here but stated, for the
 * script that has the clock and the counters.
 */
export function decideAccess(
  credential: CredentialRef,
  request: AccessRequest,
  known: KnownSubjects,
): Verdict<AccessDenial> {
  const key = bodyOf(known, 'key', credential.keyId);
  const workspace = bodyOf(known, 'workspace', credential.workspaceId);
  if (key === undefined) return needs(known, [keyRef(credential), workspaceRef(credential)]);
  if (key?.workspaceId !== credential.workspaceId) return deny('unknown');
  const secret = key.secrets.find(({ number }) => number === credential.secretNumber);
  if (key.status === 'revoked' || !secret) return deny('revoked');
  if (key.status === 'suspended') return deny('suspended');

  const user = bodyOf(known, 'user', key.userId);
  const scopeSets = key.scopeSetIds.map((id) => bodyOf(known, 'scope_set', id));
  if (workspace === undefined || user === undefined || scopeSets.includes(undefined)) {
    return needs(known, [workspaceRef(credential), ...subjectsOf(key)]);
  }
  if (!isLive(workspace) || !isLive(user)) return deny('suspended');
  const role = roleIn(user.roles, key.workspaceId);
  if (role === undefined && workspace.formerMembersKeys === 'end') return deny('suspended');

  const profile = profileByName(workspace.profile);
  const windows = profile && planWindows(profile, key.plan);
  // Data of a newer version than this one's: no rule of ours can judge it.
  if (!windows) return deny('unavailable');
  const ending = endingOf(key, secret.graceUntilMs);
  const refusal = refusalOf(profile, key, scopeSets, boundOf(workspace, role), request);
  if (refusal) return deny(refusal, ending);
  return {
    kind: 'allow',
    notAfterMs: ending?.atMs ?? null,
    ended: { reason: ending?.reason ?? 'expired', ending: null },
    windows,
    windowKey: credential.keyId,
    cost: request.cost ?? 1,
  };
}

const keyRef = ({ keyId }: CredentialRef): SubjectRef => ({ kind: 'key', id: keyId });
const workspaceRef = ({ workspaceId }: CredentialRef): SubjectRef => ({ kind: 'workspace', id: workspaceId });
const subjectsOf = (key: KeySubject): readonly SubjectRef[] => [
  { kind: 'user', id: key.userId },
  ...key.scopeSetIds.map((id): SubjectRef => ({ kind: 'scope_set', id })),
];

const isLive = <Body extends WorkspaceSubject | UserSubject>(body: Body | null): body is Body =>
  body?.status === 'active';

/** The earlier of the key's expiry and the end of the secret's grace period. */
function endingOf({ expiresAtMs }: KeySubject, graceUntilMs: number | null): Ending | null {
  if (graceUntilMs !== null && (expiresAtMs === null || graceUntilMs < expiresAtMs)) {
    return { atMs: graceUntilMs, reason: 'revoked' };
  }
  return expiresAtMs === null ? null : { atMs: expiresAtMs, reason: 'expired' };
}

type MaybeScopeSet = ScopeSetSubject | null | undefined;

/** Which rule, if any, a live credential breaks with this call. */
function refusalOf(
  profile: Profile,
  key: KeySubject,
  scopeSets: readonly MaybeScopeSet[],
  bound: Role | undefined,
  { ip, scopes = [], second_factor: secondFactor, ...about }: AccessRequest,
): DenialReason | undefined {
  const compiled = compiledKey(profile, key);
  if (compiled.allowsIp && (ip === undefined || !compiled.allowsIp(ip))) return 'ip_not_allowed';
  const required = scopes.map((scope) => canonicalScope(profile, scope));
  if (!coversAll(profile, key, compiled, scopeSets, required)) return 'scope_missing';
  if (bound !== undefined && !roleCovers(profile, bound, required)) return 'scope_missing';
  if (!allowsAsset(profile, compiled, about, required)) return 'asset_not_allowed';
  // A person must have shown it, and a key is none.
  return secondFactor === 'required' ? 'mfa_required' : undefined;
}

/** A scope set that is gone, or is another workspace's, ends its key's rights altogether: what it took away cannot be told. */
function coversAll(
  profile: Profile,
  key: KeySubject,
  compiled: CompiledKey,
  scopeSets: readonly MaybeScopeSet[],
  required: readonly (string | undefined)[],
): boolean {
  const live = scopeSets.filter((set): set is ScopeSetSubject => set?.workspaceId === key.workspaceId);
  if (live.length < scopeSets.length) return false;
  const held = [compiled.holds, ...live.map((set) => compiledScopeSet(profile, set))];
  return required.every((scope) => scope !== undefined && holdingsCover(profile, held, scope));
}

function roleCovers(profile: Profile, role: Role, required: readonly (string | undefined)[]): boolean {
  const held = [compiledRole(profile, role).holds];
  return required.every((scope) => scope !== undefined && holdingsCover(profile, held, scope));
}

/**
 * A call that names no asset passes with a restricted key only if the service keeps it to the key's own assets, or if no scope that
 * it needs is about assets.
 */
function allowsAsset(
  profile: Profile,
  { assets }: CompiledKey,
  { asset, own_assets: toOwnAssets = false }: Pick<AccessRequest, 'asset' | 'own_assets'>,
  required: readonly (string | undefined)[],
): boolean {
  if (assets === null) return true;
  if (asset !== undefined) return assets.has(asset);
  return toOwnAssets || !required.some((scope) => scope !== undefined && concernsAssets(profile, scope));
}
