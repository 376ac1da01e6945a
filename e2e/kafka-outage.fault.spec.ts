import { describeKafkaOutage } from './outage/kafka-outage.contract';

describeKafkaOutage('Kafka away for a minute under load', {
  beforeMs: 5_000,
  hungMs: 30_000,
  deadMs: 30_000,
  afterMs: 3_000,
});
