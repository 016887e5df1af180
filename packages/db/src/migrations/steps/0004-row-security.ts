import type { Migration } from './migration.ts'
import { rowSecurity } from './row-security.ts'

/**
 * Shows each tenant its own rows, and collectors all. It names no role, so that a database can be
 * restored where there is none; what the roles may do is granted by `grantRoles`.
 */
export const rowSecurityOfTenants: Migration = {
  name: '0004-row-security',
  minReader: 1,
  minWriter: 1,
  statements: [
    // The role may be made and given at any time, so it is looked up by name.
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
    // Those of market data have no account, and are everybody's.
    ...rowSecurity('capture_gaps', 'account or none'),
    ...rowSecurity('dead_letters', 'account or none'),
  ],
}
