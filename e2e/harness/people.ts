import type { Role } from '@latchkey/contracts';
import { eventually, startMailServer, type MailServer } from '@latchkey/testing';
import { call, callerOf } from './http';
import { OWNER, startSystem, type ProfileName, type System, type WayOfRunning } from './system';

export interface Person {
  readonly userId: string;
  readonly email: string;
  readonly password: string;
  /** Of a session in the first workspace. */
  readonly token: string;
}

/** A system whose mails arrive, so that people can be invited to it. */
export interface Populated {
  readonly system: System;
  /** Whatever was written to anybody. */
  readonly mails: MailServer;
  /** The owner's session. */
  signInOwner(): Promise<string>;
  /** Invites somebody to the first workspace, who comes and signs in. */
  join(role: Role): Promise<Person>;
  stop(): Promise<void>;
}

export async function startPopulated(way: WayOfRunning, profile: ProfileName): Promise<Populated> {
  const mails = await startMailServer();
  const env = { SMTP_URL: `smtp://127.0.0.1:${mails.port}`, PUBLIC_URL: 'https://id.example.com' };
  const system = await startSystem(way, { profile, env }).catch(async (error: unknown) => {
    await mails.stop();
    throw error;
  });
  let people = 0;
  return {
    ...{ system, mails },
    signInOwner: () => signIn(system, OWNER),
    async join(role) {
      people += 1;
      const person = { email: `${role}-${people}@example.com`, password: 'a long sentence of their own' };
      const userId = await accept(system, mails, person, role);
      return { ...person, userId, token: await signIn(system, person) };
    },
    async stop() {
      await system.stop();
      await mails.stop();
    },
  };
}

type Credentials = Pick<Person, 'email' | 'password'>;

export async function signIn({ url }: System, { email, password }: Credentials): Promise<string> {
  const answer = await call(url, { method: 'POST', path: '/api/v1/sessions', body: { email, password } });
  if (answer.status !== 201) throw new Error(`signing in answered ${answer.status}: ${answer.text}`);
  return answer.json<{ token: string }>().token;
}

/** @returns id of the user */
async function accept(
  { url, adminKey }: System,
  mails: MailServer,
  { email, password }: Credentials,
  role: Role,
): Promise<string> {
  const invited = await callerOf(url, adminKey)('POST', '/api/v1/invitations', { email, role });
  if (invited.status !== 201) throw new Error(`inviting answered ${invited.status}: ${invited.text}`);
  const token = await tokenMailed(mails, email, 'accept-invitation');
  const path = '/api/v1/invitations/accept';
  const accepted = await call(url, { method: 'POST', path, body: { token, password } });
  return accepted.json<{ user: { id: string } }>().user.id;
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
