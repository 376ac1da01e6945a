import type { Role } from '@latchkey/contracts';
import { startMailServer, type MailServer } from '@latchkey/testing';
import { invite, signIn } from './accounts';
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

export async function startPopulated(
  way: WayOfRunning,
  profile: ProfileName,
  variables: Readonly<Record<string, string>> = {},
): Promise<Populated> {
  const mails = await startMailServer();
  const own = { SMTP_URL: `smtp://127.0.0.1:${mails.port}`, PUBLIC_URL: 'https://id.example.com' };
  const env = { ...own, ...variables };
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
      const userId = await invite(system, mails, person, role);
      return { ...person, userId, token: await signIn(system, person) };
    },
    async stop() {
      await system.stop();
      await mails.stop();
    },
  };
}
