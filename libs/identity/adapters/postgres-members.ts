import { userId, type WorkspaceId } from '@latchkey/kernel';
import type { Role } from '@latchkey/contracts';
import { databaseFailure } from '@latchkey/event-store';
import type { DataSource } from 'typeorm';
import type { ListPosition, Member, Members } from '../application/ports';
import type { EmailAddress } from '../domain/email-address';

interface MemberRow {
  readonly user_id: string;
  readonly email: string | null;
  readonly name: string | null;
  readonly role: Role;
  readonly suspended: boolean;
  readonly scope_set_ids: readonly string[];
  readonly joined_at: Date;
}

const SELECT = `SELECT m.user_id, c.email, c.name, m.role, m.suspended, m.scope_set_ids, m.joined_at
  FROM workspace_member m LEFT JOIN user_contact c ON c.user_id = m.user_id WHERE m.workspace_id = $1`;

export class PostgresMembers implements Members {
  constructor(private readonly dataSource: DataSource) {}

  async find(workspaceId: WorkspaceId, id: string): Promise<Member | null> {
    const [member] = await this.#select('AND m.user_id = $2', [workspaceId, id]);
    return member ?? null;
  }

  async byEmail(workspaceId: WorkspaceId, { canonical }: EmailAddress): Promise<Member | null> {
    const [member] = await this.#select('AND c.canonical_email = $2', [workspaceId, canonical]);
    return member ?? null;
  }

  after(workspaceId: WorkspaceId, position: ListPosition | null, limit: number): Promise<readonly Member[]> {
    const from = position ? 'AND (m.joined_at, m.user_id) > ($3, $4)' : '';
    return this.#select(`${from} ORDER BY m.joined_at, m.user_id LIMIT $2`, [
      workspaceId,
      limit,
      ...(position ? [position.at, position.id] : []),
    ]);
  }

  async #select(and: string, parameters: unknown[]): Promise<readonly Member[]> {
    try {
      const rows = await this.dataSource.query<MemberRow[]>(`${SELECT} ${and}`, parameters);
      return rows.map(memberOf);
    } catch (error) {
      throw databaseFailure(error, 'reading members');
    }
  }
}

const memberOf = (row: MemberRow): Member => ({
  userId: userId(row.user_id),
  email: row.email,
  name: row.name,
  role: row.role,
  suspended: row.suspended,
  scopeSetIds: row.scope_set_ids,
  joinedAt: row.joined_at,
});
