import type { Contender } from '../contender';
import { IssuingLoad } from '../load/issuing-load';
import type { World } from '../world';
import { createApplications, tokenRequest } from './applications';
import { latchkeyHttp } from './http-peers';
import { processOf } from './latchkey';

const CLIENTS = 50;
const APPLICATIONS = 1_000;

/** The same checks while access tokens are issued. @param perSecond null: as many as can be */
export async function besideIssuing(world: World, perSecond: number | null): Promise<Contender> {
  const latchkey = await world.latchkey();
  const checks = await latchkeyHttp(world);
  const { url } = processOf(latchkey.cluster, 'oauth');
  const requests = (await createApplications(latchkey, APPLICATIONS)).map((each) => tokenRequest(each));
  const howMany = perSecond === null ? 'as fast as they are answered' : `${perSecond} a second`;
  return {
    ...checks,
    name: perSecond === null ? 'beside-a-flood' : 'beside-issuing',
    title: `the same, while ${CLIENTS} clients ask for access tokens (RS256), ${howMany}`,
    async load(load) {
      const issuing = new IssuingLoad({ url, requests, clients: CLIENTS, perSecond });
      try {
        const measured = await checks.load(load);
        return { ...measured, besides: issuing.done };
      } finally {
        await issuing.end();
      }
    },
  };
}
