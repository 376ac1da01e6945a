import type { OauthOptions, OauthPart } from './oauth-options';

/** Introspection and revocation. */
export const introspectionPart = (_options: OauthOptions): OauthPart => ({ controllers: [], providers: [] });
