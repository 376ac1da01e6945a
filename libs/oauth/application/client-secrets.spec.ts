import { formatClientSecret, formatKey, profileByName, type Profile } from '@latchkey/access';
import { clientId, Secret, workspaceId } from '@latchkey/kernel';
import { createHash, randomBytes } from 'node:crypto';
import { ClientSecrets } from './client-secrets';
import type { ClientSecretRef } from './ports-tokens';

const profile = profileByName('s4e') as Profile;
const sha256 = (text: string) => createHash('sha256').update(text).digest();
const ref: ClientSecretRef = { workspaceId: workspaceId('w1'), clientId: clientId('c1'), secretNumber: 1 };

function given() {
  const known = new Set<string>();
  const calls: number[] = [];
  const secrets = new ClientSecrets(
    {
      resolve: async (digests) => {
        calls.push(digests.length);
        return digests.map((digest) => (known.has(Buffer.from(digest).toString('hex')) ? ref : null));
      },
    },
    sha256,
  );
  const register = (secret: Secret) => known.add(sha256(secret.reveal()).toString('hex'));
  return { secrets, calls, register };
}

describe('whose a client secret is', () => {
  it('is asked once, and remembered', async () => {
    const { secrets, calls, register } = given();
    const secret = formatClientSecret(profile, randomBytes);
    register(secret);
    expect(secrets.remembered(secret)).toBeNull();
    expect(await secrets.ask(secret, 'a')).toEqual(ref);
    expect(secrets.remembered(secret)).toEqual(ref);
    expect(calls).toEqual([1]);
  });

  it('is asked anew where there was none: it may be made the next moment', async () => {
    const { secrets, register } = given();
    const secret = formatClientSecret(profile, randomBytes);
    expect(await secrets.ask(secret, 'a')).toBeNull();
    register(secret);
    expect(await secrets.ask(secret, 'a')).toEqual(ref);
  });

  it('is asked of nobody for what is none, an API key among it', async () => {
    const { secrets, calls } = given();
    const key = formatKey(profile, 'live', randomBytes);
    const typo = formatClientSecret(profile, randomBytes).reveal().slice(0, -1) + '?';
    for (const secret of [key, new Secret(typo), new Secret('')]) expect(await secrets.ask(secret, 'a')).toBeNull();
    expect(calls).toEqual([]);
  });

  it('is asked in one call for all of one turn of the event loop', async () => {
    const { secrets, calls } = given();
    const all = Array.from({ length: 50 }, () => formatClientSecret(profile, randomBytes));
    await Promise.all(all.map((secret) => secrets.ask(secret, 'a')));
    expect(calls).toEqual([50]);
  });
});
