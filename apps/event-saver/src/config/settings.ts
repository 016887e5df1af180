import { hostname } from 'node:os'
import { REGIONS } from '@grid/bybit-adapter'
import { CATEGORIES, PUBLIC_CHANNELS } from '@grid/core-events'
import { PARTITIONED_TABLES } from '@grid/db'
import { z } from 'zod'
import { type RetentionValues, retentionName } from './retention.ts'
import {
  baseUrl,
  commaList,
  databaseUrl,
  duration,
  encryptionKeys,
  folderPath,
  hostNames,
  httpToken,
  interval,
  listenAddress,
  retention,
  size,
  type TextSchema,
  wholeNumber,
  word,
  yesNo,
} from './schemas.ts'

/** One configurable value: its names, its meaning, and how its text is read. */
export interface Setting<Value> {
  readonly variable: string
  /** Long option of the command line, without dashes. */
  readonly flag: string
  readonly help: string
  /** The text that counts when none is given; undefined leaves the value undefined. */
  readonly fallback: string | undefined
  /** A correct text, for the message about a wrong one. */
  readonly example: string
  readonly schema: TextSchema<Value>
  /**
   * Whether the value may hold a secret: a message about it never shows the text, and `<variable>_FILE` may
   * name a file that holds it. The messages of its schema are whole sentences.
   */
  readonly secret?: boolean
  /** Whether its flag may stand without a value, which then is true. */
  readonly isSwitch?: boolean
  /** Whether the value is never shown and has no flag, which every user of the host could read. */
  readonly hidden?: boolean
}

type Text = string | undefined

function setting<Value, Fallback extends Text>(
  name: string,
  fallback: Fallback,
  example: string,
  schema: TextSchema<Value>,
  help: string,
  more: { secret?: boolean; hidden?: boolean; isSwitch?: boolean } = {},
): Setting<Fallback extends undefined ? Value | undefined : Value> {
  return {
    variable: `EVENTSAVER_${name}`,
    flag: name.toLowerCase().replaceAll('_', '-'),
    help,
    fallback,
    example,
    schema,
    ...more,
  }
}

type RetentionSettings = {
  readonly [Name in keyof RetentionValues]: Setting<RetentionValues[Name]>
}

/** The retention setting of every table of market data. */
function retentionSettings(): RetentionSettings {
  const settings = PARTITIONED_TABLES.map((table) => [
    retentionName(table),
    setting(
      `RETENTION_${table.toUpperCase()}`,
      'keep',
      '90d',
      retention,
      `how long days of ${table} are kept after they end: keep, or a time such as 90d`,
    ),
  ])
  // Sound: every table has its setting.
  return Object.fromEntries(settings) as RetentionSettings
}

