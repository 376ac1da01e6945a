import { readdir, readFile } from 'node:fs/promises';
import { isAppError, Secret } from '@latchkey/kernel';
import { eventually, killHard } from '@latchkey/testing';
import { needsRehash } from 'argon2';
import { Argon2Hasher } from './argon2-hasher';
import { ARGON2ID, nobodysHash } from './parameters';

const password = new Secret('correct horse battery staple');
const other = new Secret('correct horse battery stapler');
const weak = { memoryCost: 1_024, timeCost: 1, parallelism: 1, hashLength: 32 };
/** More than half a second of the processor. */
const slow = { ...ARGON2ID, timeCost: 10 };

const pidOf = (hasher: Argon2Hasher): Promise<number> =>
  eventually(() => {
    if (hasher.process.pid === undefined) throw new Error('there is no process');
    return hasher.process.pid;
  });

/** As proc(5) has it: state is the third field, nice the nineteenth; the second, a name in brackets, may hold spaces. */
async function threadsOf(pid: number): Promise<readonly { readonly state: string; readonly nice: number }[]> {
  const ids = await readdir(`/proc/${pid}/task`);
  const stats = await Promise.all(ids.map((id) => readFile(`/proc/${pid}/task/${id}/stat`, 'utf8').catch(() => '')));
  return stats.map((stat) => {
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', nice: Number(fields[16]) };
  });
}

describe('passwords', () => {
  const hashers: Argon2Hasher[] = [];
  const hasher = (...options: ConstructorParameters<typeof Argon2Hasher>) => {
    const made = new Argon2Hasher(...options);
    hashers.push(made);
    return made;
  };
  afterEach(async () => {
    await Promise.all(hashers.splice(0).map((each) => each.stop()));
  });

  it('are kept as argon2id with the parameters of RFC 9106, salted anew each time', async () => {
    const argon2id = hasher();
    const [one, two] = [await argon2id.hash(password), await argon2id.hash(password)];
    expect(one.reveal()).toMatch(/^\$argon2id\$v=19\$m=65536,p=4,t=3\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(two.reveal()).not.toBe(one.reveal());
    expect(await argon2id.verify(one, password)).toEqual({ matches: true, rehashed: null });
    expect(await argon2id.verify(one, other)).toEqual({ matches: false });
  });

  it('of nobody take the same work, and match nothing', async () => {
    expect(await hasher().verify(null, password)).toEqual({ matches: false });
    expect(needsRehash(nobodysHash(ARGON2ID), ARGON2ID)).toBe(false);
  });

  it('are hashed again when the parameters have changed, and only when they matched', async () => {
    const old = await hasher({ parameters: weak }).hash(password);
    const now = hasher({ parameters: { ...weak, timeCost: 2 } });
    expect(await now.verify(old, other)).toEqual({ matches: false });
    const verdict = await now.verify(old, password);
    const rehashed = verdict.matches && verdict.rehashed;
    if (!rehashed) throw new Error('it was not hashed again');
    expect(rehashed.reveal()).toContain('t=2');
    expect(await now.verify(rehashed, password)).toEqual({ matches: true, rehashed: null });
  });

  it('are hashed with lower priority by every thread that has a part in it', async () => {
    const argon2id = hasher({ parameters: slow });
    const hashed = argon2id.hash(password);
    const pid = await pidOf(argon2id);
    const nice = await eventually(async () => {
      const busy = (await threadsOf(pid)).filter(({ state }) => state === 'R').map((thread) => thread.nice);
      if (busy.length < ARGON2ID.parallelism) throw new Error(`${busy.length} threads are at work`);
      return busy;
    });
    expect(new Set(nice)).toEqual(new Set([7]));
    // Where sessions share the processor, it has one of its own, which is of lower priority too.
    const session = await readFile(`/proc/${pid}/autogroup`, 'utf8').catch(() => null);
    expect(session?.trim() ?? 'nice 7').toMatch(/nice 7$/);
    expect(session).not.toBe(await readFile('/proc/self/autogroup', 'utf8').catch(() => ''));
    await hashed;
  });

  it('are in no argument and no variable of the process, which has none of the configuration', async () => {
    const argon2id = hasher({ parameters: weak });
    await argon2id.hash(password);
    const pid = await pidOf(argon2id);
    const shown = (await readFile(`/proc/${pid}/cmdline`, 'utf8')) + (await readFile(`/proc/${pid}/environ`, 'utf8'));
    expect(shown).not.toMatch(/horse|LATCHKEY|SECRET|NODE_OPTIONS/);
  });

  it('that were being hashed when the process died can be tried again, and the next one is hashed', async () => {
    const argon2id = hasher({ parameters: slow });
    const lost = argon2id.hash(password).catch((error: unknown) => error);
    await killHard(await pidOf(argon2id));
    const error = await lost;
    expect(isAppError(error, 'service.unavailable') && error.retryAfterSeconds).toBe(1);
    expect(await argon2id.verify(null, password)).toEqual({ matches: false });
  });

  it('of whoever went away are not hashed', async () => {
    const argon2id = hasher({ parameters: weak });
    const first = argon2id.hash(password);
    const gone = new AbortController();
    const left = argon2id.hash(password, { signal: gone.signal }).catch((error: unknown) => error);
    expect(argon2id.waiting).toBe(1);
    gone.abort();
    expect(isAppError(await left, 'service.unavailable')).toBe(true);
    expect(argon2id.waiting).toBe(0);
    await first;
  });
});
