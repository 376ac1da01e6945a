import type { Passwords, RightsTable } from './rights';

/** The role of a service at Postgres. */
export const roleOf = (service: string): string => `latchkey_${service}`;

/**
 * SQL for a superuser: each role owns its schema, with all that is in it already, and may do nothing beside. May be run again at any time; as
 * one transaction, so that nobody meets half of it. (Temporary tables are for a rebuild of a read model.)
 */
export const databaseRoles = (rights: RightsTable, passwords: Passwords): string =>
  [
    `SET LOCAL lock_timeout = '30s';`,
    `REVOKE ALL ON SCHEMA public FROM PUBLIC;`,
    inDatabase('REVOKE ALL ON DATABASE %I FROM PUBLIC'),
    ...Object.entries(rights).flatMap(([service, { schema }]) =>
      schema === undefined ? [] : databaseRole(roleOf(service), passwords[service] ?? '', schema),
    ),
  ].join('\n');

const inDatabase = (statement: string) => `DO $$ BEGIN EXECUTE format('${statement}', current_database()); END $$;`;

const databaseRole = (name: string, password: string, schema: string) => `
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${name}') THEN CREATE ROLE ${name}; END IF;
END $$;
ALTER ROLE ${name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD '${password}';
${inDatabase(`GRANT CONNECT, TEMPORARY ON DATABASE %I TO ${name}`)}
CREATE SCHEMA IF NOT EXISTS ${schema};
ALTER SCHEMA ${schema} OWNER TO ${name};
DO $$
DECLARE change text;
BEGIN
  FOR change IN
    SELECT format('ALTER TABLE %s OWNER TO ${name}', oid::regclass) FROM pg_class
      WHERE relnamespace = '${schema}'::regnamespace AND relkind IN ('r', 'p') AND relowner <> '${name}'::regrole
    UNION ALL
    SELECT format('ALTER ROUTINE %s OWNER TO ${name}', oid::regprocedure) FROM pg_proc
      WHERE pronamespace = '${schema}'::regnamespace AND proowner <> '${name}'::regrole
  LOOP
    EXECUTE change;
  END LOOP;
END $$;
`;
