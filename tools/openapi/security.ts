import type { Callers } from './operation';

/** How a call shows who makes it (C4). */
export const SECURITY_SCHEMES = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key, an access token of an OAuth application, or the token of a session.',
  },
  'x-api-key': { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'The same in another header.' },
  cookie: { type: 'apiKey', in: 'cookie', name: 'token', description: 'The token of a session.' },
  query: { type: 'apiKey', in: 'query', name: 'token', description: 'The token of a session.' },
  service_token: {
    type: 'http',
    scheme: 'bearer',
    description: 'What may ask for checks. On a loopback address everybody may who is on the machine.',
  },
  proxy_token: {
    type: 'apiKey',
    in: 'header',
    name: 'X-Latchkey-Token',
    description:
      'What may ask for checks: in Authorization is the credential of the call. On a loopback address as for checks.',
  },
  client_basic: { type: 'http', scheme: 'basic', description: 'The id and the secret of an OAuth application.' },
  github_signature: {
    type: 'apiKey',
    in: 'header',
    name: 'Github-Public-Key-Signature',
    description: 'Over the bytes of the body, with the key that Github-Public-Key-Identifier names.',
  },
} as const;

type SchemeName = keyof typeof SECURITY_SCHEMES;
type SecurityRequirement = Partial<Record<SchemeName, readonly string[]>>;

const NO_SCHEME: SecurityRequirement = {};

/** Any one of these. In the place of a scheme's scopes are those that the credential must have. */
export function securityOf(callers: Callers): readonly SecurityRequirement[] {
  switch (callers.kind) {
    case 'everybody':
      return [];
    case 'credential':
      return callers.forms.flatMap((form) => (form === 'body' ? [] : [{ [form]: callers.scopes }]));
    case 'raw':
      return callers.ways.flatMap((way): readonly SecurityRequirement[] => {
        if (way === 'in_form') return [NO_SCHEME];
        // Without any, on a loopback address.
        return way === 'service_token' || way === 'proxy_token' ? [{ [way]: [] }, NO_SCHEME] : [{ [way]: [] }];
      });
  }
}
