import { AppError, userId, workspaceId, type Secret, type WorkspaceId } from '@latchkey/kernel';
import type { InvitationEvent, Role } from '@latchkey/contracts';
import { databaseFailure, decideAndAppend, type TransactionalEventStore } from '@latchkey/event-store';
import { createHash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import type {
  Actor,
  Invitation,
  Invitations,
  InvitationWrite,
  ListPosition,
  NewInvitation,
  Transaction,
} from '../application/ports';
import type { EmailAddress } from '../domain/email-address';
import {
  evolveInvitation,
  initialInvitation,
  type InvitationState,
  type OpenInvitation,
} from '../domain/invitation/invitation';
import { authorize, takeTurn } from './workspace-turns';

interface InvitationRow {
  readonly invitation_id: string;
  readonly workspace_id: string;
  readonly role: Role;
  readonly email: string;
  readonly canonical_email: string;
  readonly invited_by: string;
  readonly created_at: Date;
  readonly expires_at: Date;
}

const COLUMNS = 'invitation_id, workspace_id, role, email, canonical_email, invited_by, created_at, expires_at';

const digestOf = (token: Secret): Buffer => createHash('sha256').update(token.reveal()).digest();

/** Invitations in identity's schema. The row of one that is accepted or withdrawn is deleted, and with it the address. */
export class PostgresInvitations implements Invitations {
  constructor(
    private readonly dataSource: DataSource,
    private readonly events: TransactionalEventStore,
  ) {}

  async write({ invitationId, decide, meta, by, created, within }: InvitationWrite): Promise<void> {
    let before: InvitationState = initialInvitation;
    await decideAndAppend<InvitationState, InvitationEvent>(this.events, {
      ...aggregate(invitationId),
      decide: (found) => decide((before = found)),
      meta,
      within: async (tx, _recorded, after) => {
        if (by) await authorizeFor(tx, by, before, after);
        await writeRow(tx, invitationId, after, created, meta.at);
        await within?.(tx);
      },
    });
  }

  async writeIn(tx: Transaction, write: Omit<InvitationWrite, 'by'>): Promise<void> {
    const { invitationId, decide, meta, created, within } = write;
    await decideAndAppend<InvitationState, InvitationEvent>(this.events.in(tx), {
      ...aggregate(invitationId),
      decide,
      meta,
      attempts: 1,
      within: async (_tx, _recorded, after) => {
        await writeRow(tx, invitationId, after, created, meta.at);
        await within?.(tx);
      },
    });
  }

  async find(workspace: WorkspaceId, invitationId: string): Promise<Invitation | null> {
    const [found] = await this.#select('workspace_id = $1 AND invitation_id = $2', [workspace, invitationId]);
    return found ?? null;
  }

  async byToken(token: Secret): Promise<Invitation | null> {
    const [found] = await this.#select('token_sha256 = $1', [digestOf(token)]);
    return found ?? null;
  }

  to({ canonical }: EmailAddress, workspace?: WorkspaceId): Promise<readonly Invitation[]> {
    return workspace === undefined
      ? this.#select('canonical_email = $1', [canonical])
      : this.#select('canonical_email = $1 AND workspace_id = $2', [canonical, workspace]);
  }

  toIn(tx: Transaction, { canonical }: EmailAddress): Promise<readonly Invitation[]> {
    return this.#select('canonical_email = $1', [canonical], tx);
  }

  after(workspace: WorkspaceId, position: ListPosition | null, limit: number): Promise<readonly Invitation[]> {
    const from = position ? 'AND (created_at, invitation_id) > ($3, $4)' : '';
    return this.#select(`workspace_id = $1 ${from} ORDER BY created_at, invitation_id LIMIT $2`, [
      workspace,
      limit,
      ...(position ? [position.at, position.id] : []),
    ]);
  }

  async #select(
    where: string,
    parameters: unknown[],
    source: Pick<Transaction, 'query'> = this.dataSource,
  ): Promise<readonly Invitation[]> {
    try {
      const rows = await source.query<InvitationRow[]>(`SELECT ${COLUMNS} FROM invitation WHERE ${where}`, parameters);
      return rows.map(invitationOf);
    } catch (error) {
      throw databaseFailure(error, 'reading invitations');
    }
  }
}

const aggregate = (streamId: string) => ({ streamId, initialState: initialInvitation, evolve: evolveInvitation });

/** Only who invites takes a turn: who withdraws is waited for by one who accepts, in a turn. */
async function authorizeFor(
  tx: Transaction,
  by: Actor,
  before: InvitationState,
  after: InvitationState,
): Promise<void> {
  if (before.status === 'None') await takeTurn(tx, by.workspaceId);
  const roles = [before, after].flatMap((state) => (state.status === 'Open' ? [state.role] : []));
  await authorize(tx, by, roles);
}

async function writeRow(
  tx: Transaction,
  invitationId: string,
  after: InvitationState,
  created: NewInvitation | undefined,
  at: Date,
): Promise<void> {
  if (after.status !== 'Open') await tx.query('DELETE FROM invitation WHERE invitation_id = $1', [invitationId]);
  else if (created) await insertRow(tx, invitationId, after, created, at);
}

async function insertRow(
  tx: Transaction,
  invitationId: string,
  { workspaceId: workspace, role, expiresAt }: OpenInvitation,
  { email, invitedBy, token }: NewInvitation,
  at: Date,
): Promise<void> {
  const values = [
    invitationId,
    workspace,
    role,
    email.written,
    email.canonical,
    invitedBy,
    at,
    expiresAt,
    digestOf(token),
  ];
  const written = await tx.query<unknown[]>(
    `INSERT INTO invitation (${COLUMNS}, token_sha256) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT ON CONSTRAINT invitation_address DO NOTHING RETURNING 1`,
    values,
  );
  if (written.length === 0) throw new AppError('claim.taken', { details: { scope: 'invitation' } });
}

const invitationOf = (row: InvitationRow): Invitation => ({
  invitationId: row.invitation_id,
  workspaceId: workspaceId(row.workspace_id),
  role: row.role,
  email: { written: row.email, canonical: row.canonical_email },
  invitedBy: userId(row.invited_by),
  createdAt: row.created_at,
  expiresAt: row.expires_at,
});
