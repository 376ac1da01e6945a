import { z } from 'zod';

const instant = z.iso.datetime();
export const roleSchema = z.enum(['owner', 'admin', 'member', 'auditor']);
/** Of a workspace, as a whole. */
const keyPolicy = z.strictObject({
  expiryRequired: z.boolean(),
  maxLifetimeDays: z.int().positive().nullable(),
  leakedKeys: z.enum(['notify', 'rotate', 'revoke']),
});
export const mfaMethodSchema = z.enum(['totp', 'email']);

/**
 * Payloads of the events of workspaces, invitations, users and sessions. A user's e-mail address and name, where a session was opened and
 * whatever proves somebody's identity are no part of any: they are kept where they can be erased.
 */
export const identityEvents = {
  'latchkey.workspace.created.v1': z.strictObject({
    workspaceId: z.string(),
    name: z.string(),
    profile: z.string(),
    slug: z.string().exactOptional(),
    createdAt: instant,
  }),
  'latchkey.workspace.updated.v1': z.discriminatedUnion('changed', [
    z.strictObject({ changed: z.literal('name'), name: z.string() }),
    z.strictObject({ changed: z.literal('former_members_keys'), formerMembersKeys: z.enum(['end', 'stay']) }),
    z.strictObject({ changed: z.literal('second_factor'), secondFactor: z.enum(['optional', 'required']) }),
    z.strictObject({ changed: z.literal('slug'), slug: z.string() }),
    z.strictObject({ changed: z.literal('key_policy'), keyPolicy }),
  ]),

  'latchkey.invitation.created.v1': z.strictObject({
    invitationId: z.string(),
    workspaceId: z.string(),
    role: roleSchema,
    expiresAt: instant,
    createdAt: instant,
  }),
  'latchkey.invitation.accepted.v1': z.strictObject({ userId: z.string(), acceptedAt: instant }),
  'latchkey.invitation.withdrawn.v1': z.strictObject({ withdrawnAt: instant }),

  'latchkey.user.registered.v1': z.strictObject({ userId: z.string(), registeredAt: instant }),
  'latchkey.user.member_role_changed.v1': z.strictObject({
    workspaceId: z.string(),
    role: roleSchema,
    changedAt: instant,
  }),
  /** What the member has been given besides the role: roleSchema, all of it. */
  'latchkey.user.member_scope_sets_changed.v1': z.strictObject({
    workspaceId: z.string(),
    scopeSetIds: z.array(z.string()).readonly(),
    changedAt: instant,
  }),
  'latchkey.user.member_removed.v1': z.strictObject({ workspaceId: z.string(), removedAt: instant }),
  'latchkey.user.suspended.v1': z.strictObject({ workspaceId: z.string(), suspendedAt: instant }),
  'latchkey.user.resumed.v1': z.strictObject({ workspaceId: z.string(), resumedAt: instant }),
  'latchkey.user.password_changed.v1': z.strictObject({
    how: z.enum(['set', 'changed', 'reset']),
    changedAt: instant,
  }),
  'latchkey.user.mfa_enrolled.v1': z.strictObject({ method: mfaMethodSchema, enrolledAt: instant }),
  'latchkey.user.mfa_disabled.v1': z.strictObject({ method: mfaMethodSchema, disabledAt: instant }),
  'latchkey.user.recovery_codes_issued.v1': z.strictObject({ count: z.int().positive(), issuedAt: instant }),
  'latchkey.user.recovery_code_used.v1': z.strictObject({ remaining: z.int().min(0), usedAt: instant }),
  /** A reset by mail had suspended them: a mailbox is one proof, not two. */
  'latchkey.user.mailed_codes_restored.v1': z.strictObject({ restoredAt: instant }),
  'latchkey.user.account_locked.v1': z.strictObject({ lockedUntil: instant, lockedAt: instant }),
  'latchkey.user.sessions_ended.v1': z.strictObject({
    /** Sessions of an earlier generation have ended. */
    generation: z.int().positive(),
    reason: z.enum(['requested', 'password_changed', 'mfa_changed', 'erased']),
    endedAt: instant,
  }),
  'latchkey.user.erased.v1': z.strictObject({ erasedAt: instant }),

  'latchkey.session.opened.v1': z.strictObject({
    sessionId: z.string(),
    userId: z.string(),
    workspaceId: z.string(),
    generation: z.int().min(0),
    secondFactor: z.boolean(),
    /** In any case, however active it is (C32). */
    expiresAt: instant,
    openedAt: instant,
  }),
  'latchkey.session.refreshed.v1': z.strictObject({ tokenNumber: z.int().min(2), refreshedAt: instant }),
  'latchkey.session.ended.v1': z.strictObject({
    reason: z.enum(['logout', 'ended_by_user', 'token_reused', 'workspace_switched']),
    endedAt: instant,
  }),
} as const;

type IdentityEventType = keyof typeof identityEvents;

/** Told apart by `type`. */
type EventOf<Type extends IdentityEventType> = {
  [Each in Type]: { readonly type: Each; readonly data: z.infer<(typeof identityEvents)[Each]> };
}[Type];

/** What one kind of aggregate may become. */
type EventsOf<Aggregate extends string> = EventOf<Extract<IdentityEventType, `latchkey.${Aggregate}.${string}`>>;

export type WorkspaceEvent = EventsOf<'workspace'>;
export type InvitationEvent = EventsOf<'invitation'>;
/** What a user may do in a workspace is a fact about the user. */
export type UserEvent = EventsOf<'user'>;
export type SessionEvent = EventsOf<'session'>;
export type IdentityEvent = EventOf<IdentityEventType>;

export type MfaMethod = z.infer<typeof mfaMethodSchema>;
