// A client of `simple-oauth2`, which knows no metadata and no introspection. Its presets are the documented paths.
import { ClientCredentials } from 'simple-oauth2';
import { exchange } from './exchange.mjs';

const methods = { client_secret_basic: 'header', client_secret_post: 'body' };

await exchange(async ({ issuer, clientId, clientSecret, authentication, scope }) => {
  const client = new ClientCredentials({
    client: { id: clientId, secret: clientSecret },
    auth: { tokenHost: issuer },
    options: { authorizationMethod: methods[authentication] },
  });
  const accessToken = await client.getToken({ scope });
  await accessToken.revoke('access_token');
  return { token: accessToken.token };
});
