import { AppError, type UserId, type WorkspaceId } from '@latchkey/kernel';
import { profileByName, type Profile } from '@latchkey/access';
import type { FirstWorkspace, IdentityDirectory, Role, SubjectReader, SubjectRef } from '@latchkey/contracts';
import type { WorkspaceDirectory } from '../application/ports';

/** What issuance knows of workspaces, asked of identity. */
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
    const body = await this.#read({ kind: 'workspace', id: workspaceId });
    const profile = body?.kind === 'workspace' ? profileByName(body.profile) : undefined;
    if (!profile) throw new AppError('service.internal', { internal: `workspace ${workspaceId} has no known profile` });
    this.#profiles.set(workspaceId, profile);
    return profile;
  }

  async roleOf(workspaceId: WorkspaceId, userId: UserId): Promise<Role | null> {
    const body = await this.#read({ kind: 'user', id: userId });
    return body?.kind === 'user' && body.status === 'active' ? (body.roles[workspaceId] ?? null) : null;
  }

  async #read(subject: SubjectRef) {
    const [snapshot] = await this.reader.read('identity', [subject]);
    return snapshot?.body ?? null;
  }
}
