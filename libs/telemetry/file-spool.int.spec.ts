import { mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { spawnSpoolHolder } from './testing/spawn-spool-holder';
import { FileSpool } from './file-spool';

const bootNumber = (number: number) => `01900000-0000-7000-8000-00000000000${number}`;
const bytes = (text: string) => Buffer.from(text);

describe('the spool', () => {
  let folder: string;
  const open: FileSpool[] = [];
  const openBoot = async (number: number, bytesMax = 1_000) => {
    const spool = await FileSpool.open({ folder, boot: bootNumber(number), bytesMax });
    open.push(spool);
    return spool;
  };
  /** What a process leaves that is killed: its files, and a name that others may have. */
  const killed = (spool: FileSpool) => spool.close();
  const texts = async (spool: FileSpool, bytesMax = 1_000) =>
    (await spool.oldest(bytesMax)).map(
      ({ boot, number, bytes: content }) => `${boot.at(-1)}/${number} ${content.toString()}`,
    );

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'latchkey-spool-'));
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((spool) => spool.close()));
    await rm(folder, { recursive: true, force: true });
  });

  it('gives what former boots have left, in the order of boots and numbers, then its own', async () => {
    const first = await openBoot(1);
    for (const number of [1, 2, 10]) await first.write(number, bytes('a'));
    await killed(first);
    const second = await openBoot(2);
    await second.write(1, bytes('b'));
    await killed(second);
    const third = await openBoot(3);
    await third.write(1, bytes('c'));
    expect(await texts(third)).toEqual(['1/1 a', '1/2 a', '1/10 a', '2/1 b', '3/1 c']);
    expect([first.node, second.node]).toEqual([third.node, third.node]);
  });

  it('forgets only what is removed, with the folders of boots that have nothing left', async () => {
    const first = await openBoot(1);
    await first.write(1, bytes('a'));
    await killed(first);
    const second = await openBoot(2);
    await second.write(1, bytes('b'));
    await second.remove(await second.oldest(1));
    expect(await texts(second)).toEqual(['2/1 b']);
    expect((await readdir(folder)).sort()).toEqual([bootNumber(2), 'lock', 'node']);
    await killed(second);
    expect(await texts(await openBoot(3))).toEqual(['2/1 b']);
  });

  it('does not take for whole what a crash cut off between write and rename', async () => {
    const first = await openBoot(1);
    await first.write(1, bytes('whole'));
    await writeFile(path.join(folder, bootNumber(1), '000000000002.new'), '{"specversion":"1.0","id":"to');
    await killed(first);
    const second = await openBoot(2);
    expect(await texts(second)).toEqual(['1/1 whole']);
    expect(await readdir(path.join(folder, bootNumber(1)))).toEqual(['000000000001']);
  });

  it('would take it for whole if it were written under its own name', async () => {
    const first = await openBoot(1);
    await writeFile(path.join(folder, bootNumber(1), '000000000002'), '{"specversion":"1.0","id":"to');
    await killed(first);
    expect(await texts(await openBoot(2))).toEqual(['1/2 {"specversion":"1.0","id":"to']);
  });

  it('refuses what goes beyond its bound, and takes it when there is room again', async () => {
    const spool = await openBoot(1, 10);
    await spool.write(1, bytes('12345678'));
    await expect(spool.write(2, bytes('123'))).rejects.toThrow('full');
    await spool.remove(await spool.oldest(10));
    await spool.write(2, bytes('123'));
    expect(spool.waiting).toEqual({ events: 1, bytes: 3 });
  });

  it('a write that fails leaves nothing behind, and may be repeated', async () => {
    const spool = await openBoot(1);
    const away = path.join(folder, 'away');
    await spool.write(1, bytes('a'));
    await spool.remove(await spool.oldest(1_000));
    await rename(path.join(folder, bootNumber(1)), away);
    await writeFile(path.join(folder, bootNumber(1)), 'in the way');
    await expect(spool.write(2, bytes('b'))).rejects.toThrow('EEXIST');
    expect(spool.waiting).toEqual({ events: 0, bytes: 0 });
    await rm(path.join(folder, bootNumber(1)));
    await rename(away, path.join(folder, bootNumber(1)));
    await spool.write(2, bytes('b'));
    expect(await texts(spool)).toEqual(['1/2 b']);
  });

  it('goes on when somebody has taken its folder away', async () => {
    const spool = await openBoot(1);
    await rm(folder, { recursive: true });
    await spool.write(1, bytes('a'));
    expect(await texts(spool)).toEqual(['1/1 a']);
  });

  it('gives one event though it is larger than what is asked for', async () => {
    const spool = await openBoot(1);
    await spool.write(1, bytes('12345'));
    await spool.write(2, bytes('12345'));
    expect(await texts(spool, 3)).toEqual(['1/1 12345']);
  });

  it('goes on without a file that somebody has taken away', async () => {
    const spool = await openBoot(1);
    for (const number of [1, 2, 3]) await spool.write(number, bytes('a'));
    await rm(path.join(folder, bootNumber(1), '000000000002'));
    expect(await texts(spool)).toEqual(['1/1 a', '1/3 a']);
    await spool.remove(await spool.oldest(1_000));
    expect(spool.waiting).toEqual({ events: 0, bytes: 0 });
  });

  it('belongs to one process: another is refused until that one has ended, by SIGKILL too', async () => {
    const other = await spawnSpoolHolder({ folder, boot: bootNumber(1) });
    await expect(openBoot(2)).rejects.toThrow('in use by another process');
    // By another path to the same folder, too.
    const link = `${folder}-link`;
    await symlink(folder, link);
    await expect(FileSpool.open({ folder: link, boot: bootNumber(2), bytesMax: 1 })).rejects.toThrow('in use');
    await rm(link);
    await other.kill();
    await openBoot(2);
  });

  it('would belong to two without its lock', async () => {
    const other = await spawnSpoolHolder({ folder, boot: bootNumber(1) });
    await rm(path.join(folder, 'lock'));
    await openBoot(2);
    await other.kill();
  });

  it('of several processes that start at once, one gets it', async () => {
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map((number) => openBoot(number)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('is given back by who could not use it', async () => {
    await writeFile(path.join(folder, 'node'), '', { mode: 0o600 });
    await writeFile(path.join(folder, bootNumber(1)), 'no folder');
    await expect(openBoot(2)).rejects.toThrow('ENOTDIR');
    await rm(path.join(folder, bootNumber(1)));
    await openBoot(2);
  });
});
