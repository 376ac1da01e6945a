// Leaves Postgres, Redis and Kafka running for development: tests and `npm run cluster` re-use them until down.mjs.
import { backingServices } from './backing.mjs';

const { addresses, reused } = await backingServices({ keep: true });
console.log(reused ? 'Running already:' : 'Running:');
for (const [variable, address] of Object.entries(addresses)) console.log(`${variable}=${address}`);
process.exit(0);
