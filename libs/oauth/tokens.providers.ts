import type { OauthOptions, OauthPart } from './oauth-options';

/** Signing keys, and the endpoint that issues access tokens. */
export const tokensPart = (_options: OauthOptions): OauthPart => ({ controllers: [], providers: [] });
