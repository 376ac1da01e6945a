import type {
  AccessTokenRef,
  DenialReason,
  GrantedSubject,
  KnownSubjects,
  ScopeSetSubject,
  SubjectRef,
  UserSubject,
  Verdict,
  WorkspaceSubject,
} from '@latchkey/contracts';
import { planWindows } from '../plans';
import type { Profile } from '../profiles/profile';
import { profileByName } from '../profiles/registry';
import { concernsAssets, holdingsCover, type HeldScopes } from '../scopes';
import { deny, needs, type AccessDenial, type AccessRequest, type Ending } from './access-request';
import { compiledGrant, compiledMember, compiledScopeSet, compiledToken, type CompiledGrant } from './compiled';
import { bodyOf } from './known-subjects';
import { boundOf, rightsIn, setIdsIn, setRefs, type MemberRights } from './members';
import { requiredScopes } from './required-scopes';
import { isHome } from './tenant';

/** A credential of a key or a client that is good in itself. */
export interface GoodCredential {
  readonly granted: GrantedSubject;
  /** Of the credential alone; null: it goes on till somebody ends it. */
  readonly ending: Ending | null;
  /** Whose budget is used: the id of the key or client. */
  readonly windowKey: string;
  /** The token that was presented, where it may have been issued for less than what was granted. */
  readonly token?: AccessTokenRef;
}

/**
 * The rules that keys and clients have in common. In order: workspace and user live ▸ host of the workspace ▸ ip ▸ scopes, those granted,
 * the token's own and the member's ▸ asset ▸ second factor. Ends in time and limits are not judged here but stated, for the script that has
 * the clock and the counters.
 */
export function decideGranted(
  credential: GoodCredential,
  request: AccessRequest,
  known: KnownSubjects,
): Verdict<AccessDenial> {
  const { granted, ending } = credential;
  const workspace = bodyOf(known, 'workspace', granted.workspaceId);
  const user = bodyOf(known, 'user', granted.userId);
  const scopeSets = granted.scopeSetIds.map((id) => bodyOf(known, 'scope_set', id));
  if (workspace === undefined || user === undefined || scopeSets.includes(undefined)) {
    return needs(known, subjectsOf(granted));
  }
  if (!isLive(workspace) || !isLive(user)) return deny('suspended');
  if (!isHome(workspace, request)) return deny('unknown');
  const member = rightsIn(user, granted.workspaceId, known);
  if (member === undefined && workspace.formerMembersKeys === 'end') return deny('suspended');
  const bound = boundOf(workspace, member);
  const membersSets = bound === undefined ? [] : setIdsIn(user, granted.workspaceId);
  if (membersSets.some((id) => bodyOf(known, 'scope_set', id) === undefined)) return needs(known, setRefs(membersSets));

  const profile = profileByName(workspace.profile);
  const windows = profile && planWindows(profile, granted.plan);
  // Data of a newer version than this one's: no rule of ours can judge it.
  if (!windows) return deny('unavailable');
  const refusal = refusalOf(profile, credential, scopeSets, bound, request);
  if (refusal) return deny(refusal, ending);
  return {
    kind: 'allow',
    notAfterMs: ending?.atMs ?? null,
    ended: { reason: ending?.reason ?? 'expired', ending: null },
    windows,
    windowKey: credential.windowKey,
    cost: request.cost ?? 1,
  };
}

const subjectsOf = ({ workspaceId, userId, scopeSetIds }: GrantedSubject): readonly SubjectRef[] => [
  { kind: 'workspace', id: workspaceId },
  { kind: 'user', id: userId },
  ...setRefs(scopeSetIds),
];

const isLive = <Body extends WorkspaceSubject | UserSubject>(body: Body | null): body is Body =>
  body?.status === 'active';

type MaybeScopeSet = ScopeSetSubject | null | undefined;

/** Which rule, if any, a live credential breaks with this call. */
function refusalOf(
  profile: Profile,
  { granted, token }: GoodCredential,
  scopeSets: readonly MaybeScopeSet[],
  bound: MemberRights | undefined,
  request: AccessRequest,
): DenialReason | undefined {
  const { ip } = request;
  const compiled = compiledGrant(profile, granted);
  if (compiled.allowsIp && (ip === undefined || !compiled.allowsIp(ip))) return 'ip_not_allowed';
  const required = requiredScopes(profile, request);
  const held = holdingsOf(profile, granted, compiled, scopeSets);
  if (held === null || !coverAll(profile, held, required)) return 'scope_missing';
  if (token !== undefined && !coverAll(profile, [compiledToken(profile, token).holds], required))
    return 'scope_missing';
  if (bound !== undefined && !coverAll(profile, compiledMember(profile, bound), required)) return 'scope_missing';
  if (!allowsAsset(profile, compiled, request, required)) return 'asset_not_allowed';
  // A person must have shown it, and neither a key nor a client is one.
  return request.second_factor === 'required' ? 'mfa_required' : undefined;
}

/** Null where a scope set is gone, or is another workspace's: its rights end altogether, as what it took away cannot be told. */
function holdingsOf(
  profile: Profile,
  { workspaceId }: GrantedSubject,
  { holds }: CompiledGrant,
  scopeSets: readonly MaybeScopeSet[],
): readonly HeldScopes[] | null {
  const live = scopeSets.filter((set): set is ScopeSetSubject => set?.workspaceId === workspaceId);
  if (live.length < scopeSets.length) return null;
  return [holds, ...live.map((set) => compiledScopeSet(profile, set))];
}

const coverAll = (profile: Profile, held: readonly HeldScopes[], required: readonly (string | undefined)[]): boolean =>
  required.every((scope) => scope !== undefined && holdingsCover(profile, held, scope));

/**
 * A call that names no asset passes with restricted rights only if the service keeps it to their own assets, or if no scope that it needs is
 * about assets.
 */
function allowsAsset(
  profile: Profile,
  { assets }: CompiledGrant,
  { asset, own_assets: toOwnAssets = false }: Pick<AccessRequest, 'asset' | 'own_assets'>,
  required: readonly (string | undefined)[],
): boolean {
  if (assets === null) return true;
  if (asset !== undefined) return assets.has(asset);
  return toOwnAssets || !required.some((scope) => scope !== undefined && concernsAssets(profile, scope));
}
