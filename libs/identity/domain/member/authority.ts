import { AppError } from '@latchkey/kernel';
import type { Role } from '@latchkey/contracts';

/**
 * Nobody gives or takes a role above their own: an owner every role, an admin all but the owner's; members and auditors none.
 * @param actor what the actor may do in the workspace now; `null`: no member, or suspended
 * @param roles those that the change gives or takes; empty for a change of the workspace itself
 * @throws AppError `auth.forbidden`
 */
export function requireAuthority(actor: Role | null, roles: readonly Role[]): void {
  if (actor === 'owner') return;
  if (actor !== 'admin')
    throw new AppError('auth.forbidden', { public: 'Only owners and admins of the workspace can do this.' });
  if (roles.includes('owner')) {
    throw new AppError('auth.forbidden', {
      public: 'Only an owner of the workspace can give or take the role of one.',
    });
  }
}
