import { SESSION_TOKEN_TYPE } from '@latchkey/access';
import {
  clientId,
  sessionId,
  userId,
  workspaceId,
  type ClientId,
  type SessionId,
  type UserId,
  type WorkspaceId,
} from '@latchkey/kernel';
import type {
  ClientSubject,
  FirstWorkspace,
  IdentityDirectory,
  Role,
  SessionSubject,
  SigningKeySubject,
  SubjectBody,
  SubjectKind,
  SubjectReader,
  SubjectRef,
  SubjectSnapshot,
  WorkspaceSubject,
} from '@latchkey/contracts';
import { createHash, randomUUID } from 'node:crypto';

/** Of no moment in any test. */
const LATE_MS = Date.UTC(2100, 0);

const SIGNING_KEY = 'k'.repeat(43);

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

export interface RegisteredClient {
  readonly clientId: ClientId;
  readonly client: ClientSubject;
  readonly token: string;
}

export interface OpenedSession {
  readonly sessionId: SessionId;
  readonly token: string;
}

/** Identity's part, and oauth's, in memory: a first workspace with an owner, and others. */
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
  setRole(workspace: WorkspaceId, user: UserId, role: Role | null, ...scopeSetIds: readonly string[]): void {
    const roles = role === null ? {} : { [workspace]: role };
    const given = scopeSetIds.length > 0 && { scopeSetIds: { [workspace]: scopeSetIds } };
    this.#put(user, { kind: 'user', status: 'active', roles, ...given, sessionGeneration: 0 });
  }

  /** Of the first workspace. */
  set(settings: Partial<Pick<WorkspaceSubject, 'formerMembersKeys' | 'secondFactor' | 'keyPolicy'>>): void {
    const { workspaceId: id } = this.first;
    const body = this.#subjects.get(`workspace ${id}`)?.body;
    if (body?.kind === 'workspace') this.#put(id, { ...body, ...settings });
  }

  /** In the first workspace. A session that is there already gets its next token. */
  openSession(user: UserId, change: Partial<SessionSubject> = {}, id = sessionId(randomUUID())): OpenedSession {
    const { workspaceId: workspace } = this.first;
    const tokenNumber = change.tokenNumber ?? 1;
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

  /** A client of the first workspace, or another state of it, with an access token for what it may do. Nobody has signed the token. */
  registerClient(user: UserId, change: Partial<ClientSubject> = {}, id = clientId(randomUUID())): RegisteredClient {
    const { workspaceId: workspace } = this.first;
    const client: ClientSubject = {
      ...{ kind: 'client', workspaceId: workspace, userId: user, name: 'Nightly report', status: 'active' },
      ...{ scopes: ['assets:read'], scopeSetIds: [], allowedIps: [], assets: 'all', plan: 'standard' },
      ...{ secrets: [], tokenLifetimeSeconds: 3_600, tokenGeneration: 1, revokedTokens: [], ...change },
    };
    this.#put(id, client);
    this.setSigningKey('trusted');
    const claims = {
      ...{ iss: 'i', aud: 'a', sub: id, client_id: id, jti: randomUUID(), iat: 1, exp: LATE_MS / 1_000 },
      ...{ scope: client.scopes.join(' '), wid: workspace, gen: 1 },
    };
    const token = [part({ alg: 'ES256', typ: 'at+jwt', kid: SIGNING_KEY }), part(claims), 'c2lnbmF0dXJl'].join('.');
    return { clientId: id, client, token };
  }

  /** Of all access tokens. */
  setSigningKey(status: SigningKeySubject['status']): void {
    this.#put(SIGNING_KEY, { kind: 'signing_key', status, algorithm: 'ES256', jwk: {} });
  }

  /** Runs once, after the next answer that tells of a subject of that kind has been given. */
  afterAnswerOn(asked: SubjectKind, hook: () => void): void {
    this.#hook = (subjects) => {
      if (!subjects.some(({ kind }) => kind === asked)) return;
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
