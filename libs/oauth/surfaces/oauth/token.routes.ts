import type { FastifyInstance, FastifyReply } from 'fastify';
import type { IssueTokenHandler } from '../../application/issue-token.handler';
import type { SigningKeyring } from '../../application/signing-keyring';
import { addFormRoute } from './form-routes';
import {
  JWKS_URL,
  jwkSet,
  METADATA_URL,
  metadataUrls,
  PUBLISHED_MAX_AGE_SECONDS,
  serverMetadata,
  TOKEN_URL,
} from './metadata';

/**
 * Routes on the raw router, where no guard of Nest's runs. `clients`: whoever authenticates as a client; `everybody`: public by its nature. The
 * test that every route is denied by default exempts this list and nothing else.
 */
export const TOKEN_ROUTES = [
  { method: 'POST', url: TOKEN_URL, callers: 'clients' },
  { method: 'GET', url: JWKS_URL, callers: 'everybody' },
  { method: 'GET', url: METADATA_URL, callers: 'everybody' },
] as const;

/** `POST /oauth/token` (RFC 6749 §4.4). */
export function addTokenRoute(fastify: FastifyInstance, handler: Pick<IssueTokenHandler, 'execute'>): void {
  addFormRoute(fastify, TOKEN_URL, 'token', async (request) => {
    const { token, expiresInSeconds, scope } = await handler.execute(request);
    return { access_token: token, token_type: 'Bearer', expires_in: expiresInSeconds, scope };
  });
}

/** What verifiers of tokens and OAuth clients read: the public keys (RFC 7517) and the metadata (RFC 8414). */
export function addWellKnownRoutes(
  fastify: FastifyInstance,
  keyring: Pick<SigningKeyring, 'published'>,
  issuer: string,
): void {
  fastify.get(JWKS_URL, async (_request, reply) =>
    cached(reply)
      .type('application/jwk-set+json')
      .send(JSON.stringify(jwkSet(await keyring.published()))),
  );
  const metadata = serverMetadata(issuer);
  for (const url of metadataUrls(issuer)) fastify.get(url, async (_request, reply) => cached(reply).send(metadata));
}

const cached = (reply: FastifyReply): FastifyReply =>
  reply.header('cache-control', `public, max-age=${PUBLISHED_MAX_AGE_SECONDS}`);
