import { logLevel, type LogEntry } from 'kafkajs';
import { passOn } from './kafka-log';

describe('what kafkajs logs', () => {
  const levelOf = (namespace: string, message: string, level: logLevel = logLevel.ERROR): string | undefined => {
    const told: string[] = [];
    const as = (name: string) => () => void told.push(name);
    const entry: LogEntry = { namespace, level, label: '', log: { message, timestamp: '2026-01-01T00:00:00.000Z' } };
    passOn({ debug: as('debug'), info: as('info'), warn: as('warn'), error: as('error') }, entry);
    return told.join();
  };

  it.each([
    ['Connection', 'Response Metadata(key: 3, version: 6)', 'debug', 'whoever asked tells it'],
    ['Consumer', 'Crash: KafkaJSProtocolError: x', 'debug', 'the subscription tells it'],
    ['BrokerPool', 'Failed to connect to broker, reconnecting', 'info', 'it is tried again'],
    ['Producer', 'Failed to send messages: x', 'info', 'it is tried again'],
    ['ConsumerGroup', 'Offset out of range, resetting to default offset', 'warn', 'nobody else tells it'],
    ['Runner', 'The coordinator is not aware of this member, re-joining the group', 'warn', 'nobody else tells it'],
  ])('%s: "%s" is %s, as %s', (namespace, message, level) => expect(levelOf(namespace, message)).toBe(level));

  it('below an error is for debugging, and its warning of limited retries is for nobody', () => {
    expect(levelOf('Runner', 'The group is rebalancing, re-joining', logLevel.WARN)).toBe('debug');
    expect(
      levelOf('Producer', 'Limiting retries for the idempotent producer may invalidate EoS guarantees', logLevel.WARN),
    ).toBe('');
  });
});
