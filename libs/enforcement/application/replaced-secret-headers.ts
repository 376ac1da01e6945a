import type { ReplacedSecret } from '@latchkey/access';

/**
 * On every answer but a 401 to a key's old secret: since when another one takes its place (`Deprecation`, RFC 9745), and when it stops (`Sunset`,
 * RFC 8594; whole seconds, so never later than it does).
 */
export const replacedSecretHeaders = ({
  replacedAtMs,
  endsAtMs,
}: ReplacedSecret): Readonly<Record<string, string>> => ({
  ...(replacedAtMs !== undefined && { Deprecation: `@${Math.floor(replacedAtMs / 1_000)}` }),
  Sunset: new Date(endsAtMs).toUTCString(),
});
