// How a client program talks with its test: one JSON text in, one out.
import { importPKCS8 } from 'jose';
import { json } from 'node:stream/consumers';

/** Runs `client` with what the test says, and tells the test what came of it. */
export const exchange = async (client) => process.stdout.write(JSON.stringify(await client(await json(process.stdin))));

/** The client's key, as the libraries want it. */
export const signingKey = async ({ privateKey, keyId, algorithm }) => ({
  key: await importPKCS8(privateKey, algorithm),
  kid: keyId,
});
