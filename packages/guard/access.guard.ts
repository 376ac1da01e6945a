import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { clientIp, headersOf, ipMatcher, isCrossSite, maskKeys, tenantOf, type IpMatcher } from '@latchkey/access';
import { USER_AGENT_LENGTH_MAX, type CheckRequest, type CheckResult } from '@latchkey/contracts';
import { AppError, isAppError } from '@latchkey/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CHECK_CLIENT, type CheckClient } from './check-client';
import { OWN_ASSETS, ROUTE_ACCESS, type CredentialKind, type Requirement, type RouteAccess } from './decorators';
import { denialOf } from './denial';
import { GUARD_OPTIONS, type GuardOptions } from './guard-options';
import { setPrincipal } from './principal';
import { takeCredential } from './take-credential';

const TIMEOUT_MS = 2_000;
/** Unless its server is told otherwise, Node drops what comes after so many headers: what a proxy says of its caller, for one. */
const HEADERS_MAX = 2_000;

const KIND: Readonly<Record<CredentialKind, string>> = {
  api_key: 'an API key',
  session: 'a session',
  client: 'an access token',
};

const otherKindWanted = (wanted: readonly CredentialKind[], shown: CredentialKind) =>
  `This takes ${wanted.map((kind) => KIND[kind]).join(' or ')}, not ${KIND[shown]}.`;

/** What the call is about, in the words of the check. */
function assetOf(request: FastifyRequest, { asset }: Requirement): Pick<CheckRequest, 'asset' | 'own_assets'> {
  if (asset === OWN_ASSETS) return { own_assets: true };
  const name = asset?.(request);
  return name === undefined ? {} : { asset: name };
}

/**
 * Lets a call reach its handler only if the check allows it. It runs after routing and right before the handler, on what the
 * router has matched, so no other spelling of an address gets past it. A route that declares nothing is closed.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  readonly #timeoutMs: number;
  readonly #isTrustedProxy: IpMatcher;
  readonly #trustedOrigins: readonly string[];
  readonly #tenantDomain: string | undefined;

  constructor(
    private readonly reflector: Reflector,
    @Inject(CHECK_CLIENT) private readonly client: CheckClient,
    @Inject(GUARD_OPTIONS) options: GuardOptions,
  ) {
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    this.#isTrustedProxy = ipMatcher(options.trustedProxies ?? []);
    this.#trustedOrigins = options.trustedOrigins ?? [];
    this.#tenantDomain = options.tenantDomain?.toLowerCase();
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<RouteAccess | undefined>(ROUTE_ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (access?.public === true) {
      if (access.ownPagesOnly) this.refuseCrossSite(context.switchToHttp().getRequest<FastifyRequest>());
      return true;
    }
    if (access === undefined || context.getType() !== 'http') {
      throw new AppError('auth.forbidden', { internal: 'the route declares neither @Requires nor @Public' });
    }
    const http = context.switchToHttp();
    await this.admit(http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>(), access.requirement);
    return true;
  }

  /** @throws AppError when the call may not pass. */
  private async admit(request: FastifyRequest, reply: FastifyReply, requirement: Requirement): Promise<void> {
    const { credential, via } = takeCredential(request, requirement.forms);
    // A browser sends it by itself, whoever wrote the page that makes the call.
    if (via === 'cookie') this.refuseCrossSite(request);
    const result = await this.ask(this.checkRequestOf(request, requirement, credential));
    for (const [name, value] of Object.entries(result.headers)) void reply.header(name, value);
    if (result.status === 401) void reply.header('www-authenticate', 'Bearer');
    if (!result.allowed || result.principal === null) {
      // Its caller is told less, and may name the request (S2-14).
      request.log.info({ request_id: request.id, reason: result.reason }, 'denied');
      throw denialOf(result, requirement.scopes);
    }
    if (requirement.credentials?.includes(result.principal.kind) === false) {
      throw new AppError('auth.forbidden', { public: otherKindWanted(requirement.credentials, result.principal.kind) });
    }
    setPrincipal(request, result.principal, credential);
  }

  /** @throws AppError `auth.cross_site` */
  private refuseCrossSite({ method, raw }: FastifyRequest): void {
    const { origin = [], 'sec-fetch-site': secFetchSite = [], host = [] } = headersOf(raw.rawHeaders);
    if (isCrossSite({ method, origin, secFetchSite, host: host[0] }, this.#trustedOrigins)) {
      throw new AppError('auth.cross_site');
    }
  }

  private checkRequestOf(request: FastifyRequest, requirement: Requirement, credential: string): CheckRequest {
    const ip = this.ipOf(request);
    const userAgent = request.headers['user-agent'];
    const tenant = tenantOf(request.headers.host, this.#tenantDomain);
    return {
      credential,
      scopes: [...requirement.scopes],
      method: request.method,
      path: maskKeys(request.url.split('?', 1)[0] ?? ''),
      ...(ip !== undefined && { ip }),
      ...(userAgent !== undefined && { user_agent: userAgent.slice(0, USER_AGENT_LENGTH_MAX) }),
      ...(tenant !== undefined && { tenant }),
      ...assetOf(request, requirement),
      ...(requirement.counts === false && { cost: 0 }),
      ...(requirement.secondFactor !== undefined && { second_factor: requirement.secondFactor }),
    };
  }

  /** Undefined when it cannot be told: a credential that is bound to addresses does not pass then. */
  private ipOf({ raw, socket, headers }: FastifyRequest): string | undefined {
    if (raw.rawHeaders.length >= 2 * HEADERS_MAX) return undefined;
    return clientIp({ peer: socket.remoteAddress, forwardedFor: headers['x-forwarded-for'] }, this.#isTrustedProxy);
  }

  /** Whatever goes wrong on the way to an answer, the call does not pass. */
  private async ask(request: CheckRequest): Promise<CheckResult> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${this.#timeoutMs} ms`)), this.#timeoutMs);
    });
    try {
      return await Promise.race([this.client.check(request), tooLate]);
    } catch (error) {
      if (isAppError(error, 'auth.unavailable')) throw error;
      throw new AppError('auth.unavailable', { internal: 'the check failed', cause: error, retryAfterSeconds: 1 });
    } finally {
      clearTimeout(timer);
    }
  }
}
