// Loaded into a service before its own code: switches off what makes crashes harmless, to show that it is needed and would be missed.
const path = require('node:path');
const built = (file) => require(path.resolve(__dirname, '../../dist', file));

/** A renewer does not make up for the invalidations that died with their process. */
built('libs/live-state/postgres/renewal-session.js').RenewalSession.prototype.pending = async () => [];

/** A batch counts as published before the broker has it. */
const SENT_AFTER_MS = 4_000;
const { KafkaPublisher } = built('libs/event-bus/kafka/kafka-publisher.js');
const { publish } = KafkaPublisher.prototype;
KafkaPublisher.prototype.publish = async function (messages) {
  setTimeout(() => void publish.call(this, messages).catch(() => undefined), SENT_AFTER_MS).unref();
};
