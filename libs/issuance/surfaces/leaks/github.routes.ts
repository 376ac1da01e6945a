import { AppError, requestId, Secret } from '@latchkey/kernel';
import {
  BODY_BYTES_MAX,
  JSON_DEPTH_MAX,
  nestsDeeperThan,
  sendError,
  type DescribedRoute,
  type Reply,
} from '@latchkey/platform';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Finding, FindingVerdict, ReporterSignatures } from '../../application/leaks/ports';
import type { ReportLeaksHandler } from '../../application/leaks/report-leaks.handler';
import type { SignatureLimits } from './signature-limits';

export const GITHUB_URL = '/api/v1/leaks/github';

const KEY_ID_HEADER = 'github-public-key-identifier';
const SIGNATURE_HEADER = 'github-public-key-signature';
const KEY_ID = /^[\w-]{1,200}$/;
const FINDINGS_MAX = 1_000;

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const message = z.array(z.object({ token: z.string().min(1), type: text, url: text, source: text }));

export interface GithubParts {
  /** `null`: nobody is believed. */
  readonly signatures: ReporterSignatures | null;
  readonly limits: SignatureLimits;
  readonly handler: Pick<ReportLeaksHandler, 'execute'>;
}

/** What is said of a finding that it was a secret, or none. */
const feedbackSchema = z.strictObject({
  /** SHA-256 in hexadecimal digits: the secret itself is in no answer. */
  token_hash: z.string(),
  token_type: z.string(),
  label: z.enum(['true_positive', 'false_positive']),
});
type Feedback = Reply<typeof feedbackSchema>;

/**
 * On the raw router, where no guard of Nest's runs: whoever reports has no credential, and shows by a signature who they are. The test that
 * every route is denied by default exempts this list and nothing else.
 */
export const LEAK_ROUTES: readonly DescribedRoute[] = [
  {
    method: 'POST',
    url: GITHUB_URL,
    callers: ['github_signature'],
    summary: 'Leaked keys that GitHub has found',
    body: { type: 'application/json', schema: message },
    answers: { 200: { type: 'application/json', schema: z.array(feedbackSchema) } },
    refuses: [
      'request.malformed',
      'request.invalid',
      'request.too_large',
      'request.unsupported_media_type',
      'auth.unauthorized',
      'auth.rate_limited',
      'route.not_found',
      'service.unavailable',
    ],
  },
];

/**
 * `POST` of GitHub's secret scanning, in the form of its partner program. The signature is over the bytes of the body, so they are parsed
 * here, after it was looked at, and nowhere else.
 */
export function addGithubRoute(fastify: FastifyInstance, { signatures, limits, handler }: GithubParts): void {
  fastify.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser<Buffer>(
      'application/json',
      { parseAs: 'buffer', bodyLimit: BODY_BYTES_MAX },
      (_request, body, parsed) => parsed(null, body),
    );
    scope.setErrorHandler((error, request, reply) => sendError(error, request, reply));
    // Before the body is read.
    scope.addHook('onRequest', (request, _reply, next) => {
      limits.refuseWhoFailed(request.clientIp);
      next();
    });
    scope.post(GITHUB_URL, async (request, reply) => {
      const body = await genuineBody(request, signatures, limits);
      const found = findingsIn(body);
      const verdicts = await handler.execute(
        found.map(({ finding }) => finding),
        { name: 'github', requestId: requestId(request.id) },
      );
      void reply.header('cache-control', 'no-store');
      return found.flatMap(({ finding, type }, index) => feedbackOf(finding, type, verdicts[index] ?? 'other'));
    });
    done();
  });
}

/** @throws AppError `route.not_found` where nobody is believed; `auth.unauthorized` */
async function genuineBody(
  { headers, body, clientIp }: FastifyRequest,
  signatures: ReporterSignatures | null,
  limits: SignatureLimits,
): Promise<Buffer> {
  if (signatures === null) {
    throw new AppError('route.not_found', {
      public: 'This installation takes no reports of leaked keys: LATCHKEY_LEAK_KEYS_URL is not set.',
    });
  }
  const [keyId, signature] = [headers[KEY_ID_HEADER], headers[SIGNATURE_HEADER]];
  const isComplete = typeof keyId === 'string' && KEY_ID.test(keyId) && typeof signature === 'string';
  if (isComplete && Buffer.isBuffer(body) && (await signatures.verify(keyId, signature, body))) return body;
  limits.failed(clientIp);
  throw new AppError('auth.unauthorized', { public: 'The body is not signed by the reporter that is believed here.' });
}

/** @throws AppError `request.malformed`, `request.invalid`, `request.too_large` */
function findingsIn(body: Buffer): readonly { readonly finding: Finding; readonly type: string }[] {
  const parsed = message.safeParse(json(body.toString('utf8')));
  if (!parsed.success) {
    throw new AppError('request.invalid', {
      public: 'The body must be an array of objects with a token, a type, a url and a source.',
    });
  }
  if (parsed.data.length > FINDINGS_MAX) {
    throw new AppError('request.too_large', { public: `There are more than ${FINDINGS_MAX} findings in the body.` });
  }
  return parsed.data.map(({ token, type, url, source }) => ({
    finding: { token: new Secret(token), url, source },
    type,
  }));
}

function json(body: string): unknown {
  if (nestsDeeperThan(body, JSON_DEPTH_MAX)) throw new AppError('request.malformed');
  try {
    return JSON.parse(body);
  } catch {
    // The cause would quote what was sent.
    throw new AppError('request.malformed');
  }
}

function feedbackOf({ token }: Finding, type: string, verdict: FindingVerdict): readonly Feedback[] {
  if (verdict === 'other') return [];
  return [
    {
      token_hash: createHash('sha256').update(token.reveal()).digest('hex'),
      token_type: type,
      label: verdict === 'key' ? 'true_positive' : 'false_positive',
    },
  ];
}
