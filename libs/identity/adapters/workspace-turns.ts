import { AppError, type WorkspaceId } from '@latchkey/kernel';
import { profileByName } from '@latchkey/access';
import type { Role } from '@latchkey/contracts';
import type { Actor, Transaction } from '../application/ports';
import { requireAuthority } from '../domain/member/authority';
import { takesAnOwner, type MembershipChange } from '../domain/member/membership-changes';

/**
 * Whoever changes who is in a workspace waits here for all others who do, until they have committed: what is read after it is still so at
 * the commit. Take it after the events are written, and before any row of the workspace: so nobody waits in a circle.
 */
export async function takeTurn(tx: Transaction, workspaceId: WorkspaceId): Promise<void> {
  await tx.query(`SELECT FROM subject_state WHERE kind = 'workspace' AND id = $1 FOR NO KEY UPDATE`, [workspaceId]);
}

/** @throws AppError `auth.forbidden` unless the actor may still give and take these roles, and give these canonical scopes */
export async function authorize(
  tx: Transaction,
  { workspaceId, userId, keyScopes }: Actor,
  roles: readonly Role[],
  scopes: readonly string[] = [],
): Promise<void> {
  const [member] = await tx.query<{ role: Role; profile: string }[]>(
    `SELECT m.role, s.body->>'profile' AS profile FROM workspace_member m
       JOIN subject_state s ON s.kind = 'workspace' AND s.id = m.workspace_id
      WHERE m.workspace_id = $1 AND m.user_id = $2 AND NOT m.suspended`,
    [workspaceId, userId],
  );
  const key = keyScopes && { profile: profileByName(member?.profile ?? ''), scopes: keyScopes };
  requireAuthority({ role: member?.role ?? null, key }, roles, scopes);
}

/** @throws AppError `member.last_owner` when the change would take the workspace's last owner */
export async function keepAnOwner(tx: Transaction, change: MembershipChange, userId: string): Promise<void> {
  if (!takesAnOwner(change)) return;
  const others = await tx.query<unknown[]>(
    `SELECT FROM workspace_member
      WHERE workspace_id = $1 AND user_id <> $2 AND role = 'owner' AND NOT suspended LIMIT 1`,
    [change.workspaceId, userId],
  );
  if (others.length === 0) throw new AppError('member.last_owner');
}
