// node lone-kafka.mjs <folder> <host> <port> <controller port> [<name>=<value> …]: one Kafka of a test's own, with these settings.
import { startKafka } from './kafka.mjs';
import { alone } from './alone.mjs';

const [folder, host, port, controllerPort, ...more] = process.argv.slice(2);
const { address, pid, stop } = await startKafka({
  folder,
  host,
  port: Number(port),
  controllerPort: Number(controllerPort),
  more: Object.fromEntries(more.map((setting) => setting.split(/=(.*)/s))),
  progress: () => undefined,
});
await alone({ url: address, pid, stop });
