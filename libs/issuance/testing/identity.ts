import { SESSION_TOKEN_TYPE } from '@latchkey/access';
import { sessionId, userId, workspaceId, type SessionId, type UserId, type WorkspaceId } from '@latchkey/kernel';
import type {
  FirstWorkspace,
  IdentityDirectory,
  Role,
  SessionSubject,
  SubjectBody,
  SubjectReader,
  SubjectRef,
  SubjectSnapshot,
  WorkspaceSubject,
} from '@latchkey/contracts';
import { createHash, randomUUID } from 'node:crypto';

/** Of no moment in any test. */
const LATE_MS = Date.UTC(2100, 0);

export interface OpenedSession {
  readonly sessionId: SessionId;
  readonly token: string;
}

/** Identity's part, in memory: a first workspace with an owner, and others. */
export class Identity implements IdentityDirectory, SubjectReader {
  readonly first: FirstWorkspace;
  readonly #subjects = new Map<string, SubjectSnapshot>();
  #hook: ((subjects: readonly SubjectRef[]) => void) | null = null;

  constructor(profile: string) {
    const ownerId = userId('01900000-0000-7000-8000-0000000000f1');
    this.first = { workspaceId: this.add('01900000-0000-7000-8000-0000000000e1', profile, ownerId), ownerId, profile };
  }

  /** A workspace with one owner. */
  add(id: string, profile: string, ownerId: string): WorkspaceId {
    const settings = { formerMembersKeys: 'end', secondFactor: 'optional' } as const;
    this.#put(id, { kind: 'workspace', status: 'active', name: id, profile, ...settings });
    this.setRole(workspaceId(id), userId(ownerId), 'owner');
    return workspaceId(id);
  }

  /** Somebody in the first workspace. */
  addMember(role: Role): UserId {
    const id = userId(randomUUID());
    this.setRole(this.first.workspaceId, id, role);
    return id;
  }

  /** `null`: suspended there, or a member no more. */
  setRole(workspace: WorkspaceId, user: UserId, role: Role | null): void {
    const roles = role === null ? {} : { [workspace]: role };
    this.#put(user, { kind: 'user', status: 'active', roles, sessionGeneration: 0 });
  }

  /** Of the first workspace. */
  set(settings: Partial<Pick<WorkspaceSubject, 'formerMembersKeys' | 'secondFactor'>>): void {
    const { workspaceId: id } = this.first;
    const body = this.#subjects.get(`workspace ${id}`)?.body;
    if (body?.kind === 'workspace') this.#put(id, { ...body, ...settings });
  }

  /** In the first workspace. A session that is there already gets its next token. */
  openSession(user: UserId, change: Partial<SessionSubject> = {}, id = sessionId(randomUUID())): OpenedSession {
    const { workspaceId: workspace } = this.first;
    const tokenNumber = change.tokenNumber ?? 1;
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = { sid: id, wid: workspace, jti: `${id}.${tokenNumber}` };
    const token = `${part({ alg: 'HS256', typ: SESSION_TOKEN_TYPE })}.${part(claims)}.c2lnbmF0dXJl`;
    this.#put(id, {
      ...{
        kind: 'session',
        workspaceId: workspace,
        userId: user,
        status: 'active',
        generation: 0,
        secondFactor: false,
      },
      ...{ tokenNumber, tokenSha256: createHash('sha256').update(token).digest('hex') },
      ...{ idleUntilMs: LATE_MS, expiresAtMs: LATE_MS, ...change },
    });
    return { sessionId: id, token };
  }

  /** Runs once, after the next answer that tells of a session has been given. */
  afterAnswerOnSession(hook: () => void): void {
    this.#hook = (subjects) => {
      if (!subjects.some(({ kind }) => kind === 'session')) return;
      this.#hook = null;
      hook();
    };
  }

  async firstWorkspace(): Promise<FirstWorkspace> {
    return this.first;
  }

  async read(_owner: string, subjects: readonly SubjectRef[]): Promise<readonly SubjectSnapshot[]> {
    const found = subjects.map(
      (ref) => this.#subjects.get(`${ref.kind} ${ref.id}`) ?? { ...ref, version: 0, body: null },
    );
    this.#hook?.(subjects);
    return found;
  }

  #put(id: string, body: SubjectBody): void {
    const name = `${body.kind} ${id}`;
    const version = (this.#subjects.get(name)?.version ?? 0) + 1;
    this.#subjects.set(name, { kind: body.kind, id, version, body });
  }
}
