import { listText, sqlText } from '../columns/sql-text.ts'

/** The level at which transactions run that do not ask for another. */
export const READ_COMMITTED = 'read committed' as const

/**
 * The settings that every session has, whatever the server, the database, the role or the URL set: those
 * that change how a value is written, what a name or a literal of ours means, or which rows are seen. What
 * waits for a lock must then see what the holder of the lock did: a snapshot of the whole transaction hides it.
 */
const FORMS: Readonly<Record<string, string>> = {
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  client_encoding: 'UTF8',
  bytea_output: 'hex',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  quote_all_identifiers: 'off',
  array_nulls: 'on',
  transform_null_equals: 'off',
  row_security: 'on',
  default_transaction_isolation: READ_COMMITTED,
}

const SEARCH_PATH = 'search_path'

/** A schema that has a `grid_meta`, as a session sees it. */
interface GridSchema {
  readonly schema: string
  /** Whether the session finds the table by its plain name. */
  readonly is_visible: boolean
}

/** How a session stands, as {@link SESSION_SQL} reads it. */
export interface SessionState {
  readonly settings: Readonly<Record<string, string>>
  /** The schemas that exist of those on its search path. */
  readonly path: readonly string[]
  readonly grids: readonly GridSchema[]
}

/** SQL that reads a session's state as JSON, whatever its settings. `names` are further settings. */
export function sessionSql(names: readonly string[]): string {
  const wanted = [...Object.keys(FORMS), ...names].map((name) => `'${name}'`)
  return sqlText`
    select pg_catalog.json_build_object(
      'settings', (
        select pg_catalog.json_object_agg(name, setting)
        from pg_catalog.pg_settings
        where name in (
          ${listText(wanted)}
        )
      ),
      'path', pg_catalog.to_json(pg_catalog.current_schemas(false)),
      'grids', (
        select coalesce(
          pg_catalog.json_agg(pg_catalog.json_build_object(
            'schema', nspname,
            'is_visible', pg_catalog.pg_table_is_visible(pg_class.oid)
          )),
          '[]'
        )
        from pg_catalog.pg_class
        join pg_catalog.pg_namespace on pg_namespace.oid = relnamespace
        where relname = 'grid_meta' and relkind = 'r'
          and pg_catalog.has_schema_privilege(pg_namespace.oid, 'usage')
      )
    )::pg_catalog.text as state`
}

/**
 * The forms in which a pool's sessions read: {@link FORMS}, and the schema of the tables first on the
 * search path. Without the latter a role's `search_path` could hide the tables, or put another
 * application's `users` or `orders` before them.
 */
export class SessionForms {
  #path: readonly string[] = []

  /** The settings, each with its value. */
  get settings(): Readonly<Record<string, string>> {
    return this.#path.length === 0 ? FORMS : { ...FORMS, [SEARCH_PATH]: pathText(this.#path) }
  }

  /** SQL statements that give a session, or with `local` a transaction, these settings. */
  sql(scope: 'session' | 'local'): readonly string[] {
    return Object.entries(this.settings).map(
      // A path is a list of names, which one literal would make one name.
      ([name, value]) => `set ${scope} ${name} = ${name === SEARCH_PATH ? value : `'${value}'`}`,
    )
  }

  /** Whether a session has the settings. */
  matches({ settings, path }: SessionState): boolean {
    const [first] = this.#path
    return (
      Object.entries(FORMS).every(([name, value]) => settings[name] === value) &&
      (first === undefined || path[0] === first)
    )
  }

  /**
   * Finds the schema of the tables: the one whose `grid_meta` the session sees, or the only one that has
   * one. Gives whether the search path changed by that: sessions must then be made anew.
   */
  learn({ path, grids }: SessionState): boolean {
    const seen =
      grids.find(({ is_visible }) => is_visible) ?? (grids.length === 1 ? grids[0] : null)
    if (!seen || path[0] === seen.schema || this.#path[0] === seen.schema) return false
    this.#path = [seen.schema, ...path.filter((schema) => schema !== seen.schema)]
    return true
  }
}

function pathText(path: readonly string[]): string {
  return path.map((schema) => `"${schema.replaceAll('"', '""')}"`).join(', ')
}
