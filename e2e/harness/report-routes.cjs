// Loaded into a program before its own code: writes down every route of every router that it makes, as the router has it.
const { appendFileSync } = require('node:fs');
const { subscribe } = require('node:diagnostics_channel');

const file = process.env.ROUTES_FILE;
let routers = 0;

subscribe('fastify.initialization', ({ fastify }) => {
  const router = (routers += 1);
  fastify.addHook('onRoute', ({ method, url }) => {
    for (const name of [method].flat()) {
      appendFileSync(
        file,
        `${JSON.stringify({ url: `http://127.0.0.1:${process.env.PORT}`, router, method: name, path: url })}\n`,
      );
    }
  });
});
