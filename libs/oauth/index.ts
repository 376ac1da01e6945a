export { oauthMigrations } from './adapters/oauth-migrations';
export { accessTokenTelemetry } from './application/access-token-telemetry';
export { changeSigningKeysHandler } from './change-signing-keys';
export { OauthModule } from './oauth.module';
export type { OauthOptions } from './oauth-options';
export { clientListProjection } from './projections/client-list.projection';
export { ClientsController } from './surfaces/canonical/clients.controller';
export { TOKEN_STATUS_ROUTES } from './surfaces/oauth/token-status.routes';
export { TOKEN_ROUTES } from './surfaces/oauth/token.routes';
