// Names of containers resolve to addresses of the loopback, as `NAMES` (JSON) says: what the composition's own network does for them.
const dns = require('node:dns');

const addresses = new Map(Object.entries(JSON.parse(process.env.NAMES ?? '{}')));
const { lookup } = dns;
const { lookup: lookupPromise } = dns.promises;

dns.lookup = (name, ...rest) => lookup(addresses.get(name) ?? name, ...rest);
dns.promises.lookup = (name, ...rest) => lookupPromise(addresses.get(name) ?? name, ...rest);
