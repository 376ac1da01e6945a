import { displayName, instant } from '@latchkey/platform';
import { z } from 'zod';
import type { ChangeKeyRequest } from '../application/change-key.handler';
import type { CreateKeyRequest } from '../application/create-key.handler';
import type { RotateKeyRequest } from '../application/rotate-key.handler';

export const scopes = z.array(z.string().min(1).max(100)).min(1).max(100);
const plan = z.string().min(1).max(100);
/** Empty: any address. */
const allowedIps = z.array(z.string().min(1).max(50)).max(100);
/** `null`: never. */
const expiresAt = instant.nullable();

/** S0-03, S3-06, with what C25 adds. What the values mean is for the workspace's profile to say. */
export const createKeyBody = z
  .strictObject({
    name: displayName,
    scopes,
    expires_at: expiresAt.optional(),
    allowed_ips: allowedIps.optional(),
    plan: plan.optional(),
  })
  .transform((body): CreateKeyRequest => ({
    name: body.name,
    scopes: body.scopes,
    expiresAt: body.expires_at,
    allowedIps: body.allowed_ips,
    plan: body.plan,
  }));

/** S0-16: fields that are absent stay as they are (C7). */
export const changeKeyBody = z
  .strictObject({
    name: displayName.optional(),
    scopes: scopes.optional(),
    allowed_ips: allowedIps.optional(),
    plan: plan.optional(),
  })
  .transform((body): ChangeKeyRequest => ({
    name: body.name,
    scopes: body.scopes,
    allowedIps: body.allowed_ips,
    plan: body.plan,
  }));

const GRACE_HOURS_DEFAULT = 24;
const GRACE_HOURS_MAX = 720;
/** A few seconds. */
const SILENT_HOURS_MIN = 0.001;

/** S3-11; fractions are allowed (C28). No body at all asks for the default. */
export const rotateKeyBody = z
  .strictObject({
    grace_period_hours: z.number().min(0).max(GRACE_HOURS_MAX).default(GRACE_HOURS_DEFAULT),
    end_when_silent_hours: z.number().min(SILENT_HOURS_MIN).max(GRACE_HOURS_MAX).optional(),
  })
  .prefault({})
  .transform((body): RotateKeyRequest => ({
    gracePeriodHours: body.grace_period_hours,
    ...(body.end_when_silent_hours !== undefined && { endWhenSilentHours: body.end_when_silent_hours }),
  }));
