import type { z } from 'zod';
import { accessTokenEvents } from './access-token-events';
import { assetSourceEvents } from './asset-source-events';
import { clientEvents } from './client-events';
import { decisionEvents } from './decision-events';
import { eventEnvelope, type EventEnvelope } from './envelope';
import { identityEvents } from './identity-events';
import { keyEvents } from './key-events';
import { scopeSetEvents } from './scope-set-events';
import { signInEvents } from './sign-in-events';
import { signingKeyEvents } from './signing-key-events';

/** Every event type with its schema. A type is never removed and never changes its meaning: a new version is a new type. */
export const eventSchemas = {
  ...keyEvents,
  ...scopeSetEvents,
  ...assetSourceEvents,
  ...identityEvents,
  ...clientEvents,
  ...signingKeyEvents,
  ...decisionEvents,
  ...signInEvents,
  ...accessTokenEvents,
} as const;

export type EventType = keyof typeof eventSchemas;

export const isEventType = (type: string): type is EventType => Object.hasOwn(eventSchemas, type);

/** Parses an envelope and its payload. Throws a `ZodError` naming the field, or an `Error` for a type that is not known. */
export function parseEvent(value: unknown): EventEnvelope {
  const envelope = eventEnvelope.parse(value);
  if (!isEventType(envelope.type)) throw new Error(`unknown event type ${envelope.type}`);
  const schema: z.ZodType = eventSchemas[envelope.type];
  return { ...envelope, data: schema.parse(envelope.data) };
}
