/** How long access tokens of a client may live, in seconds. */
export const TOKEN_LIFETIME_SECONDS_MIN = 60;
/** A signing key verifies for as long after its last signature. */
export const TOKEN_LIFETIME_SECONDS_MAX = 86_400;
