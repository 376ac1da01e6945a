import type { EventMeta, NewEvent } from '../event-store';

export const meta: EventMeta = {
  actorId: 'user-1',
  workspaceId: 'workspace-1',
  requestId: 'request-1',
  at: new Date('2026-11-01T12:00:00.123Z'),
};

export const happened = (what: unknown = 'something'): NewEvent => ({
  type: 'latchkey.test.happened.v1',
  data: { what },
});
