import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Clock } from '@latchkey/kernel';
import { LOGGER, ReadinessRegistry, type Logger } from '@latchkey/platform';
import type { FastifyInstance } from 'fastify';
import { PostgresUsedAssertions } from './adapters/postgres-used-assertions';
import { IssueTokenHandler } from './application/issue-token.handler';
import { SigningKeyring } from './application/signing-keyring';
import { addTokenRoute, addWellKnownRoutes } from './surfaces/oauth/token.routes';

export const TOKEN_TERMS = Symbol('TOKEN_TERMS');

export interface TokenTerms {
  readonly issuer: string;
  readonly clock: Clock;
}

/** So long a process goes on with a key that another one has revoked. What it signs meanwhile passes nowhere. */
const KEEP_EVERY_MS = 2_000;
const FORGET_EVERY_MS = 60_000;

/** The token endpoint and what is published about it, over HTTP, and what time asks for. */
@Injectable()
export class TokenEndpoints implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  readonly #timers: NodeJS.Timeout[] = [];
  #keeping: Promise<void> | undefined;
  /** Said once, and not every two seconds. */
  #isFailing = false;

  constructor(
    private readonly http: HttpAdapterHost,
    private readonly handler: IssueTokenHandler,
    private readonly keyring: SigningKeyring,
    private readonly assertions: PostgresUsedAssertions,
    private readonly readiness: ReadinessRegistry,
    @Inject(TOKEN_TERMS) private readonly terms: TokenTerms,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    const fastify = this.http.httpAdapter.getInstance<FastifyInstance>();
    addTokenRoute(fastify, this.handler);
    addWellKnownRoutes(fastify, this.keyring, this.terms.issuer);
  }

  async onApplicationBootstrap(): Promise<void> {
    this.readiness.add('oauth signing key', async () => this.keyring.current());
    await this.#keep();
    this.#timers.push(setInterval(() => void this.#keep(), KEEP_EVERY_MS).unref());
    this.#timers.push(setInterval(() => void this.#forget(), FORGET_EVERY_MS).unref());
  }

  async onModuleDestroy(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#keeping;
  }

  /** One at a time. */
  #keep(): Promise<void> {
    this.#keeping ??= this.keyring
      .keep()
      .then(() => void (this.#isFailing = false), this.#failed)
      .finally(() => (this.#keeping = undefined));
    return this.#keeping;
  }

  readonly #failed = (err: unknown): void => {
    if (!this.#isFailing) this.logger.warn({ err }, 'the signing keys could not be looked after');
    this.#isFailing = true;
  };

  async #forget(): Promise<void> {
    await this.assertions
      .forget(this.terms.clock.now())
      .catch((err: unknown) => this.logger.warn({ err }, 'old assertions were not forgotten'));
  }
}
