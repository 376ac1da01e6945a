export { oauthMigrations } from './adapters/oauth-migrations';
export { OauthModule } from './oauth.module';
export type { OauthOptions } from './oauth-options';
