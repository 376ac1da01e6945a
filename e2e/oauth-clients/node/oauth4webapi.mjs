// A client of `oauth4webapi`, which is also a resource server's: it takes the token for one of RFC 9068, or throws.
import * as oauth from 'oauth4webapi';
import { exchange, signingKey } from './exchange.mjs';

const insecure = { [oauth.allowInsecureRequests]: true };
const authentications = {
  client_secret_basic: ({ clientSecret }) => oauth.ClientSecretBasic(clientSecret),
  client_secret_post: ({ clientSecret }) => oauth.ClientSecretPost(clientSecret),
  private_key_jwt: async (given) => oauth.PrivateKeyJwt(await signingKey(given)),
};

await exchange(async (given) => {
  const { issuer, audience, clientId: client_id, authentication, scope } = given;
  const client = { client_id };
  const url = new URL(issuer);
  const discovered = await oauth.discoveryRequest(url, { algorithm: 'oauth2', ...insecure });
  const server = await oauth.processDiscoveryResponse(url, discovered);
  const how = await authentications[authentication](given);

  const granted = await oauth.clientCredentialsGrantRequest(server, client, how, { scope }, insecure);
  const token = await oauth.processClientCredentialsResponse(server, client, granted);
  const call = new Request(issuer, { headers: { authorization: `Bearer ${token.access_token}` } });
  const claims = await oauth.validateJwtAccessToken(server, call, audience, insecure);

  const introspect = async () => {
    const answer = await oauth.introspectionRequest(server, client, how, token.access_token, insecure);
    return oauth.processIntrospectionResponse(server, client, answer);
  };
  const introspected = await introspect();
  await oauth.processRevocationResponse(
    await oauth.revocationRequest(server, client, how, token.access_token, insecure),
  );
  return { token, claims, introspected, afterwards: await introspect() };
});
