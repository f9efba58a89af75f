import type { Queryable } from './database.js';

/**
 * Everything that a role could do to the log or the keys, by itself or by way of a role that it is a member of,
 * PUBLIC and grants on single columns included. A right is a word: `UPDATE on log.entry`, `SUPERUSER`.
 * The most powerful come first.
 */
export async function rightsOf(db: Queryable, role: string | undefined, part: string): Promise<string[]> {
  const { rows } = await db.query<{ right: string }>(text, [role ?? null, part]);
  return rows.map(({ right }) => right);
}

/**
 * $1 the role, NULL for whoever logged in: SET ROLE to a lesser role hides nothing. $2 the role whose part it plays;
 * being a member of that one alone is no power of its own, so each instance may have its own login.
 * Only functions that run as their owner give rights. A partition has rights of its own, under its table's name.
 */
const text = `
WITH reachable AS (
  SELECT * FROM pg_roles WHERE pg_has_role(coalesce($1::name, session_user), oid, 'MEMBER')
), relation AS (
  SELECT own.oid, own.relowner, format('%I.%I', n.nspname, c.relname) AS name
  FROM pg_class own JOIN pg_class c ON c.oid = coalesce(pg_partition_root(own.oid), own.oid)
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE own.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND (own.relnamespace IN (to_regnamespace('log'), to_regnamespace('keys'))
         OR own.oid = to_regclass('public.custos_migration'))
), schema AS (
  SELECT oid, nspowner, nspname AS name FROM pg_namespace WHERE nspname IN ('log', 'keys')
), definer AS (
  SELECT p.oid, p.oid::regprocedure::text AS name
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema')
)
SELECT "right" FROM (
  SELECT 0, 'SUPERUSER' FROM reachable WHERE rolsuper
  UNION SELECT 1, attribute FROM reachable, LATERAL (VALUES
    ('CREATEROLE', rolcreaterole), ('CREATEDB', rolcreatedb),
    ('REPLICATION', rolreplication), ('BYPASSRLS', rolbypassrls)) a(attribute, has) WHERE has
  UNION SELECT 2, 'SET session_replication_role' FROM reachable
    WHERE has_parameter_privilege(oid, 'session_replication_role', 'SET')
  UNION SELECT 3, format('MEMBER of %I', rolname) FROM reachable
    WHERE rolname <> coalesce($1::name, session_user) AND rolname <> $2
  UNION SELECT 4, format('OWNER of database %I', datname) FROM pg_database JOIN reachable r ON r.oid = datdba
    WHERE datname = current_database()
  UNION SELECT 4, 'CREATE in the database' FROM reachable
    WHERE has_database_privilege(oid, current_database(), 'CREATE')
  UNION SELECT 5, 'OWNER of ' || s.name FROM schema s JOIN reachable r ON r.oid = s.nspowner
  UNION SELECT 5, 'OWNER of ' || t.name FROM relation t JOIN reachable r ON r.oid = t.relowner
  UNION SELECT 5, 'OWNER of ' || p.oid::regprocedure FROM pg_proc p JOIN reachable r ON r.oid = p.proowner
    WHERE p.pronamespace IN (SELECT oid FROM schema)
  UNION SELECT 6, privilege || ' on schema ' || s.name
    FROM schema s, reachable r, unnest(ARRAY['CREATE', 'USAGE']) privilege
    WHERE has_schema_privilege(r.oid, s.oid, privilege)
  UNION SELECT 7, privilege || ' on ' || t.name
    FROM relation t, reachable r, unnest(ARRAY['TRUNCATE', 'DELETE', 'TRIGGER']) privilege
    WHERE has_table_privilege(r.oid, t.oid, privilege)
  UNION SELECT 7, privilege || ' on ' || t.name
    FROM relation t, reachable r, unnest(ARRAY['UPDATE', 'REFERENCES', 'INSERT', 'SELECT']) privilege
    WHERE has_any_column_privilege(r.oid, t.oid, privilege)
  UNION SELECT 8, 'EXECUTE on ' || d.name FROM definer d, reachable r
    WHERE has_function_privilege(r.oid, d.oid, 'EXECUTE')
) found(rank, "right") ORDER BY rank, "right"`;
