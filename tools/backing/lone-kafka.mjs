// node lone-kafka.mjs <folder> <port> <controller port>: one Kafka for a test that kills it.
import { startKafka } from './kafka.mjs';
import { alone } from './alone.mjs';

const [folder, port, controllerPort] = process.argv.slice(2);
const { address, pid, stop } = await startKafka({
  folder,
  port: Number(port),
  controllerPort: Number(controllerPort),
  progress: () => undefined,
});
await alone({ url: address, pid, stop });
