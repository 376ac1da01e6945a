import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { ClientAuthentication } from './application/client-authentication';
import type { CredentialCheck } from './application/credential-check';
import { Introspection } from './application/introspection';
import { Introspectors } from './application/introspectors';
import { Revocation } from './application/revocation';
import { RevokeAccessTokenHandler } from './application/revoke-access-token.handler';
import { addTokenStatusRoutes } from './surfaces/oauth/token-status.routes';

export const CREDENTIAL_CHECK = Symbol('CREDENTIAL_CHECK');

/** Serves introspection and revocation, past Nest's own pipeline. */
@Injectable()
export class TokenStatusEndpoints implements OnModuleInit {
  constructor(
    private readonly http: HttpAdapterHost,
    private readonly clients: ClientAuthentication,
    private readonly introspectors: Introspectors,
    private readonly introspection: Introspection,
    @Inject(CREDENTIAL_CHECK) private readonly check: CredentialCheck,
    private readonly revocations: RevokeAccessTokenHandler,
  ) {}

  onModuleInit(): void {
    const { http, clients, introspectors, introspection, check, revocations } = this;
    addTokenStatusRoutes(http.httpAdapter.getInstance<FastifyInstance>(), {
      introspectors,
      introspection,
      clients,
      revocation: new Revocation(check, revocations),
    });
  }
}
