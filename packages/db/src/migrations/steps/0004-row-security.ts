import type { Migration } from './migration.ts'
import { rowSecurity } from './row-security.ts'

/**
 * Row security: a tenant sees its own rows, a collector all rows. It names no role, so that a database
 * can be restored on a server without the roles; `grantRoles` grants their privileges.
 */
export const rowSecurityOfTenants: Migration = {
  name: '0004-row-security',
  minReader: 1,
  minWriter: 1,
  statements: [
    // The role may be made and granted at any time, so it is looked up by name.
    `create function grid_ingests() returns boolean language sql stable parallel safe
      set search_path = pg_catalog, pg_temp
      as $$
        select coalesce(
          (select pg_has_role(current_user, oid, 'usage') from pg_roles where rolname = 'grid_writer'),
          false)
      $$`,
    ...rowSecurity('users', 'user'),
    ...rowSecurity('bybit_accounts', 'user'),
    ...rowSecurity('runs', 'user'),
    ...rowSecurity('api_credentials', 'account'),
    ...rowSecurity('strategies', 'account'),
    ...rowSecurity('private_executions', 'account'),
    ...rowSecurity('orders', 'account'),
    ...rowSecurity('order_states', 'account'),
    ...rowSecurity('position_snapshots', 'account'),
    ...rowSecurity('wallet_snapshots', 'account'),
    ...rowSecurity('account_transactions', 'account'),
    // Rows of market data have no account and are visible to all.
    ...rowSecurity('capture_gaps', 'account or none'),
    ...rowSecurity('dead_letters', 'account or none'),
  ],
}
