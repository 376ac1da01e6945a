import { z } from 'zod';

const instant = z.iso.datetime();
const role = z.enum(['owner', 'admin', 'member', 'auditor']);

/** Payloads of the events of users and workspaces. A user's e-mail address and name are erasable facts, so no event holds them. */
export const identityEvents = {
  'latchkey.workspace.created.v1': z.strictObject({
    workspaceId: z.string(),
    name: z.string(),
    profile: z.string(),
    createdAt: instant,
  }),
  'latchkey.user.registered.v1': z.strictObject({ userId: z.string(), registeredAt: instant }),
  'latchkey.user.member_role_changed.v1': z.strictObject({ workspaceId: z.string(), role, changedAt: instant }),
} as const;

type PayloadOf<Type extends keyof typeof identityEvents> = z.infer<(typeof identityEvents)[Type]>;

export type WorkspaceCreated = {
  readonly type: 'latchkey.workspace.created.v1';
  readonly data: PayloadOf<'latchkey.workspace.created.v1'>;
};
export type UserRegistered = {
  readonly type: 'latchkey.user.registered.v1';
  readonly data: PayloadOf<'latchkey.user.registered.v1'>;
};
/** Belongs to the user's stream: what a user may do in a workspace is a fact about the user. */
export type MemberRoleChanged = {
  readonly type: 'latchkey.user.member_role_changed.v1';
  readonly data: PayloadOf<'latchkey.user.member_role_changed.v1'>;
};

export type WorkspaceEvent = WorkspaceCreated;
export type UserEvent = UserRegistered | MemberRoleChanged;
