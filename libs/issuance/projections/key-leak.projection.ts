import type { KeyLeakReported } from '@latchkey/contracts';
import type { RecordedEvent, RowsProjection } from '@latchkey/event-store';

/** Columns are as the driver gives them. */
export interface KeyLeakRow {
  readonly key_id: string;
  /** Id of the event. */
  readonly leak_id: string;
  readonly workspace_id: string;
  readonly user_id: string;
  readonly key_name: string;
  readonly secret_id: string;
  readonly reporter: string;
  readonly source: string;
  readonly url: string;
  readonly policy: KeyLeakReported['data']['policy'];
  readonly reported_at: Date;
}

/** Reports of secrets that were found in public: a row for each. */
export const keyLeakProjection: RowsProjection<KeyLeakRow> = {
  table: 'key_leak',
  columns: [
    'key_id',
    'leak_id',
    'workspace_id',
    'user_id',
    'key_name',
    'secret_id',
    'reporter',
    'source',
    'url',
    'policy',
    'reported_at',
  ],
  keyColumns: 2,
  beginsWith: 'latchkey.key.created.v1',
  project: (rows, event) =>
    event.type === 'latchkey.key.leak_reported.v1'
      ? [...rows, rowOf(event, event.data as KeyLeakReported['data'])]
      : rows,
};

const rowOf = ({ streamId, eventId, meta }: RecordedEvent, data: KeyLeakReported['data']): KeyLeakRow => ({
  key_id: streamId,
  leak_id: eventId,
  workspace_id: meta.workspaceId,
  user_id: data.userId,
  key_name: data.name,
  secret_id: data.secretId,
  reporter: meta.actorId,
  source: data.source,
  url: data.url,
  policy: data.policy,
  reported_at: new Date(data.reportedAt),
});
