import { Kafka, logLevel } from 'kafkajs';
import { startKafka } from './kafka-process';

it('a Kafka of one’s own keeps what it acknowledged through a crash', async () => {
  const server = await startKafka();
  try {
    const kafka = new Kafka({ brokers: [server.url], logLevel: logLevel.NOTHING });
    const producer = kafka.producer({ allowAutoTopicCreation: true });
    await producer.connect();
    await producer.send({ topic: 'kept', acks: -1, messages: [{ key: 'a', value: 'b' }] });
    await producer.disconnect();
    await server.restart();
    const admin = kafka.admin();
    await admin.connect();
    const ends = await admin.fetchTopicOffsets('kept');
    await admin.disconnect();
    expect(ends.reduce((sum, { high }) => sum + Number(high), 0)).toBe(1);
  } finally {
    await server.stop();
  }
}, 90_000);
