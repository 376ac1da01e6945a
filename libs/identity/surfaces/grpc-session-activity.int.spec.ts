import { status } from '@grpc/grpc-js';
import type { SessionUse } from '@latchkey/contracts';
import { AppError } from '@latchkey/kernel';
import { GrpcNeighbour } from '../testing/grpc-neighbour';
import { grpcSessionActivity } from './grpc-session-activity';

describe('uses of sessions over gRPC', () => {
  const noted: (readonly SessionUse[])[] = [];
  const failures: unknown[] = [];
  let note: (uses: readonly SessionUse[]) => Promise<void>;
  let neighbour: GrpcNeighbour;
  beforeAll(async () => {
    const activity = { note: (uses: readonly SessionUse[]) => note(uses) };
    neighbour = await GrpcNeighbour.start(grpcSessionActivity(activity, (error) => failures.push(error)));
  });
  afterAll(() => neighbour.stop());
  beforeEach(() => {
    note = async (uses) => void noted.push(uses);
  });

  const tell = (uses: readonly object[]) => neighbour.ask('Note', { uses });

  it('are noted as they were told', async () => {
    await tell([{ session_id: 's1', at_ms: 1_777_377_600_123 }]);
    expect(noted).toEqual([[{ sessionId: 's1', atMs: 1_777_377_600_123 }]]);
  });

  it('are refused when they are more than a list of a thousand, or name no session', async () => {
    const use = { session_id: 's1', at_ms: 1 };
    for (const uses of [Array.from({ length: 1_001 }, () => use), [{ at_ms: 1 }]]) {
      await expect(tell(uses)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    }
  });

  it('that cannot be noted are told so, and nothing about why', async () => {
    note = () => Promise.reject(new AppError('service.unavailable', { internal: 'password=hunter2' }));
    const refusal = await tell([]).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: status.UNAVAILABLE });
    expect([String(refusal).includes('hunter2'), failures.length]).toEqual([false, 1]);
  });
});
