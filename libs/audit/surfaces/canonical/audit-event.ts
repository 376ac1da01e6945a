import { nodeOfSource, SOURCES } from '@latchkey/contracts';
import { timestampText, type Reply } from '@latchkey/platform';
import { z } from 'zod';
import type { AuditEvent, AuditSource } from '../../application/ports';
import { silentSince } from '../../application/silence';

/** An event as the canonical surface shows it (C25). */
export const auditEventSchema = z
  .strictObject({
    id: z.string(),
    type: z.string(),
    time: timestampText,
    subject: z.string(),
    actor_id: z.string(),
    request_id: z.string(),
    source: z.string(),
    position: z.string(),
    /** As the event's type has it. */
    data: z.unknown(),
  })
  .meta({ id: 'AuditEvent' });

export const auditEventOf = (event: AuditEvent): Reply<typeof auditEventSchema> => ({
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

const auditSourceSchema = z.strictObject({
  source: z.string(),
  /** Whether every event up to the newest has been recorded. */
  complete: z.boolean(),
  /** Since when something has been missing; null when complete. */
  open_since: timestampText.nullable(),
  open_for_seconds: z.number().nullable(),
  /** Since when a node of it should have been heard of; null when none is missed. */
  silent_since: timestampText.nullable(),
});

export const auditSourcesSchema = z.strictObject({ sources: z.array(auditSourceSchema) });

/**
 * Each service with all that is missing in what it has sent. All boots of all nodes of enforcement are one: how many there are, and how often
 * they start, is not for workspaces to see.
 */
export function auditSources(sources: readonly AuditSource[], now: Date): Reply<typeof auditSourceSchema>[] {
  const byService = new Map<string, AuditSource[]>();
  for (const one of sources) {
    const service = nodeOfSource(one.source) === null ? one.source : SOURCES.enforcement;
    byService.set(service, [...(byService.get(service) ?? []), one]);
  }
  return [...byService].map(([source, parts]) => {
    const openSince = earliest(parts.flatMap(({ gaps }) => gaps.map(({ since }) => since)));
    const silent = earliest(parts.flatMap(({ pulse }) => silentSince(pulse, now) ?? []));
    return {
      source,
      complete: openSince === null,
      open_since: openSince && openSince.toISOString(),
      open_for_seconds: openSince && Math.max(0, Math.floor((now.getTime() - openSince.getTime()) / 1_000)),
      silent_since: silent && silent.toISOString(),
    };
  });
}

const earliest = (times: readonly Date[]): Date | null =>
  times.length === 0 ? null : new Date(Math.min(...times.map((time) => time.getTime())));

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
