// Jest runs this once for all projects that name it, before the first test.
import { backingServices } from './backing.mjs';
import { ensureRedisProgram } from './redis.mjs';
import { testVariable } from './services.mjs';

const progress = (line) => process.stderr.write(`${line}\n`);

export let services;

export default async function setUp() {
  services = await backingServices({ progress });
  for (const [variable, address] of Object.entries(services.addresses)) process.env[testVariable(variable)] = address;
  await ensureRedisProgram(progress);
}
