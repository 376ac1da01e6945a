import { AppError, type ErrorCode } from '@latchkey/kernel';
import { certifiedName } from '@latchkey/platform';
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify';
import type { AdmittedCaller, Callers, CallerVerdict, PresentedCaller, RefusedCaller } from '../application/callers';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whoever asks, once it is admitted. */
    admittedCaller: AdmittedCaller | null;
  }
}

/** Why somebody who asks is not admitted, or what was asked is no question. */
export const REFUSED_CALLERS = [
  'request.invalid',
  'request.malformed',
  'request.too_large',
  'request.unsupported_media_type',
  'auth.caller_unauthorized',
  'auth.forbidden',
  'auth.unavailable',
] as const satisfies readonly ErrorCode[];

/** Once per router, before its routes. */
export function addAdmittedCaller(fastify: FastifyInstance): void {
  fastify.decorateRequest('admittedCaller', null);
}

/** Value of the header in which a request shows its caller's own credential, as in `Authorization`. */
export type ShownByCaller = (request: FastifyRequest) => string | undefined;

/** Refuses whoever may not ask, before a byte of the body is read. */
export const admitting =
  (callers: Callers, shown: ShownByCaller = ({ headers }) => headers.authorization): onRequestHookHandler =>
  (request, _reply, done) => {
    const caller = new HttpCaller(request, shown(request));
    const conclude = (verdict: CallerVerdict) => {
      if (verdict.verdict !== 'admitted') return done(refusalOf(verdict, caller));
      request.admittedCaller = verdict;
      done();
    };
    const verdict = callers.admit(caller);
    if (verdict instanceof Promise) verdict.then(conclude, done);
    else conclude(verdict);
  };

/** @throws AppError `service.internal`: the route does without `admitting` */
export function callerOf({ admittedCaller }: FastifyRequest): AdmittedCaller {
  if (admittedCaller === null) throw new AppError('service.internal', { internal: 'a check without a caller' });
  return admittedCaller;
}

/** Looked up only when somebody wants to know. */
class HttpCaller implements PresentedCaller {
  constructor(
    private readonly request: FastifyRequest,
    readonly authorization: string | undefined,
  ) {}

  get certificate(): string | null {
    return certifiedName(this.request.raw.socket);
  }

  get ip(): string | undefined {
    return this.request.clientIp;
  }
}

function refusalOf({ verdict }: RefusedCaller, { authorization }: PresentedCaller): AppError {
  switch (verdict) {
    case 'unauthenticated':
      return new AppError(
        'auth.caller_unauthorized',
        authorization === undefined
          ? { public: 'Whoever asks for checks must show a service token or a certificate of this installation.' }
          : {},
      );
    case 'forbidden':
      return new AppError('auth.forbidden', { public: 'This token may not ask for checks, or not from this address.' });
    case 'unavailable':
      return new AppError('auth.unavailable', { retryAfterSeconds: 1 });
  }
}
