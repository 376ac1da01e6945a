/** A promise, and what resolves it. */
export function gate(): [Promise<void>, () => void] {
  let open: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return [passed, open];
}
