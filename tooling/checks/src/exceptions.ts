/**
 * Findings of the layout's checks that are allowed, by the key that ends their message. One that is no
 * longer found is a fault as well: take it out.
 */
export const EXCEPTIONS: readonly string[] = [
  'circle packages/bybit-adapter/src/auth/rest-auth.ts packages/bybit-adapter/src/auth/server-clock.ts packages/bybit-adapter/src/rest/endpoints/server-time.ts packages/bybit-adapter/src/rest/http/requester.ts',
  'circle packages/bybit-adapter/src/normalizer/frame-normalizer.ts packages/bybit-adapter/src/normalizer/normalizer.ts',
  'circle packages/bybit-adapter/src/rest/http/new-requester.ts packages/bybit-adapter/src/rest/rest-client.ts',
  'circle packages/db/src/migrations/all.ts packages/db/src/migrations/steps/0001-public-data.ts packages/db/src/migrations/steps/0002-all-categories.ts packages/db/src/migrations/steps/0003-private-data.ts packages/db/src/migrations/steps/0004-row-security.ts packages/db/src/migrations/steps/0005-removed-days.ts packages/db/src/migrations/steps/0006-narrow-trades.ts',
  'circle packages/db/src/partitions/ensure-partitions.ts packages/db/src/tables/event-table.ts packages/db/src/tables/scope-sql.ts packages/db/src/tables/trade-key.ts',
  'circle packages/db/src/schema/account-tables.ts packages/db/src/schema/database.ts packages/db/src/schema/identity-tables.ts packages/db/src/schema/value-columns.ts',
  'circle tooling/bybit-sim/src/accounts/holdings/account.ts tooling/bybit-sim/src/accounts/holdings/leg.ts tooling/bybit-sim/src/accounts/orders/execution.ts tooling/bybit-sim/src/accounts/orders/order.ts',
  'circle tooling/bybit-sim/src/rest/endpoints.ts tooling/bybit-sim/src/rest/funding-history.ts tooling/bybit-sim/src/rest/instruments-info.ts tooling/bybit-sim/src/rest/kline.ts tooling/bybit-sim/src/rest/open-interest.ts tooling/bybit-sim/src/rest/recent-trade.ts tooling/bybit-sim/src/rest/tickers.ts',
  'arrow packages/bybit-adapter/src/auth packages/bybit-adapter/src/rest/endpoints',
  'arrow packages/bybit-adapter/src/rest/http packages/bybit-adapter/src/auth',
  'arrow packages/bybit-adapter/src/rest/http packages/bybit-adapter/src/rest',
  'arrow packages/bybit-adapter/src/wire packages/bybit-adapter/src/channels',
  'arrow packages/db/src/migrations/steps packages/db/src/migrations',
  'arrow packages/db/src/read packages/db/src/market',
  'arrow packages/db/src/tables packages/db/src/partitions',
  'channel packages/bybit-adapter/src/streams/public-stream.ts',
  'channel packages/bybit-adapter/src/ws/coverage/silence-watch.ts',
  'channel packages/bybit-adapter/src/ws/coverage/topic-progress.ts',
  'channel packages/db/src/partitions/due-days.ts',
]
