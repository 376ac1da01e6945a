// A process that does nothing but argon2id. What it is told comes over the pipe from its parent, and so does what it answers.
const { writeFileSync } = require('node:fs');
const os = require('node:os');

// Whoever signs in waits a little, whoever is checked does not: on Linux, a fifth of what others get of a core that everybody wants. Much
// less, and where checks take all of the machine, nobody would sign in any more.
const PRIORITY = 7;

// Before any thread is begun, as those that do the work inherit it. So this is no ES module, which is read by such threads.
os.setPriority(PRIORITY);
try {
  // Linux may share the processor out among sessions first and look at priorities only within each (sched(7), "The autogroup feature"). The
  // parent gave this process a session of its own; it gets the same priority.
  writeFileSync('/proc/self/autogroup', String(PRIORITY));
} catch {
  // It is not there: another system, or one where sessions do not count.
}

const argon2 = require('argon2');

async function answer({ password, hash, parameters }) {
  if (hash === null) return { hash: await argon2.hash(password, parameters) };
  if (!(await argon2.verify(hash, password))) return { matches: false };
  const isOld = argon2.needsRehash(hash, parameters);
  return { matches: true, rehashed: isOld ? await argon2.hash(password, parameters) : null };
}

process.on('message', ({ id, job }) => {
  answer(job).then(
    (result) => process.send({ id, result }),
    // What went wrong may quote what it was given.
    (error) => process.send({ id, failed: error?.code ?? error?.name ?? 'unknown' }),
  );
});
// Its parent is gone, in order or not.
process.on('disconnect', () => process.exit());
