import { AppError, type UserId, type WorkspaceId } from '@latchkey/kernel';
import {
  decideByOwners,
  decideSession,
  grantorsOwn,
  profileByName,
  rightsIn,
  scopeSetsOf,
  setIdsIn,
  setRefs,
  type AccessRequest,
  type KnownScopeSet,
  type MemberRights,
  type Profile,
} from '@latchkey/access';
import {
  FREE_KEYS,
  sameSubject,
  type AccessTokenRef,
  type FirstWorkspace,
  type IdentityDirectory,
  type KeyPolicy,
  type KnownSubjects,
  type SubjectBody,
  type SubjectKind,
  type SubjectReader,
  type SubjectRef,
} from '@latchkey/contracts';
import type { OwnRights, SessionOfUser, SessionStanding, Standing, WorkspaceDirectory } from '../application/ports';

/** What issuance knows of workspaces, their members, sessions and clients, asked of their owners. */
export class IdentityWorkspaces implements WorkspaceDirectory {
  /** A workspace's profile never changes (C21), so it is asked for once. */
  readonly #profiles = new Map<WorkspaceId, Profile>();

  constructor(
    private readonly directory: IdentityDirectory,
    private readonly reader: SubjectReader,
  ) {}

  first(): Promise<FirstWorkspace> {
    return this.directory.firstWorkspace();
  }

  async profileOf(workspaceId: WorkspaceId): Promise<Profile> {
    const known = this.#profiles.get(workspaceId);
    if (known) return known;
    const workspace = workspaceIn(await this.#read([{ kind: 'workspace', id: workspaceId }]), workspaceId);
    const profile = profileByName(workspace.profile);
    if (!profile) throw new AppError('service.internal', { internal: `workspace ${workspaceId} has no known profile` });
    this.#profiles.set(workspaceId, profile);
    return profile;
  }

  async keyPolicyOf(workspaceId: WorkspaceId): Promise<KeyPolicy> {
    const workspace = workspaceIn(await this.#read([{ kind: 'workspace', id: workspaceId }]), workspaceId);
    return workspace.keyPolicy ?? FREE_KEYS;
  }

  async standingOf(workspaceId: WorkspaceId, userId: UserId): Promise<Standing> {
    const known = await readMember(this.reader, workspaceId, userId);
    return { workspace: workspaceIn(known, workspaceId), member: memberIn(known, workspaceId) };
  }

  async sessionStanding(
    of: SessionOfUser,
    asked: AccessRequest,
    now: Date,
    held?: KnownSubjects,
  ): Promise<SessionStanding | null> {
    const { workspaceId, userId, sessionId, tokenNumber } = of;
    const known = await readMember(this.#readerWith(held), workspaceId, userId, { kind: 'session', id: sessionId });
    const session = bodyIn(known, 'session');
    const role = memberIn(known, workspaceId)?.role;
    if (session?.userId !== userId || session.tokenNumber !== tokenNumber || role === undefined) return null;
    // The check has seen the token, so its digest is the session's own.
    const presented = { workspaceId, sessionId, tokenNumber, tokenSha256: session.tokenSha256 };
    const verdict = decideSession(presented, asked, known);
    const stands = verdict.kind === 'allow' && (verdict.notAfterMs === null || now.getTime() < verdict.notAfterMs);
    const own = stands ? grantorsOwn(presented, known) : null;
    return own && { session, role, own, sets: setsIn(known), workspace: workspaceIn(known, workspaceId) };
  }

  scopeSetsOf(workspaceId: WorkspaceId, ids: readonly string[]): Promise<readonly KnownScopeSet[]> {
    return scopeSetsOf(this.reader, workspaceId, ids);
  }

  async ownOfToken(
    token: AccessTokenRef,
    asked: AccessRequest,
    now: Date,
    held?: KnownSubjects,
  ): Promise<OwnRights | null> {
    const { verdict, known } = await decideByOwners(this.#readerWith(held), token, asked);
    const stands = verdict.kind === 'allow' && (verdict.notAfterMs === null || now.getTime() < verdict.notAfterMs);
    const own = stands ? grantorsOwn(token, known) : null;
    return own && { own, sets: setsIn(known) };
  }

  #readerWith(held: KnownSubjects | undefined): SubjectReader {
    return held ? holding(held, this.reader) : this.reader;
  }

  #read(subjects: readonly SubjectRef[]): Promise<KnownSubjects> {
    return this.reader.read('identity', subjects);
  }
}

/** With the scope sets that the user has been given in the workspace, if any. */
async function readMember(
  reader: SubjectReader,
  workspaceId: WorkspaceId,
  userId: UserId,
  ...others: readonly SubjectRef[]
): Promise<KnownSubjects> {
  const member: readonly SubjectRef[] = [
    { kind: 'workspace', id: workspaceId },
    { kind: 'user', id: userId },
  ];
  const known = await reader.read('identity', [...others, ...member]);
  const setIds = setIdsIn(bodyIn(known, 'user'), workspaceId);
  return setIds.length === 0 ? known : [...known, ...(await reader.read('issuance', setRefs(setIds)))];
}

/** Asks only others: our own part, which is scope sets, is what is held. */
const holding = (held: KnownSubjects, others: SubjectReader): SubjectReader => ({
  read: async (owner, subjects) =>
    owner === 'issuance'
      ? subjects.map((ref) => held.find((one) => sameSubject(one, ref)) ?? { ...ref, version: 0, body: null })
      : others.read(owner, subjects),
});

const setsIn = (known: KnownSubjects): KnownSubjects => known.filter(({ kind }) => kind === 'scope_set');

function bodyIn<Kind extends SubjectKind>(known: KnownSubjects, kind: Kind) {
  const body = known.find((subject) => subject.kind === kind)?.body;
  return body?.kind === kind ? (body as Extract<SubjectBody, { kind: Kind }>) : null;
}

function workspaceIn(known: KnownSubjects, id: WorkspaceId) {
  const workspace = bodyIn(known, 'workspace');
  if (!workspace) throw new AppError('service.internal', { internal: `there is no workspace ${id}` });
  return workspace;
}

function memberIn(known: KnownSubjects, workspaceId: WorkspaceId): MemberRights | undefined {
  const user = bodyIn(known, 'user');
  return user?.status === 'active' ? rightsIn(user, workspaceId, known) : undefined;
}
