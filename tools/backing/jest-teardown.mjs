import { services } from './jest-setup.mjs';

export default async function tearDown() {
  await services?.stop();
}
