/** Whose rows a query may see: the first argument of every method that reads or changes a tenant's. */
export interface TenantScope {
  /** A user's id, a UUID. */
  readonly userId: string
}
