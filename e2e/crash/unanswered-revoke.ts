import type { CheckResult } from '@latchkey/contracts';
import { eventually } from '@latchkey/testing';
import { call, callerOf } from '../harness/http';
import { processOf, type CrashCluster } from './crash-cluster';
import { arm } from './failpoints';

/** A key that was revoked by a process that died before it could tell live state, or its client, who never asks again. */
export interface RevokedUnheard {
  /** What a node says of its secret. */
  check(node: string): Promise<CheckResult>;
}

/** Before the revoke every node knows the key by heart. Afterwards the service is back, and the list shows the key as revoked. */
export async function unansweredRevoke(cluster: CrashCluster): Promise<RevokedUnheard> {
  const asAdmin = callerOf(cluster.url, cluster.adminKey);
  const created = await asAdmin('POST', '/api/v1/api-keys', { name: 'unheard', scopes: ['assets:read'] });
  const { id, key } = created.json<{ id: string; key: string }>();
  const check = async (node: string) => {
    const body = { credential: key, scopes: ['assets:read'] };
    const answer = await call(cluster.nodes.get(node) ?? '', { method: 'POST', path: '/v1/check', body });
    return answer.json<CheckResult>();
  };
  for (const node of cluster.nodes.keys())
    await eventually(async () => expect(await check(node)).toMatchObject({ allowed: true, via: 'cache' }), patient);

  const reached = await arm(cluster, 'issuance', 'append.committed', { does: 'crash' });
  const unanswered = asAdmin('DELETE', `/api/v1/api-keys/${id}`);
  await reached();
  expect((await unanswered).status).toBe(502);
  await processOf(cluster, 'issuance').restart();
  await eventually(
    async () => expect((await asAdmin('GET', `/api/v1/api-keys/${id}`)).json()).toMatchObject({ status: 'revoked' }),
    patient,
  );
  return { check };
}

const patient = { timeoutMs: 30_000, everyMs: 50 };
