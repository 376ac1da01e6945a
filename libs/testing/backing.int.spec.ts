import { Kafka, logLevel } from 'kafkajs';
import { Client } from 'pg';
import { backing } from './backing';
import { freshDatabase } from './fresh-database';
import { eventually } from './eventually';

describe('the backing services', () => {
  it('give an empty database, and take it away with connections left open', async () => {
    const database = await freshDatabase();
    const client = new Client({ connectionString: database.url });
    client.on('error', () => undefined);
    await client.connect();
    const { rows } = await client.query<{ count: string }>(
      "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'",
    );
    expect(rows[0]?.count).toBe('0');
    await database.drop();
    await expect(new Client({ connectionString: database.url }).connect()).rejects.toThrow('does not exist');
    await client.end().catch(() => undefined);
  });

  it('carry a message of an idempotent producer to a consumer group', async () => {
    const kafka = new Kafka({ clientId: 'backing', brokers: backing().kafkaBrokers, logLevel: logLevel.NOTHING });
    const topic = `backing-${Date.now()}`;
    const producer = kafka.producer({ idempotent: true });
    const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 100 });
    const received: string[] = [];
    await producer.connect();
    await producer.send({ topic, messages: [{ key: 'k', value: 'hello' }] });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({ eachMessage: ({ message }) => Promise.resolve(void received.push(String(message.value))) });
    await eventually(() => expect(received).toEqual(['hello']), { timeoutMs: 15_000 });
    await consumer.disconnect();
    await producer.disconnect();
  });
});