/** Every setting of the app, by the name of its value in `Config`. */
export const SETTINGS = {
  symbols: setting(
    'SYMBOLS',
    'BTCUSDT,ETHUSDT',
    'BTCUSDT,ETHUSDT',
    z.string().trim().min(1, 'must name at least one symbol'),
    'instruments to capture, a comma list of names, * for all and @file; each may have a category before it (spot:BTCUSDT)',
  ),
  category: setting(
    'CATEGORY',
    'linear',
    'linear,spot',
    commaList(word(CATEGORIES), 'category'),
    'product families, a comma list of linear, inverse, spot, option',
  ),
  channels: setting(
    'CHANNELS',
    'ticker,publicTrade',
    'ticker,publicTrade',
    commaList(word(PUBLIC_CHANNELS), 'channel'),
    'kinds of data to capture, a comma list',
  ),
  environment: setting(
    'ENVIRONMENT',
    undefined,
    'mainnet',
    word(['mainnet', 'testnet', 'demo']),
    'exchange environment: mainnet (default), testnet or demo',
  ),
  region: setting(
    'REGION',
    undefined,
    'tr',
    word(REGIONS),
    'site where the account is registered, if it has hosts of its own: ae, eu, ge, hk, id, jp, kz, nl or tr; not with demo, with testnet hk and jp only',
  ),
  testnet: setting('TESTNET', undefined, 'false', yesNo, 'true is the same as environment testnet'),
  databaseUrl: setting(
    'DATABASE_URL',
    undefined,
    'postgres://user@127.0.0.1:5432/grid',
    databaseUrl,
    'where to store: postgres://… or pglite:<folder> (default: pglite in the data directory)',
    { secret: true },
  ),
  dataDir: setting(
    'DATA_DIR',
    './data',
    './data',
    folderPath,
    'folder of the journal, of the embedded database, and of what a start begins with while others do not answer',
  ),
  journal: setting(
    'JOURNAL',
    'disk',
    'memory',
    word(['disk', 'memory']),
    'where frames are until they are stored: disk (in the data directory), or memory, where a crash and a stop without the database lose them',
  ),
  journalSyncInterval: setting(
    'JOURNAL_SYNC_INTERVAL',
    '100ms',
    '100ms',
    duration(5, 10_000),
    'how often the journal is synced: a power cut costs so much, and the time of a sync',
  ),
  journalMaxSize: setting(
    'JOURNAL_MAX_SIZE',
    '20GB',
    '20GB',
    size,
    'most that the journal takes on the disk; at this bound the newest market data is dropped, with a gap, and never what accounts sent',
  ),
  journalDropOrder: setting(
    'JOURNAL_DROP_ORDER',
    'ticker,publicTrade',
    'publicTrade,ticker',
    commaList(word(PUBLIC_CHANNELS), 'channel'),
    'which market data is dropped first where the journal has no room, a comma list: its first kind when nine tenths are taken, the others at the bound',
  ),
  journalRetention: setting(
    'JOURNAL_RETENTION',
    '1h',
    '1h',
    duration(0, 2_592_000_000),
    'how long stored frames stay in the journal: a database that loses its last moments in a failover is healed from them',
  ),
  journalArchive: setting(
    'JOURNAL_ARCHIVE',
    'false',
    'true',
    yesNo,
    'whether stored frames are kept for ever, compressed: rows can be made again from them',
  ),
  batchSize: setting(
    'BATCH_SIZE',
    '1000',
    '1000',
    wholeNumber(1, 10_000),
    'waiting rows that are stored without waiting for more; of what waits longer, up to four times as many are stored at once',
  ),
  flushInterval: setting(
    'FLUSH_INTERVAL',
    '0.5',
    '0.5',
    duration(10, 60_000),
    'longest wait before a partial batch is stored',
  ),
  tickerInterval: setting(
    'TICKER_INTERVAL',
    'every',
    '1',
    interval,
    'stores at most one ticker a symbol and interval, the last: every (message), or a time of 100ms to 30s',
  ),
  maxWaiting: setting(
    'MAX_WAITING',
    '45000',
    '20000',
    wholeNumber(1000, 10_000_000),
    'events a channel holds in memory; what finds no room is read from the journal later, and with a journal in memory it is dropped with a gap',
  ),
  gapThreshold: setting(
    'GAP_THRESHOLD_SECONDS',
    '0',
    '0',
    duration(0, 3_600_000),
    'shorter gaps of market data are recorded as ignored, and not filled',
  ),
  repair: setting(
    'REPAIR',
    'true',
    'false',
    yesNo,
    'whether gaps of public trades are filled from the exchange’s newest trades over REST',
  ),
  wsUrl: setting(
    'WS_URL',
    undefined,
    'ws://127.0.0.1:9001',
    baseUrl(['ws', 'wss']),
    'WebSocket base URL, instead of the environment’s',
  ),
  restUrl: setting(
    'REST_URL',
    undefined,
    'http://127.0.0.1:9002',
    baseUrl(['http', 'https']),
    'REST base URL, instead of the environment’s',
  ),
  accountCategories: setting(
    'ACCOUNT_CATEGORIES',
    'linear,inverse,spot,option',
    'linear,spot',
    commaList(word(CATEGORIES), 'category'),
    'product families that are read of accounts over REST, a comma list; their sockets deliver all, so a gap counts as filled only when all four are read',
  ),
  accountFilter: setting(
    'ACCOUNT_FILTER',
    'all',
    'predecessor',
    word(['all', 'predecessor']),
    'what is kept of accounts: all, or as the predecessor only linear, executions of type Trade and Limit orders; the rest is counted as filtered',
  ),
  requiredAccounts: setting(
    'REQUIRED_ACCOUNTS',
    undefined,
    'main,hedge',
    commaList(z.string(), 'account'),
    'accounts without which the saver is not ready, a comma list of names, or * for every enabled one',
  ),
  snapshotInterval: setting(
    'SNAPSHOT_INTERVAL',
    '5m',
    '5m',
    duration(10_000, 86_400_000),
    'how often wallet, positions and open orders of each account are read over REST',
  ),
  runTimeout: setting(
    'RUN_TIMEOUT',
    '15m',
    '15m',
    duration(60_000, 31_536_000_000),
    'runs without a heartbeat for this long are closed as failed at the start',
  ),
  plainAccounts: setting(
    'PLAIN_ACCOUNTS',
    'false',
    'false',
    yesNo,
    'true lets accounts log in over ws:// and http:// beyond this machine, where the network can read along',
  ),
  encryptionKeys: setting(
    'ENCRYPTION_KEYS',
    undefined,
    'id:base64,id:base64',
    encryptionKeys,
    'keys for the secrets of accounts: the first encrypts, all decrypt; needed once accounts exist',
    { secret: true, hidden: true },
  ),
  httpAddress: setting(
    'HTTP_ADDRESS',
    '127.0.0.1:9464',
    '127.0.0.1:9464',
    listenAddress,
    'where health, status and metrics are served',
  ),
  httpToken: setting(
    'HTTP_TOKEN',
    undefined,
    'a-long-random-text',
    httpToken,
    'what a client of /status and /metrics sends as Authorization: Bearer; needed beyond loopback',
    { secret: true, hidden: true },
  ),
  httpHosts: setting(
    'HTTP_HOSTS',
    '',
    'saver.example.org',
    hostNames,
    'further names under which clients may ask for /status and /metrics; addresses and the host’s name are known',
  ),
  migrate: setting(
    'MIGRATE',
    'auto',
    'auto',
    word(['auto', 'check']),
    'auto migrates at start, check refuses to start when migrations are pending',
  ),
  exitOnDbError: setting(
    'EXIT_ON_DB_ERROR',
    'false',
    'true',
    yesNo,
    'run exits 75 when the database is away at the start, in place of capturing and waiting for it; later outages are always waited for',
    { isSwitch: true },
  ),
  ...retentionSettings(),
  collector: setting(
    'COLLECTOR',
    hostname(),
    'collector-1',
    z
      .string()
      // The name is in rows and in the log: the URL of a database does not belong there.
      .regex(
        /^(?!.*:\/\/)[\x21-\x7e]{1,64}$/,
        'must be 1 to 64 visible ASCII characters, and no URL',
      ),
    'name of this collector in the database (default: the host’s name)',
  ),
  logLevel: setting(
    'LOG_LEVEL',
    'info',
    'info',
    word(['debug', 'info', 'warn', 'error']),
    'least severe level that is logged',
  ),
}

/** The name of a setting. */
export type SettingName = keyof typeof SETTINGS
/** All settings with their typed values. */
export type SettingValues = {
  [Name in SettingName]: (typeof SETTINGS)[Name] extends Setting<infer Value> ? Value : never
}
