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

export const auditSourceOf = ({ source, lastPosition, gaps }: AuditSource, now: Date) => ({
  source,
  last_position: lastPosition,
  gaps: gaps.map(({ first, last, since }) => ({
    first_position: first,
    last_position: last,
    open_since: since.toISOString(),
    open_for_seconds: Math.max(0, Math.floor((now.getTime() - since.getTime()) / 1_000)),
  })),
});

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
