import type { SubjectBody, SubjectKind, SubjectRef, SubjectSnapshot } from '@latchkey/contracts';
import { assertNever } from '@latchkey/kernel';
import type { DataSource, EntityManager } from 'typeorm';
import type { ChangedSubject, SubjectChange, SubjectChanges } from '../subject-changes';

/** The truth about a service's subjects, in its own schema. */
export class PostgresSubjects implements SubjectChanges {
  constructor(private readonly dataSource: DataSource) {}

  /** A subject's first version has no pending invalidation: live state cannot hold an older one. */
  async write(tx: EntityManager, { kind, id, body }: SubjectChange): Promise<ChangedSubject> {
    const workspaceId = workspaceOf(id, body);
    const rows = await tx.query<{ version: number }[]>(
      `WITH changed AS (
         INSERT INTO subject_state (kind, id, version, body) VALUES ($1, $2, 1, $3)
         ON CONFLICT (kind, id) DO UPDATE SET version = subject_state.version + 1, body = excluded.body
         RETURNING version
       ), pending AS (
         INSERT INTO pending_invalidation (kind, subject_id, version, workspace_id)
         SELECT $1, $2, version, $4 FROM changed WHERE version > 1
       )
       SELECT version FROM changed`,
      [kind, id, JSON.stringify(body), workspaceId],
    );
    const [row] = rows;
    if (row === undefined) throw new Error(`writing ${kind} ${id} returned no version`);
    return { kind, id, workspaceId, version: row.version };
  }

  /** From the primary, in the order asked for. A subject that does not exist has version 0 and no body. */
  async read(refs: readonly SubjectRef[]): Promise<readonly SubjectSnapshot[]> {
    const rows = await this.dataSource.query<{ kind: SubjectKind; id: string; version: number; body: SubjectBody }[]>(
      `SELECT kind, id, version, body FROM subject_state
       JOIN unnest($1::text[], $2::text[]) AS asked (kind, id) USING (kind, id)`,
      [refs.map(({ kind }) => kind), refs.map(({ id }) => id)],
    );
    const found = new Map(rows.map((row) => [`${row.kind} ${row.id}`, row]));
    return refs.map(({ kind, id }) => found.get(`${kind} ${id}`) ?? { kind, id, version: 0, body: null });
  }
}

function workspaceOf(id: string, body: SubjectBody): string | null {
  switch (body.kind) {
    case 'key':
    case 'scope_set':
    case 'session':
    case 'client':
      return body.workspaceId;
    case 'workspace':
      return id;
    case 'user':
    case 'signing_key':
      return null;
    default:
      return assertNever(body);
  }
}
