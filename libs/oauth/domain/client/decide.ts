import { AppError, assertNever } from '@latchkey/kernel';
import { grantDiffers, grantUpdates, rotateSecrets, sameList } from '@latchkey/access';
import { secretIdOf, type ClientEvent, type ClientUpdated } from '@latchkey/contracts';
import { isForgotten, updated, type ActiveClient, type ClientState, type SuspendedClient } from './client';
import type {
  ChangeClient,
  ClientChanges,
  ClientCommand,
  DeleteClient,
  EndTokens,
  RegisterClient,
  ResumeClient,
  RevokeAccessToken,
  RotateClientSecret,
  SuspendClient,
} from './commands';
import { refuseBeyondGrantor, refuseOthersClient, sameKey, widens } from './containment';

/** Beyond so many that were revoked one by one, and have not expired, all of the client's tokens end instead: a list without end would slow every check. */
export const REVOKED_TOKENS_MAX = 1_000;

/**
 * What a command does to a client.
 * @throws AppError `stream.exists`, `client.not_found`, `client.deleted`, `client.exceeds_grantor`, `client.other_authentication`,
 * `auth.forbidden` for a client of another user, `stream.version_conflict`
 */
export function decide(command: ClientCommand, state: ClientState): readonly ClientEvent[] {
  switch (command.type) {
    case 'RegisterClient':
      return register(command, state);
    case 'ChangeClient':
      return change(command, living(state));
    case 'RotateClientSecret':
      return rotate(command, living(state));
    case 'SuspendClient':
      return suspend(command, living(state));
    case 'ResumeClient':
      return resume(command, living(state));
    case 'EndTokens':
      return endTokens(command, state);
    case 'DeleteClient':
      return remove(command, state);
    case 'RevokeAccessToken':
      return revokeToken(command, state);
    default:
      return assertNever(command);
  }
}

type LivingClient = ActiveClient | SuspendedClient;

function living(state: ClientState): LivingClient {
  const found = existing(state);
  if (found.status === 'Deleted') throw new AppError('client.deleted');
  return found;
}

function existing(state: ClientState): Exclude<ClientState, { status: 'None' }> {
  if (state.status === 'None') throw new AppError('client.not_found');
  return state;
}

function register(command: RegisterClient, state: ClientState): readonly ClientEvent[] {
  const { grant, scopeSetIds, grantor, authentication, now } = command;
  if (state.status !== 'None') throw new AppError('stream.exists');
  refuseBeyondGrantor({ ...grant, scopeSetIds }, grantor);
  return [
    {
      type: 'latchkey.client.registered.v1',
      data: {
        clientId: command.clientId,
        workspaceId: command.workspaceId,
        userId: command.userId,
        name: command.name,
        scopes: grant.scopes,
        scopesAsSent: command.scopesAsSent,
        ...(scopeSetIds.length > 0 && { scopeSetIds }),
        allowedIps: grant.allowedIps,
        assets: grant.assets,
        plan: grant.plan,
        tokenLifetimeSeconds: command.tokenLifetimeSeconds,
        authentication,
        publicKeys: command.publicKeys,
        secretId: authentication === 'client_secret' ? secretIdOf(command.clientId, 1) : null,
        registeredAt: now.toISOString(),
      },
    },
  ];
}

const WIDENED = 'Only a credential that itself has all that the application would have can give it more.';

/**
 * A name is nobody's right, and a stronger client may be narrowed. But whoever widens one field grants the client with all its others. And
 * only to themselves.
 */
function change({ changes, grantor }: ChangeClient, client: LivingClient): readonly ClientEvent[] {
  if (changes.publicKeys !== undefined && client.authentication !== 'private_key_jwt') {
    throw new AppError('client.other_authentication', {
      field: 'jwks',
      public: 'This application authenticates by a secret, not by keys of its own.',
    });
  }
  const updates = updatesOf(changes).filter((data) => differs(client, data));
  const events = updates.map((data): ClientUpdated => ({ type: 'latchkey.client.updated.v1', data }));
  if (updates.some((data) => widens(grantor.profile, client, data))) {
    refuseOthersClient(client, grantor);
    refuseBeyondGrantor(
      events.reduce<LivingClient>((before, event) => updated(before, event), client),
      grantor,
      WIDENED,
    );
  }
  return events;
}

type Update = ClientUpdated['data'];

const updatesOf = ({ scopeSetIds, tokenLifetimeSeconds, publicKeys, ...changes }: ClientChanges): readonly Update[] => [
  ...grantUpdates(changes),
  ...(scopeSetIds === undefined ? [] : [{ changed: 'scope_sets', scopeSetIds } as const]),
  ...(tokenLifetimeSeconds === undefined ? [] : [{ changed: 'token_lifetime', tokenLifetimeSeconds } as const]),
  ...(publicKeys === undefined ? [] : [{ changed: 'public_keys', publicKeys } as const]),
];

