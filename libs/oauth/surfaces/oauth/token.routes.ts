import type { DescribedRoute } from '@latchkey/platform';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { GRANT_TYPE, type IssueTokenHandler } from '../../application/issue-token.handler';
import type { SigningKeyring } from '../../application/signing-keyring';
import { formRoute } from './described-forms';
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

const JWKS_TYPE = 'application/jwk-set+json';

const tokenForm = z.object({ grant_type: z.literal(GRANT_TYPE), scope: z.string().optional() });

/** RFC 6749 §5.1. */
const tokenSchema = z
  .strictObject({
    access_token: z.string(),
    token_type: z.literal('Bearer'),
    expires_in: z.number(),
    scope: z.string(),
  })
  .meta({ id: 'AccessToken' });

/**
 * Routes on the raw router, where no guard of Nest's runs: for whoever authenticates as a client, or public by their nature. The test that every
 * route is denied by default exempts this list and nothing else.
 */
export const TOKEN_ROUTES: readonly DescribedRoute[] = [
  formRoute(TOKEN_URL, 'An access token for a client', tokenForm, tokenSchema),
  {
    method: 'GET',
    url: JWKS_URL,
    summary: 'The public keys of access tokens',
    answers: { 200: { type: JWKS_TYPE, schema: z.object({ keys: z.array(z.record(z.string(), z.string())) }) } },
    refuses: ['service.unavailable'],
  },
  {
    method: 'GET',
    url: METADATA_URL,
    summary: 'What the authorization server can do',
    answers: { 200: { type: 'application/json', schema: z.record(z.string(), z.unknown()) } },
    refuses: [],
  },
];

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
      .type(JWKS_TYPE)
      .send(JSON.stringify(jwkSet(await keyring.published()))),
  );
  const metadata = serverMetadata(issuer);
  for (const url of metadataUrls(issuer)) fastify.get(url, async (_request, reply) => cached(reply).send(metadata));
}

const cached = (reply: FastifyReply): FastifyReply =>
  reply.header('cache-control', `public, max-age=${PUBLISHED_MAX_AGE_SECONDS}`);
