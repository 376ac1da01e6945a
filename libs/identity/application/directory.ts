import { AppError } from '@latchkey/kernel';
import type { FirstWorkspace, IdentityDirectory } from '@latchkey/contracts';
import type { FirstWorkspaces } from './ports';

/** What identity tells the other services besides its subjects. */
export class Directory implements IdentityDirectory {
  constructor(private readonly workspaces: FirstWorkspaces) {}

  async firstWorkspace(): Promise<FirstWorkspace> {
    const first = await this.workspaces.complete();
    if (first) return first;
    throw new AppError('service.unavailable', {
      internal: 'the first workspace is not made yet',
      retryAfterSeconds: 1,
    });
  }
}
