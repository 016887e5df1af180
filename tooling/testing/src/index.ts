// Declares the type of inject('postgresUrl').
import type {} from './global-setup.ts'

export { clearOfMidnight } from './clear-of-midnight.ts'
export { endWithThisProcess } from './end-with-this-process.ts'
export { freePort } from './free-port.ts'
export { OwnPostgres } from './own-postgres.ts'
export { findPgbouncer, type Pgbouncer, startPgbouncer } from './pgbouncer.ts'
export { type Relay, startRelay } from './relay.ts'
export { startPostgres, type TestServer } from './start-postgres.ts'
export { createTestDatabase, type TestDatabase, type TestDatabaseOptions } from './test-database.ts'
