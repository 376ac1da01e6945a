import type { AuditEvent, AuditSource } from '../../application/ports';

/** An event as the canonical surface shows it (C25). */
export const auditEventOf = (event: AuditEvent) => ({
  id: event.id,
  type: event.type,
  time: event.time.toISOString(),
  subject: event.subject,
  actor_id: event.actorId,
  request_id: event.requestId,
  source: event.source,
  position: event.position,
  data: snakeCased(event.data),
});

export interface AuditSourceRecord {
  readonly source: string;
  /** Whether every event up to the newest has been recorded. */
  readonly complete: boolean;
  /** Since when something has been missing; null when complete. */
  readonly open_since: string | null;
  readonly open_for_seconds: number | null;
}

export function auditSourceOf({ source, gaps }: AuditSource, now: Date): AuditSourceRecord {
  if (gaps.length === 0) return { source, complete: true, open_since: null, open_for_seconds: null };
  const since = Math.min(...gaps.map((gap) => gap.since.getTime()));
  return {
    source,
    complete: false,
    open_since: new Date(since).toISOString(),
    open_for_seconds: Math.max(0, Math.floor((now.getTime() - since) / 1_000)),
  };
}

/** Events name their members in camel case, the API in snake case. */
function snakeCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCased);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      snakeCased(member),
    ]),
  );
}
