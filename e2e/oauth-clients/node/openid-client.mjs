// A client of `openid-client`: it is told the issuer alone, and finds everything else in the metadata.
import * as client from 'openid-client';
import { exchange, signingKey } from './exchange.mjs';

const authentications = {
  client_secret_basic: ({ clientSecret }) => client.ClientSecretBasic(clientSecret),
  client_secret_post: ({ clientSecret }) => client.ClientSecretPost(clientSecret),
  private_key_jwt: async (given) => client.PrivateKeyJwt(await signingKey(given)),
};

await exchange(async (given) => {
  const { issuer, clientId, authentication, scope } = given;
  const config = await client.discovery(
    new URL(issuer),
    clientId,
    undefined,
    await authentications[authentication](given),
    { algorithm: 'oauth2', execute: [client.allowInsecureRequests] },
  );
  const token = await client.clientCredentialsGrant(config, { scope });
  const introspected = await client.tokenIntrospection(config, token.access_token);
  await client.tokenRevocation(config, token.access_token);
  return { token, introspected, afterwards: await client.tokenIntrospection(config, token.access_token) };
});
