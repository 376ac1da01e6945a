import type { Role } from '@latchkey/contracts';
import { eventually, type MailServer } from '@latchkey/testing';
import { call, callerOf } from './http';
import type { System } from './system';

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

type At = Pick<System, 'url'>;

/** The token of a session. */
export async function signIn({ url }: At, { email, password }: Credentials): Promise<string> {
  const answer = await call(url, { method: 'POST', path: '/api/v1/sessions', body: { email, password } });
  if (answer.status !== 201) throw new Error(`signing in answered ${answer.status}: ${answer.text}`);
  return answer.json<{ token: string }>().token;
}

/** Invites somebody who comes. @returns id of the user */
export async function invite(
  system: Pick<System, 'url' | 'adminKey'>,
  mails: MailServer,
  invited: Credentials,
  role: Role,
): Promise<string> {
  const { email } = invited;
  const answer = await callerOf(system.url, system.adminKey)('POST', '/api/v1/invitations', { email, role });
  if (answer.status !== 201) throw new Error(`inviting answered ${answer.status}: ${answer.text}`);
  return acceptInvitation(system, mails, invited);
}

/** By the mail that has come, or comes. @returns id of the user */
export async function acceptInvitation({ url }: At, mails: MailServer, invited: Credentials): Promise<string> {
  const token = await tokenMailed(mails, invited.email, 'accept-invitation');
  const body = { token, password: invited.password };
  const answer = await call(url, { method: 'POST', path: '/api/v1/invitations/accept', body });
  if (answer.status !== 200) throw new Error(`accepting answered ${answer.status}: ${answer.text}`);
  return answer.json<{ user: { id: string } }>().user.id;
}

/** What stands in the link of the first such mail to the address, once it has come. */
export const tokenMailed = (
  { received }: MailServer,
  email: string,
  page: 'accept-invitation' | 'reset-password',
): Promise<string> =>
  eventually(
    () => {
      for (const { to, raw } of received) {
        // Quoted-printable breaks long lines (RFC 2045 §6.7).
        const [, token] = new RegExp(`/${page}#([\\w-]+)`).exec(raw.replace(/=\r\n/g, '')) ?? [];
        if (to.includes(email) && token !== undefined) return token;
      }
      throw new Error(`no mail to ${email} with a link to ${page} has arrived`);
    },
    { timeoutMs: 15_000 },
  );
