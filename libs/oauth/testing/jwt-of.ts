const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A JWT that nobody has signed, for what comes after the check of signatures. */
export const jwtOf = (claims: object, header: object = { alg: 'RS256' }): string =>
  [header, claims, {}].map(part).join('.');
