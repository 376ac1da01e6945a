// Loaded into a service before its own code: switches off what protects against crashes, to show that it is needed and would be missed.
const path = require('node:path');
const built = (file) => require(path.resolve(__dirname, '../../dist', file));

/** What changed is not invalidated by the renewer when a process died before it did so. */
built('libs/live-state/postgres/renewal-session.js').RenewalSession.prototype.pending = async () => [];

/** A batch counts as published before the broker has acknowledged it. */
const { KafkaPublisher } = built('libs/event-bus/kafka/kafka-publisher.js');
const { publish } = KafkaPublisher.prototype;
KafkaPublisher.prototype.publish = async function (messages) {
  setTimeout(() => publish.call(this, messages).catch(() => undefined), 50);
};
