// A process that does nothing but argon2id. What it is told comes over the pipe from its parent, and so does what it answers.
const os = require('node:os');

// Before any thread is begun, as those that do the work inherit it: whoever signs in waits a little, whoever is checked does not. So this is
// no ES module, which is read by such threads. Not the lowest one: where checks take all of the machine, nobody would sign in any more.
os.setPriority(os.constants.priority.PRIORITY_BELOW_NORMAL);

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
// A Ctrl+C reaches the whole group; the parent ends this one when nobody waits any more.
process.on('SIGINT', () => undefined);
