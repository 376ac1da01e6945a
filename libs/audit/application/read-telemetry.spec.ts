import type { SignInEntry } from '@latchkey/contracts';
import fc from 'fast-check';
import type { KeptPart, TelemetryReader } from './ports';
import { ReadTelemetryQuery, type EntryPlace, type TelemetryFilter, type TelemetryPage } from './read-telemetry.query';
import { partsOf, signInKind } from './telemetry-kinds';

const attempt = (timeMs: number, changes: Partial<SignInEntry> = {}): SignInEntry => ({
  ...{ timeMs, outcome: 'wrong_password', method: 'password', userId: 'u1', workspaceId: 'w1' },
  ...{ ip: null, userAgent: null, captcha: 'not_asked' },
  ...changes,
});

/** Parts as storage gives them, and how many it was asked for. */
function storeOf(batches: readonly (readonly SignInEntry[])[]) {
  const kept = batches
    .flatMap((batch) => partsOf(signInKind, batch))
    .map(({ span, content }, part): KeptPart => ({
      ...{ lastAt: span?.last ?? new Date(0), part: String(part).padStart(6, '0'), content },
    }))
    .sort((a, b) => b.lastAt.getTime() - a.lastAt.getTime() || (a.part < b.part ? 1 : -1));
  const opened: string[] = [];
  const reader: TelemetryReader = {
    async *parts(_, start) {
      const from = start === null ? 0 : kept.findIndex(({ part }) => part === start.part);
      for (const part of kept.slice(from)) {
        opened.push(part.part);
        yield await Promise.resolve(part);
      }
    },
  };
  return { query: new ReadTelemetryQuery(reader), opened };
}

const ALL: TelemetryFilter<SignInEntry> = { workspaceId: 'w1', matches: () => true };

async function pagesOf(
  query: ReadTelemetryQuery,
  limit: number,
  filter: Partial<TelemetryFilter<SignInEntry>> = {},
): Promise<readonly SignInEntry[][]> {
  const pages: SignInEntry[][] = [];
  let after: EntryPlace | null = null;
  do {
    const page: TelemetryPage<SignInEntry> = await query.page(signInKind, { ...ALL, ...filter }, limit, after);
    pages.push(page.entries.map(({ value }) => value));
    after = page.next;
  } while (after !== null);
  return pages;
}

describe('reading what nodes have told', () => {
  it('gives every entry once, whatever the size of a page, in each batch the newest first', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.integer({ min: 0, max: 200_000 }), { maxLength: 8 }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 7 }),
        async (times, limit) => {
          const batches = times.map((batch, node) => batch.map((timeMs) => attempt(timeMs, { userId: `u${node}` })));
          const pages = await pagesOf(storeOf(batches).query, limit);
          const found = pages.flat();
          const sorted = (entries: readonly SignInEntry[]) =>
            entries.map((one) => `${one.userId} ${one.timeMs}`).sort();
          expect(sorted(found)).toEqual(sorted(batches.flat()));
          expect(Math.max(0, ...pages.map((page) => page.length))).toBeLessThanOrEqual(limit);
          for (const { userId } of found) {
            const own = found.filter((one) => one.userId === userId).map(({ timeMs }) => timeMs);
            expect(own).toEqual(own.toSorted((a, b) => b - a));
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('finds what it is asked for: by outcome, by any denial, by time', async () => {
    const { query } = storeOf([
      [attempt(1_000, { outcome: 'succeeded' }), attempt(2_000), attempt(3_000, { outcome: 'rate_limited' })],
      [attempt(2_500, { outcome: 'second_factor_required' })],
    ]);
    const found = async (filter: Partial<TelemetryFilter<SignInEntry>>) =>
      (await pagesOf(query, 10, filter)).flat().map(({ timeMs }) => timeMs);
    expect(await found({ outcome: 'denied' })).toEqual([3_000, 2_000]);
    expect(await found({ outcome: 'succeeded' })).toEqual([1_000]);
    expect(await found({ outcome: 'no_such_outcome' })).toEqual([]);
    expect(await found({ from: new Date(2_000), to: new Date(3_000) })).toEqual([2_000, 2_500]);
  });

  it('looks at so much for one page and no more, and says where to look on', async () => {
    const many = Array.from({ length: 1_200 }, (_, second) => [attempt(second * 1_000)]);
    const { query, opened } = storeOf([[attempt(0, { outcome: 'succeeded' })], ...many]);
    const page = await query.page(signInKind, { ...ALL, outcome: 'succeeded' }, 10, null);
    expect([page.entries, opened.length]).toEqual([[], 500]);
    expect((await pagesOf(query, 10, { outcome: 'succeeded' })).flat()).toHaveLength(1);
  });

  it('keeps together what is of one workspace, one user and one minute', () => {
    const parts = partsOf(signInKind, [
      ...[attempt(59_999), attempt(60_000), attempt(30_000, { userId: null, workspaceId: null })],
      ...[attempt(1_000, { outcome: 'succeeded' }), attempt(2_000, { userId: 'u2' })],
    ]);
    expect(parts.map(({ workspaceId, userId, entries, denied }) => [workspaceId, userId, entries, denied])).toEqual([
      ['installation', null, 1, 1],
      ['w1', 'u1', 2, 1],
      ['w1', 'u1', 1, 1],
      ['w1', 'u2', 1, 1],
    ]);
    expect(parts[1]?.span).toEqual({ first: new Date(1_000), last: new Date(59_999) });
  });
});
