import { AppError, type UserId, type WorkspaceId } from '@latchkey/kernel';
import {
  decideByOwners,
  decideSession,
  grantorsOwn,
  profileByName,
  roleIn,
  type AccessRequest,
  type GrantorsOwn,
  type Profile,
} from '@latchkey/access';
import type {
  AccessTokenRef,
  FirstWorkspace,
  IdentityDirectory,
  KnownSubjects,
  SubjectBody,
  SubjectKind,
  SubjectReader,
  SubjectRef,
} from '@latchkey/contracts';
import type { SessionOfUser, SessionStanding, Standing, WorkspaceDirectory } from '../application/ports';

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

  async standingOf(workspaceId: WorkspaceId, userId: UserId): Promise<Standing> {
    const known = await this.#read([
      { kind: 'workspace', id: workspaceId },
      { kind: 'user', id: userId },
    ]);
    return { workspace: workspaceIn(known, workspaceId), role: roleOf(known, workspaceId) };
  }

  async sessionStanding(of: SessionOfUser, asked: AccessRequest, now: Date): Promise<SessionStanding | null> {
    const { workspaceId, userId, sessionId, tokenNumber } = of;
    const known = await this.#read([
      { kind: 'session', id: sessionId },
      { kind: 'workspace', id: workspaceId },
      { kind: 'user', id: userId },
    ]);
    const session = bodyIn(known, 'session');
    const role = roleOf(known, workspaceId);
    if (session?.userId !== userId || session.tokenNumber !== tokenNumber || role === undefined) return null;
    // The check has seen the token, so its digest is the session's own.
    const presented = { workspaceId, sessionId, tokenNumber, tokenSha256: session.tokenSha256 };
    const verdict = decideSession(presented, asked, known);
    const stands = verdict.kind === 'allow' && (verdict.notAfterMs === null || now.getTime() < verdict.notAfterMs);
    return stands ? { session, role, workspace: workspaceIn(known, workspaceId) } : null;
  }

  async ownOfToken(token: AccessTokenRef, asked: AccessRequest, now: Date): Promise<GrantorsOwn | null> {
    const { verdict, known } = await decideByOwners(this.reader, token, asked);
    const stands = verdict.kind === 'allow' && (verdict.notAfterMs === null || now.getTime() < verdict.notAfterMs);
    return stands ? grantorsOwn(token, known) : null;
  }

  #read(subjects: readonly SubjectRef[]): Promise<KnownSubjects> {
    return this.reader.read('identity', subjects);
  }
}

function bodyIn<Kind extends SubjectKind>(known: KnownSubjects, kind: Kind) {
  const body = known.find((subject) => subject.kind === kind)?.body;
  return body?.kind === kind ? (body as Extract<SubjectBody, { kind: Kind }>) : null;
}

function workspaceIn(known: KnownSubjects, id: WorkspaceId) {
  const workspace = bodyIn(known, 'workspace');
  if (!workspace) throw new AppError('service.internal', { internal: `there is no workspace ${id}` });
  return workspace;
}

function roleOf(known: KnownSubjects, workspaceId: WorkspaceId) {
  const user = bodyIn(known, 'user');
  return user?.status === 'active' ? roleIn(user.roles, workspaceId) : undefined;
}
