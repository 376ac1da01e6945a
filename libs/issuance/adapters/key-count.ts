import type { KeyEvent } from '@latchkey/contracts';
import { databaseFailure, type Rebuilt, type RecordedEvent, type RowDifference } from '@latchkey/event-store';
import type { DataSource, EntityManager } from 'typeorm';
import type { ExistingKey } from '../application/ports';

/*
 * How many keys of a workspace are not revoked (C33). Changed in the transaction of the events, so that it is exact, and in one of
 * several slots, by the key: whoever makes one seldom waits for another who does, and a key that goes is taken from where it
 * was added.
 */

const CREATED: KeyEvent['type'] = 'latchkey.key.created.v1';
const REVOKED: KeyEvent['type'] = 'latchkey.key.revoked.v1';

/**
 * Of keys of one workspace. Last in its transaction, and slot after slot: who has one waits for nobody who waits for it, so nobody waits in
 * a circle.
 */
export async function countKeys(
  tx: EntityManager,
  workspaceId: ExistingKey['workspaceId'],
  recorded: readonly RecordedEvent[],
): Promise<void> {
  const changes = recorded.filter(({ type }) => type === CREATED || type === REVOKED);
  if (changes.length === 0) return;
  await tx.query(
    `WITH changes AS (
       SELECT key_count_slot(key_id) AS slot, sum(change) AS change FROM unnest($2::text[], $3::integer[]) AS c (key_id, change)
        GROUP BY 1)
     INSERT INTO key_count (workspace_id, slot, live) SELECT $1, slot, greatest(change, 0) FROM changes ORDER BY slot
     ON CONFLICT (workspace_id, slot)
       DO UPDATE SET live = key_count.live + (SELECT change FROM changes WHERE changes.slot = key_count.slot)`,
    [workspaceId, changes.map(({ streamId }) => streamId), changes.map(({ type }) => (type === CREATED ? 1 : -1))],
  );
}

/** What the events say, and where the live slots say something else. A slot without keys may have no row. */
const DIFFERENCES = `
  counted AS (
    SELECT convert_from(made.data, 'UTF8')::jsonb ->> 'workspaceId' AS workspace_id, key_count_slot(made.stream_id) AS slot,
           count(*) FILTER (WHERE ended.stream_id IS NULL) AS rebuilt
      FROM events made LEFT JOIN events ended ON ended.stream_id = made.stream_id AND ended.type = '${REVOKED}'
     WHERE made.type = '${CREATED}' GROUP BY 1, 2),
  differences AS (
    SELECT workspace_id, slot, live, coalesce(rebuilt, 0) AS rebuilt
      FROM counted FULL JOIN key_count USING (workspace_id, slot)
     WHERE coalesce(live, 0) <> coalesce(rebuilt, 0))`;

interface Comparison {
  readonly rows: string;
  readonly difference: RowDifference | null;
}

/**
 * Counts the keys anew from their events and compares. Right while keys are made and revoked, and nobody waits: a statement sees events
 * and slots as of one moment, and what differed then is added to the slots as they have become.
 */
export async function rebuildKeyCount(dataSource: DataSource, options: { replace?: boolean } = {}): Promise<Rebuilt> {
  try {
    const [compared] = await dataSource.query<Comparison[]>(
      `WITH ${DIFFERENCES}
       SELECT (SELECT count(*) FROM counted) AS rows,
              (SELECT jsonb_build_object('id', workspace_id || '.' || slot, 'live', jsonb_build_object('live', live),
                                         'rebuilt', jsonb_build_object('live', rebuilt))
                 FROM differences ORDER BY workspace_id, slot LIMIT 1) AS difference`,
    );
    const rows = Number(compared?.rows ?? 0);
    if (!compared?.difference) return { rows, equal: true };
    if (options.replace) await mend(dataSource);
    return { rows, equal: false, firstDifference: compared.difference };
  } catch (error) {
    throw databaseFailure(error, 'rebuilding key_count');
  }
}

async function mend(dataSource: DataSource): Promise<void> {
  await dataSource.query(
    `WITH ${DIFFERENCES},
     changed AS (
       UPDATE key_count SET live = key_count.live + d.rebuilt - d.live
         FROM differences d WHERE (key_count.workspace_id, key_count.slot) = (d.workspace_id, d.slot))
     INSERT INTO key_count (workspace_id, slot, live)
     SELECT workspace_id, slot, rebuilt FROM differences WHERE live IS NULL
     ON CONFLICT (workspace_id, slot) DO UPDATE SET live = key_count.live + excluded.live`,
  );
}
