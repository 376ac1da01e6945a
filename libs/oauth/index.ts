export { oauthMigrations } from './adapters/oauth-migrations';
export { accessTokenTelemetry } from './application/access-token-telemetry';
export { OauthModule } from './oauth.module';
export type { OauthOptions } from './oauth-options';
export { clientListProjection } from './projections/client-list.projection';
