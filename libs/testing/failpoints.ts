import type { Failpoint } from '@latchkey/kernel';

type Action = () => Promise<void>;

/** Where `reach` of the kernel looks. */
const HOOK = Symbol.for('latchkey.failpoints');
const armed = new Map<Failpoint, Action>();

/** Whoever in this process reaches the failpoint next does `action` there, once. */
export function atFailpoint(name: Failpoint, action: Action): void {
  armed.set(name, action);
  Object.assign(globalThis, { [HOOK]: reached });
}

/** For failpoints that were armed and not reached. */
export const disarmFailpoints = (): void => armed.clear();

function reached(name: Failpoint): Promise<void> | undefined {
  const action = armed.get(name);
  armed.delete(name);
  return action?.();
}
