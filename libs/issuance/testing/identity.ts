import { userId, workspaceId, type WorkspaceId } from '@latchkey/kernel';
import type {
  FirstWorkspace,
  IdentityDirectory,
  SubjectReader,
  SubjectRef,
  SubjectSnapshot,
} from '@latchkey/contracts';

/** Identity's part, in memory: a first workspace with an owner, and others. */
export class Identity implements IdentityDirectory, SubjectReader {
  readonly first: FirstWorkspace;
  readonly #subjects = new Map<string, SubjectSnapshot>();

  constructor(profile: string) {
    const ownerId = userId('01900000-0000-7000-8000-0000000000f1');
    this.first = { workspaceId: this.add('01900000-0000-7000-8000-0000000000e1', profile, ownerId), ownerId, profile };
  }

  /** A workspace with one owner. */
  add(id: string, profile: string, ownerId: string): WorkspaceId {
    this.#subjects.set(`workspace ${id}`, {
      kind: 'workspace',
      id,
      version: 1,
      body: {
        kind: 'workspace',
        status: 'active',
        name: id,
        profile,
        formerMembersKeys: 'end',
        secondFactor: 'optional',
      },
    });
    this.#subjects.set(`user ${ownerId}`, {
      kind: 'user',
      id: ownerId,
      version: 1,
      body: { kind: 'user', status: 'active', roles: { [id]: 'owner' }, sessionGeneration: 0 },
    });
    return workspaceId(id);
  }

  async firstWorkspace(): Promise<FirstWorkspace> {
    return this.first;
  }

  async read(_owner: string, subjects: readonly SubjectRef[]): Promise<readonly SubjectSnapshot[]> {
    return subjects.map((ref) => this.#subjects.get(`${ref.kind} ${ref.id}`) ?? { ...ref, version: 0, body: null });
  }
}
