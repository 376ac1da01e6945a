import type { OauthOptions, OauthPart } from './oauth-options';

/** Applications: their commands and their list. */
export const clientsPart = (_options: OauthOptions): OauthPart => ({ controllers: [], providers: [] });
