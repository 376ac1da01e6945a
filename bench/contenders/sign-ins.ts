import type { Contender } from '../contender';
import { SignInLoad } from '../load/sign-in-load';
import type { World } from '../world';
import { createAccounts } from './accounts';
import { latchkeyHttp } from './http-peers';
import { processOf } from './latchkey';

const CLIENTS = 50;

/** The same checks while people sign in at identity, from the first of them to the last. */
export async function besideSignIns(world: World): Promise<Contender> {
  const latchkey = await world.latchkey();
  const checks = await latchkeyHttp(world);
  const { url } = processOf(latchkey.cluster, 'identity');
  const accounts = await createAccounts(latchkey, CLIENTS);
  return {
    ...checks,
    name: 'beside-sign-ins',
    title: `the same, while ${CLIENTS} clients sign in with a password, again and again; one in five is wrong`,
    async load(load) {
      const signIns = new SignInLoad(url, accounts);
      try {
        const measured = await checks.load(load);
        return { ...measured, besides: signIns.done };
      } finally {
        await signIns.end();
      }
    },
  };
}