function differs(client: LivingClient, update: Update): boolean {
  switch (update.changed) {
    case 'token_lifetime':
      return client.tokenLifetimeSeconds !== update.tokenLifetimeSeconds;
    case 'public_keys':
      return !sameList(client.publicKeys, update.publicKeys, sameKey);
    case 'scope_sets':
      return !sameList(client.scopeSetIds, update.scopeSetIds);
    case 'name':
    case 'scopes':
    case 'allowed_ips':
    case 'assets':
    case 'plan':
      return grantDiffers(client, update);
  }
}

/**
 * The whole client must be within the grantor's own, and of the same user, because the reply hands its secret over. Grace 0 is for a secret
 * that has leaked: whoever had it has tokens too, so those end with it.
 */
function rotate(command: RotateClientSecret, client: LivingClient): readonly ClientEvent[] {
  const { replaces, lost, gracePeriodMs, grantor, now } = command;
  if (client.authentication !== 'client_secret') {
    throw new AppError('client.other_authentication', {
      public: 'This application has no secret: it authenticates by keys of its own. Change its "jwks" instead.',
    });
  }
  refuseOthersClient(client, grantor);
  if (replaces !== client.lastSecretNumber) throw new AppError('stream.version_conflict');
  refuseBeyondGrantor(client, grantor);
  const { ended, replaced, graceUntil } = rotateSecrets(client.secrets, replaces, { gracePeriodMs, lost, now });
  return [
    ...ended.map((number): ClientEvent => ({
      type: 'latchkey.client.grace_ended.v1',
      data: { secretId: secretIdOf(client.clientId, number), endedAt: now.toISOString() },
    })),
    {
      type: 'latchkey.client.secret_rotated.v1',
      data: {
        oldSecretId: secretIdOf(client.clientId, replaced ?? replaces),
        newSecretId: secretIdOf(client.clientId, replaces + 1),
        gracePeriodSeconds: (graceUntil.getTime() - now.getTime()) / 1_000,
        graceUntil: graceUntil.toISOString(),
        rotatedAt: now.toISOString(),
      },
    },
    ...(gracePeriodMs === 0 ? [tokensEnded(client, 'secret_rotated', now)] : []),
  ];
}

function suspend({ reason, now }: SuspendClient, client: LivingClient): readonly ClientEvent[] {
  if (client.status === 'Suspended') return [];
  return [{ type: 'latchkey.client.suspended.v1', data: { reason, suspendedAt: now.toISOString() } }];
}

/** Who resumes a client gives it all that it had. */
function resume({ grantor, now }: ResumeClient, client: LivingClient): readonly ClientEvent[] {
  if (client.status === 'Active') return [];
  refuseBeyondGrantor(client, grantor, 'Only a credential that itself has all that the application has can resume it.');
  return [{ type: 'latchkey.client.resumed.v1', data: { resumedAt: now.toISOString() } }];
}

/** A deleted client has no token that could be ended. */
function endTokens({ reason, now }: EndTokens, state: ClientState): readonly ClientEvent[] {
  const client = existing(state);
  return client.status === 'Deleted' ? [] : [tokensEnded(client, reason, now)];
}

/** Deleting twice is no error: whoever repeats a request that got no answer wants to hear that the client is gone. */
function remove({ reason, now }: DeleteClient, state: ClientState): readonly ClientEvent[] {
  if (existing(state).status === 'Deleted') return [];
  return [{ type: 'latchkey.client.deleted.v1', data: { reason, deletedAt: now.toISOString() } }];
}

function revokeToken(command: RevokeAccessToken, state: ClientState): readonly ClientEvent[] {
  const { jti, expiresAt, now } = command;
  const client = existing(state);
  if (client.status === 'Deleted' || isForgotten({ jti, expiresAt }, now)) return [];
  if (client.revokedTokens.some((token) => token.jti === jti)) return [];
  if (client.revokedTokens.filter((token) => !isForgotten(token, now)).length >= REVOKED_TOKENS_MAX) {
    return [tokensEnded(client, 'too_many_revoked', now)];
  }
  return [
    {
      type: 'latchkey.access_token.revoked.v1',
      data: { jti, expiresAt: expiresAt.toISOString(), revokedAt: now.toISOString() },
    },
  ];
}

const tokensEnded = (client: LivingClient, reason: string, now: Date): ClientEvent => ({
  type: 'latchkey.client.tokens_ended.v1',
  data: { generation: client.tokenGeneration + 1, reason, endedAt: now.toISOString() },
});
