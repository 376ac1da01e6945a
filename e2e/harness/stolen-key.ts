import { createPrivateKey, type KeyObject } from 'node:crypto';
import { Secret } from '@latchkey/kernel';
import { derivedKey, unseal } from '@latchkey/platform';
import { Client } from 'pg';
import type { System } from './system';

/** The private key of access tokens with this `kid`, by somebody who has both the database and the master key. */
export async function stolenKey({ databaseUrl }: System, masterKey: string, kid: string): Promise<KeyObject> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const select = 'SELECT sealed FROM oauth.signing_key_private WHERE kid = $1';
    const [row] = (await client.query<{ sealed: Buffer }>(select, [kid])).rows;
    if (row === undefined) throw new Error(`there is no private key ${kid}`);
    const wrapping = derivedKey(new Secret(masterKey), 'latchkey/oauth/signing-keys/v1');
    return createPrivateKey(unseal(wrapping, row.sealed, kid).toString());
  } finally {
    await client.end();
  }
}
