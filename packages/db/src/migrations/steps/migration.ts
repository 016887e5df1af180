/** One step of the schema. It never changes once it is released. */
export interface Migration {
  /** Its number and subject, e.g. `0005-removed-days`. */
  readonly name: string
  /** Oldest schema version whose package may read the database after this step. */
  readonly minReader: number
  /** Oldest schema version whose package may write to it. */
  readonly minWriter: number
  readonly statements: readonly string[]
}
