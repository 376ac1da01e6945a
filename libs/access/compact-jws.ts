/** A JWS in compact form (RFC 7515 §3.1), read and not verified. */
export interface CompactJws {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Longer than any of ours; who sends more sends no token. */
const LENGTH_MAX = 4_096;

/** Null: it is none, or too long. Of texts that stand for the same bytes only the one spelling of base64url without padding is read. */
export function parseCompactJws(text: string): CompactJws | null {
  if (text.length > LENGTH_MAX || !text.startsWith('eyJ')) return null;
  const [head = '', body = '', signature = '', ...rest] = text.split('.');
  if (rest.length > 0 || decoded(signature) === null) return null;
  const header = objectIn(head);
  const payload = header && objectIn(body);
  return payload && { header, payload };
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** As we write them: in lower case. */
export const isUuid = (value: unknown): value is string => typeof value === 'string' && UUID.test(value);

function objectIn(part: string): Readonly<Record<string, unknown>> | null {
  const text = decoded(part);
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** Of base64url without padding (RFC 4648 §5), in its one spelling: another text for the same bytes is not decoded. */
function decoded(part: string): string | null {
  if (!/^[A-Za-z0-9_-]+$/.test(part)) return null;
  try {
    const bytes = atob(part.replaceAll('-', '+').replaceAll('_', '/'));
    const again = btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
    return again === part ? bytes : null;
  } catch {
    return null;
  }
}
