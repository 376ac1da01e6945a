// Jest runs this once for all projects that name it, before the first test.
import { restorePostgresLinks } from '../postgres-links.mjs';
import { backingServices } from './backing.mjs';
import { ensureRedisProgram } from './redis.mjs';
import { testVariable } from './services.mjs';

const progress = (line) => process.stderr.write(`${line}\n`);

export let services;

export default async function setUp() {
  services = await backingServices({ progress });
  for (const [variable, address] of Object.entries(services.addresses)) process.env[testVariable(variable)] = address;
  // For specs that stop and kill a server of their own
  await ensureRedisProgram(progress);
  await restorePostgresLinks();
}
