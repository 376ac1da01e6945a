import { edgePort } from './edge-port';
import { lockFolder } from './folder-lock';
import { refuseUnknownVariables } from './services';

export interface Prepared {
  /** Of the edge. */
  readonly port: number;
  /** Gives the folder back. */
  readonly unlock: () => Promise<void>;
}

/**
 * What can be refused before anything is started for it: variables that no service takes, a folder or a port that another process has.
 * @throws Error that says what
 */
export async function prepare(
  env: Readonly<Record<string, string>>,
  { folder, port }: { readonly folder: string; readonly port: string },
): Promise<Prepared> {
  refuseUnknownVariables(env);
  const unlock = await lockFolder(folder);
  try {
    return { unlock, port: await edgePort(port) };
  } catch (error) {
    await unlock();
    throw error;
  }
}
