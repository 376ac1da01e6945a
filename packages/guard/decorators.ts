import { createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import type { CredentialForm } from '@latchkey/access';
import type { Principal } from '@latchkey/contracts';
import type { FastifyRequest } from 'fastify';
import { principalOf } from './principal';

/** What kind of credential stands behind a call (C18). */
export type CredentialKind = Principal['kind'];

/** The call touches only such assets as the principal may, because the handler filters by `principal.assets`. */
export const OWN_ASSETS = Symbol('OWN_ASSETS');

export interface Requirement {
  /** Scopes that the credential must have, all of them. Empty: any live credential will do. */
  readonly scopes: readonly string[];
  /** Kinds that the route takes; any kind when absent. */
  readonly credentials?: readonly CredentialKind[];
  /** Where the credential may stand (C4); `bearer`, `x-api-key` and `cookie` when absent. */
  readonly forms?: readonly CredentialForm[];
  /**
   * `required`: only a session whose user has shown a second factor passes. `exempt`: one without passes even where its workspace requires it.
   * As the workspace has it when absent.
   */
  readonly secondFactor?: 'required' | 'exempt';
  /** `false`: the call counts for no limit, and none refuses it. For what must never wait, and does little. */
  readonly counts?: false;
  /** The asset that the call is about, where the route is about one; or `OWN_ASSETS`. */
  readonly asset?: typeof OWN_ASSETS | ((request: FastifyRequest) => string | undefined);
}

/** What a route declares about who may call it: exactly one of the two. */
export type RouteAccess =
  | { readonly public: true; readonly ownPagesOnly: boolean }
  | { readonly public: false; readonly requirement: Requirement };

export const ROUTE_ACCESS = Symbol('ROUTE_ACCESS');

/** The route is for callers whose credential passes the check for these scopes. On a method it wins over its class. */
export const Requires = (requirement: Requirement) =>
  SetMetadata<symbol, RouteAccess>(ROUTE_ACCESS, { public: false, requirement });

/**
 * The route is for everybody. On a method it wins over its class.
 * @param options `ownPagesOnly`: a browser's call that changes something must come from a page of the service's own origin, or of a trusted
 * one. For routes that set a cookie, or go by one
 */
export const Public = ({ ownPagesOnly = false }: { readonly ownPagesOnly?: boolean } = {}) =>
  SetMetadata<symbol, RouteAccess>(ROUTE_ACCESS, { public: true, ownPagesOnly });

/** Who calls, as the check found out. Only for handlers of routes with `@Requires`. */
export const CurrentPrincipal = createParamDecorator<unknown, Principal>((_, context: ExecutionContext) =>
  principalOf(context.switchToHttp().getRequest<FastifyRequest>()),
);
