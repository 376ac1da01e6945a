import type { MailServer } from '@latchkey/testing';
import { acceptInvitation, signIn } from './accounts';
import { callerOf, type Answer } from './http';
import type { ProfileName, System } from './system';

/** A workspace of people of its own, on an installation that others use too. */
export interface OwnWorkspace {
  readonly id: string;
  readonly profile: ProfileName;
  /** Its name in addresses. */
  readonly slug: string;
  /** Token of a session of its owner, who is in no other workspace. */
  readonly ownerToken: string;
  /** Of the plan `unlimited`. */
  readonly adminKey: string;
}

/** As an operator makes one for somebody: the owner comes by mail, shows the operator out, and makes the first key. */
export async function newWorkspace(
  system: Pick<System, 'url' | 'adminKey'>,
  mails: MailServer,
  { profile, slug }: Pick<OwnWorkspace, 'profile' | 'slug'>,
): Promise<OwnWorkspace> {
  const owner = { email: `owner@${slug}.example`, password: 'a sentence of the new owner' };
  const body = { name: `Of ${slug}`, profile, slug, owner: owner.email };
  const made = await callerOf(system.url, system.adminKey)('POST', '/api/v1/workspaces', body);
  const { id } = bodyOf<{ id: string }>(made, 201);
  const ownerId = await acceptInvitation(system, mails, owner);
  const ownerToken = await signIn(system, owner);
  const asOwner = callerOf(system.url, ownerToken);
  const { items } = bodyOf<{ items: readonly { id: string }[] }>(await asOwner('GET', '/api/v1/users'), 200);
  for (const user of items) if (user.id !== ownerId) bodyOf(await asOwner('DELETE', `/api/v1/users/${user.id}`), 204);
  const grant = { name: 'First admin key', scopes: ['admin:full'], plan: 'unlimited' };
  const { key: adminKey } = bodyOf<{ key: string }>(await asOwner('POST', '/api/v1/api-keys', grant), 201);
  return { id, profile, slug, ownerToken, adminKey };
}

function bodyOf<Body>(answer: Answer, status: number): Body {
  if (answer.status !== status) throw new Error(`it answered ${answer.status}: ${answer.text}`);
  return (answer.text === '' ? null : answer.json<Body>()) as Body;
}
