import { ALL_SAFEGUARDS } from './safeguards';
import { expectRevocationHeld, faultRun } from './testing/fault-run';

const seed = Number(process.env['FAULT_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

describe('revocation under faults', () => {
  it('no check that begins after an acknowledged revoke passes: 200,000 accepts, 30 faults', async () => {
    const aims = { accepts: 200_000, acceptsFromCache: 50_000, faults: 30 };
    const report = await faultRun({ ...aims, leaseMs: 250, seed, timeoutMs: 280_000 });
    expectRevocationHeld(report, aims);
  }, 300_000);

  it('the same run finds violations when safeguards are missing', async () => {
    const safeguards = { ...ALL_SAFEGUARDS, pendingRows: false, waitOnNewIncarnation: false, fillGuard: false };
    const endless = { accepts: Infinity, acceptsFromCache: Infinity, faults: Infinity, untilViolation: true };
    const { violations } = await faultRun({ ...endless, leaseMs: 250, seed, safeguards, timeoutMs: 100_000 });
    expect(violations).not.toEqual([]);
  }, 120_000);
});
