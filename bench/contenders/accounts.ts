import { HttpConnection } from '../load/http-connection';
import { postRequest } from '../load/http-load';
import { processOf, type Latchkey } from './latchkey';

/** Somebody who can sign in. */
export interface Account {
  readonly email: string;
  readonly password: string;
}

const PASSWORD = 'correct horse battery staple';

/** New members of the workspace: invited by its admin, each with the password that they chose. */
export async function createAccounts(
  { cluster, adminKey, mailbox }: Latchkey,
  count: number,
): Promise<readonly Account[]> {
  const connection = await HttpConnection.open(processOf(cluster, 'identity').url);
  const accounts = Array.from({ length: count }, (_, index) => ({
    email: `caller-${index + 1}@bench.example`,
    password: PASSWORD,
  }));
  for (const { email } of accounts) {
    const invitation = { email, role: 'member' };
    await connection.send(postRequest('/api/v1/invitations', invitation, { Authorization: `Bearer ${adminKey}` }));
  }
  for (const mail of await mailbox.receive(count)) {
    const acceptance = { token: tokenIn(mail), password: PASSWORD };
    await connection.send(postRequest('/api/v1/invitations/accept', acceptance));
  }
  connection.close();
  return accounts;
}

function tokenIn(mail: string): string {
  const token = /accept-invitation#([\w-]+)/.exec(mail)?.[1];
  if (token === undefined) throw new Error(`a mail without the link of an invitation:\n${mail}`);
  return token;
}
