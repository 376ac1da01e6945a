import { describeKafkaOutage } from './outage/kafka-outage.contract';

describeKafkaOutage('Kafka away for five minutes under load', {
  beforeMs: 60_000,
  hungMs: 150_000,
  deadMs: 150_000,
  afterMs: 60_000,
});
