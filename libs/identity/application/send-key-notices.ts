import { eventEnvelope, keyEvents, type EventEnvelope } from '@latchkey/contracts';
import { eventIn, PoisonMessageError, type DeliveredMessage } from '@latchkey/event-bus';
import { workspaceId, type Clock } from '@latchkey/kernel';
import { z } from 'zod';
import { parseEmailAddress } from '../domain/email-address';
import type { KeyNotice, KeyNoticeAudience, KeyNoticeLog, NoticedKey } from './key-notice';
import type { Mail, Workspaces } from './ports';

/** What people are told of. */
const NOTICED = [
  'latchkey.key.expiry_reminder_sent.v1',
  'latchkey.key.rotation_stalled.v1',
  'latchkey.key.leak_reported.v1',
] as const satisfies readonly (keyof typeof keyEvents)[];

type NoticedType = (typeof NOTICED)[number];
type Noticed = {
  [Type in NoticedType]: { readonly type: Type; readonly data: z.infer<(typeof keyEvents)[Type]> };
}[NoticedType];

/** Older news is no news: who reads the whole topic again after a loss mails nothing of what was long ago. In ms. */
const NEWS_MS = 30 * 86_400_000;

const anyEvent = z.looseObject(eventEnvelope.shape);

/** Mails what the events of keys have for people: to who made the key, and of one that was found in public to those who run the workspace too. */
export class SendKeyNotices {
  constructor(
    private readonly log: KeyNoticeLog,
    private readonly workspaces: Pick<Workspaces, 'find'>,
    private readonly mail: Mail,
    private readonly clock: Clock,
  ) {}

  /** @throws PoisonMessageError whose reason quotes no value */
  async handle(message: DeliveredMessage): Promise<void> {
    const event = eventIn(message, anyEvent);
    const noticed = noticedIn(event);
    const now = this.clock.now();
    if (noticed === null || isOld(noticed, event, now)) return;
    const workspace = await this.workspaces.find(workspaceId(event.workspaceid));
    if (!workspace) return;
    const key = { keyId: event.subject, name: noticed.data.name, workspace: workspace.name };
    const notice = noticeOf(noticed, key);
    await this.log.once(nameOf(noticed, event), audienceOf(noticed, event), now, async (tx, email) => {
      const to = parseEmailAddress(email);
      if (to) await this.mail.send(tx, { to, ...notice });
    });
  }
}

/** Null for an event that nobody is told of. */
function noticedIn({ type: named, data }: EventEnvelope): Noticed | null {
  const type = NOTICED.find((each) => each === named);
  if (type === undefined) return null;
  const parsed = keyEvents[type].safeParse(data);
  if (!parsed.success) throw new PoisonMessageError(`not an event of type ${type}`);
  return { type, data: parsed.data } as Noticed;
}

/** Whether nobody needs to hear of it any more. */
function isOld(noticed: Noticed, { time }: EventEnvelope, now: Date): boolean {
  const isPast = (instant: string) => new Date(instant) <= now;
  if (new Date(time).getTime() + NEWS_MS <= now.getTime()) return true;
  switch (noticed.type) {
    case 'latchkey.key.expiry_reminder_sent.v1':
      return isPast(noticed.data.expiresAt);
    case 'latchkey.key.rotation_stalled.v1':
      return isPast(noticed.data.graceUntil);
    case 'latchkey.key.leak_reported.v1':
      return false;
  }
}

/** Of one leaked secret nobody is told more than once a day, in however many places it is found. */
function nameOf(noticed: Noticed, { id }: EventEnvelope): string {
  if (noticed.type !== 'latchkey.key.leak_reported.v1') return id;
  return `leak ${noticed.data.secretId} ${noticed.data.reportedAt.slice(0, 10)}`;
}

const audienceOf = ({ type, data }: Noticed, { workspaceid }: EventEnvelope): KeyNoticeAudience => ({
  workspaceId: workspaceid,
  creator: data.userId,
  admins: type === 'latchkey.key.leak_reported.v1',
});

function noticeOf({ type, data }: Noticed, key: NoticedKey): KeyNotice {
  switch (type) {
    case 'latchkey.key.expiry_reminder_sent.v1':
      return {
        template: 'key_expires',
        values: { key, daysBefore: data.daysBefore, expiresAt: new Date(data.expiresAt) },
      };
    case 'latchkey.key.rotation_stalled.v1':
      return {
        template: 'key_rotation_stalled',
        values: { key, lastUsedAt: new Date(data.lastUsedAt), graceUntil: new Date(data.graceUntil) },
      };
    case 'latchkey.key.leak_reported.v1': {
      const { secretId, url, source, policy } = data;
      return {
        template: 'key_leaked',
        values: { key, secretId, url, source, policy, reportedAt: new Date(data.reportedAt) },
      };
    }
  }
}
