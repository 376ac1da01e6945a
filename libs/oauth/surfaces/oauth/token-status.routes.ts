import { checkRequest } from '@latchkey/contracts';
import { requestId } from '@latchkey/kernel';
import type { DescribedRoute } from '@latchkey/platform';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ClientAuthentication } from '../../application/client-authentication';
import type { Form } from '../../application/form';
import { introspectedSchema, type Introspection, type IntrospectionRequest } from '../../application/introspection';
import type { Introspectors } from '../../application/introspectors';
import { OauthError } from '../../application/oauth-error';
import type { Revocation } from '../../application/revocation';
import { formRoute } from './described-forms';
import { addFormRoute } from './form-routes';
import { INTROSPECTION_URL, REVOCATION_URL } from './metadata';

export interface TokenStatusParts {
  readonly introspectors: Introspectors;
  readonly introspection: Introspection;
  readonly clients: ClientAuthentication;
  readonly revocation: Revocation;
}

/** As a check takes them. */
const aboutCall = checkRequest.pick({ ip: true, asset: true, own_assets: true });

const tokenForm = z.object({ token: z.string(), token_type_hint: z.string().optional() });
const introspectionForm = tokenForm.extend({ ...aboutCall.shape, own_assets: z.enum(['true', 'false']).optional() });

const described: DescribedRoute = formRoute(
  INTROSPECTION_URL,
  'Whether a token is active',
  introspectionForm,
  introspectedSchema,
);

/** On the raw router, as `TOKEN_ROUTES`, for whoever authenticates as a client; introspection also for who shows what may ask for checks. */
export const TOKEN_STATUS_ROUTES: readonly DescribedRoute[] = [
  { ...described, callers: [...(described.callers ?? []), 'service_token'] },
  formRoute(REVOCATION_URL, 'The end of an access token', tokenForm, z.strictObject({})),
];

/**
 * `POST /oauth/introspect` (RFC 7662) and `POST /oauth/revoke` (RFC 7009). Nothing of a request is looked at before who asks is known.
 * `token_type_hint` is not needed: a token says itself what it is.
 */
export function addTokenStatusRoutes(fastify: FastifyInstance, parts: TokenStatusParts): void {
  const { introspectors, introspection, clients, revocation } = parts;
  addFormRoute(fastify, INTROSPECTION_URL, 'introspection', async (request) => {
    const introspector = await introspectors.admit(request);
    return introspection.introspect(introspector, introspectionOf(request.form));
  });
  addFormRoute(fastify, REVOCATION_URL, 'revocation', async (request, reply) => {
    const { clientId, workspaceId } = await clients.authenticate(request);
    await revocation.revoke({ clientId, workspaceId }, tokenIn(request.form), requestId(reply.request.id));
    // RFC 7009 §2.2: what is in the body means nothing. Some clients want it to be JSON all the same.
    return {};
  });
}

/** @throws OauthError `invalid_request` */
function introspectionOf(form: Form): IntrospectionRequest {
  const token = tokenIn(form);
  const [ip, asset, ownAssets] = [form.get('ip'), form.get('asset'), form.get('own_assets') === 'true'];
  const about = aboutCall.safeParse({ ip, asset, own_assets: ownAssets });
  if (!about.success) throw new OauthError('invalid_request', 'The ip or the asset is too long.');
  return { token, ...about.data };
}

/** @throws OauthError `invalid_request` */
function tokenIn(form: Form): string {
  const token = form.get('token');
  if (token === undefined) throw new OauthError('invalid_request', 'The token is missing.');
  return token;
}
