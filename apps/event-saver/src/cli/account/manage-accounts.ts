import { createPrivateKey } from 'node:crypto'
import type { Secret } from '@grid/core-events'
import {
  type Account,
  type AccountDetails,
  AccountRepository,
  type CredentialInfo,
  CredentialRepository,
  type GridDatabase,
  type NewCredential,
  OperatorRepository,
  type User,
} from '@grid/db'
import type { Kysely } from 'kysely'
import type { Config } from '../../config/config.ts'
import { isShownText } from '../../config/shown-text.ts'
import { CommandError, EXIT } from '../../exit-code.ts'
import { withDatabase } from '../with-database.ts'
import { acceptKey } from './accept-key.ts'
import { checkKey, type KeyReport } from './check-key.ts'

/** The account that a command is about. */
export interface AccountName {
  readonly accountName: string
  /** Its user; needed only when accounts of several users have the name. */
  readonly username: string | undefined
}

/** A key as an operator gives it. */
export interface GivenKey {
  readonly apiKey: string
  readonly secret: Secret
  /** Whether to ask the exchange about it before it is stored. */
  readonly isChecked: boolean
  /** Told what is amiss with a key that is stored all the same. */
  readonly onWarning: (warning: string) => void
}

/** An account with its user's name. */
export type NamedAccount = Account & { readonly username: string }

type Change = 'enable' | 'disable' | 'remove'

/** The accounts of this environment, and those whose rows name another one. */
export interface AccountList {
  readonly accounts: readonly NamedAccount[]
  /** They are not captured: somebody changed their rows. */
  readonly strays: readonly Account[]
}

/** Lists all accounts of this environment, or those of a user. */
export function listAccounts(config: Config, username: string | undefined): Promise<AccountList> {
  return onDatabase(config, 'list', async (db) => {
    const accounts = await accountsOf(db, username)
    return { accounts, strays: await new OperatorRepository(db).strayAccounts() }
  })
}

/** Gives an account with its keys, without their secrets. */
export function showAccount(
  config: Config,
  name: AccountName,
): Promise<AccountDetails & { readonly username: string }> {
  return onDatabase(config, 'show', async (db) => {
    const { accountId, userId, username } = await find(db, name)
    const details = await new AccountRepository(db).show({ userId }, accountId)
    if (details === null) throw unknownAccount(name)
    return { ...details, username }
  })
}

/** Adds an account with its key, and its user if there is none of that name. */
export async function addAccount(
  config: Config,
  { accountName, username }: { readonly accountName: string; readonly username: string },
  key: GivenKey,
): Promise<NamedAccount> {
  const credential = credentialOf(key)
  const keys = keysOf(config)
  await ask(config, credential, key)
  return onDatabase(config, 'add', (db) =>
    db.transaction().execute(async (trx) => {
      const operator = new OperatorRepository(trx)
      const user =
        (await operator.getUserByName(username)) ?? (await operator.addUser({ username }))
      const accounts = new AccountRepository(trx, { keys })
      const environment = config.environmentStamp
      const account = await accounts.add(user, { accountName, credential, environment })
      return { ...account, username }
    }),
  )
}

/** Enables or disables the capture of an account, or erases its keys and leaves a tombstone. */
export function changeAccount(
  config: Config,
  change: Change,
  name: AccountName,
): Promise<NamedAccount> {
  return onDatabase(config, change, async (db) => {
    const { accountId, userId, username } = await findPresent(db, name)
    const account = await new AccountRepository(db)[change]({ userId }, accountId)
    return { ...account, username }
  })
}

/** Gives an account another key, and erases the secret of the old one. */
export async function rotateKey(
  config: Config,
  name: AccountName,
  key: GivenKey,
): Promise<CredentialInfo> {
  const credential = credentialOf(key)
  const keys = keysOf(config)
  await ask(config, credential, key)
  return onDatabase(config, 'rotate', async (db) => {
    const { accountId, userId } = await findPresent(db, name)
    return new AccountRepository(db, { keys }).rotate({ userId }, accountId, credential)
  })
}

async function ask(
  config: Config,
  credential: NewCredential,
  { isChecked, onWarning }: GivenKey,
): Promise<void> {
  if (!isChecked) return
  for (const warning of await acceptKey(config, credential)) onWarning(warning)
}

/** Encrypts the secrets of all accounts with the first encryption key; gives how many changed. */
export function reencrypt(config: Config): Promise<number> {
  const keys = keysOf(config)
  return onDatabase(config, 'reencrypt', (db) =>
    new OperatorRepository(db, { keys }).reencryptSecrets(),
  )
}

/** Checks what an account's key may do, and whether it can read what capturing needs. */
export async function testAccount(config: Config, name: AccountName): Promise<KeyReport> {
  const keys = keysOf(config)
  const { credential, isRemoved } = await onDatabase(config, 'test', async (db) => {
    const { accountId, status, userId } = await find(db, name)
    const active = await new CredentialRepository(db, { keys }).getActive({ userId }, accountId)
    return { credential: active, isRemoved: status === 'removed' }
  })
  if (credential === null) {
    const missing = `account ${name.accountName} has no key: give it one with account rotate`
    const message = isRemoved ? removedText(name) : missing
    throw new CommandError(EXIT.problem, 'CREDENTIAL_MISSING', message)
  }
  return checkKey(config, credential)
}

async function onDatabase<Result>(
  config: Config,
  command: string,
  work: (db: Kysely<GridDatabase>) => Promise<Result>,
): Promise<Result> {
  const mode = ['list', 'show', 'test'].includes(command) ? 'read' : 'write'
  try {
    return await withDatabase(config, { command: `account ${command}`, mode }, work)
  } catch (error) {
    throw refusal(error) ?? error
  }
}

const USAGE_FAULTS = new Set(['ALREADY_EXISTS', 'NOT_FOUND'])
const KEY_FAULTS = new Set(['ENCRYPTION_KEY_UNKNOWN', 'SECRET_UNREADABLE'])

/** The error for the operator when a repository refuses something; null for all other errors. */
function refusal(error: unknown): CommandError | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null
  const { code, message } = error
  if (USAGE_FAULTS.has(code)) return new CommandError(EXIT.usage, code, message)
  if (!KEY_FAULTS.has(code)) return null
  return new CommandError(EXIT.configuration, code, `EVENTSAVER_ENCRYPTION_KEYS: ${message}`)
}

async function accountsOf(
  db: Kysely<GridDatabase>,
  username: string | undefined,
): Promise<readonly NamedAccount[]> {
  const found: NamedAccount[] = []
  for (const user of await usersOf(new OperatorRepository(db), username)) {
    const accounts = await new AccountRepository(db).list(user)
    found.push(...accounts.map((account) => ({ ...account, username: user.username })))
  }
  return found
}

const PAGE = 1000

async function usersOf(
  operator: OperatorRepository,
  username: string | undefined,
): Promise<readonly User[]> {
  if (username !== undefined) {
    const user = await operator.getUserByName(username)
    if (user !== null) return [user]
    const message = `--user: there is no user ${nameText(username)}`
    throw new CommandError(EXIT.usage, 'NOT_FOUND', message)
  }
  const users: User[] = []
  for (;;) {
    const page = await operator.listUsers({ limit: PAGE, offset: users.length })
    users.push(...page)
    if (page.length < PAGE) return users
  }
}

async function find(db: Kysely<GridDatabase>, name: AccountName): Promise<NamedAccount> {
  const [account, another] = await namesakes(db, name)
  if (account === undefined) throw unknownAccount(name)
  if (another === undefined) return account
  const message = `several users have an account ${name.accountName}: say whose with --user`
  throw new CommandError(EXIT.usage, 'ACCOUNT_AMBIGUOUS', message)
}

/** An account that was not removed: of a removed one only the name is left. */
async function findPresent(db: Kysely<GridDatabase>, name: AccountName): Promise<NamedAccount> {
  const account = await find(db, name)
  if (account.status !== 'removed') return account
  throw new CommandError(EXIT.usage, 'NOT_FOUND', removedText(name))
}

function removedText({ accountName }: AccountName): string {
  return `account ${accountName} was removed: add it again with account add`
}

/** The accounts of a name, whatever their environment: one of another must be found to be removed. */
async function namesakes(
  db: Kysely<GridDatabase>,
  { accountName, username }: AccountName,
): Promise<readonly NamedAccount[]> {
  const found: NamedAccount[] = []
  for (const user of await usersOf(new OperatorRepository(db), username)) {
    const account = await new AccountRepository(db).getByName(user, accountName)
    if (account !== null) found.push({ ...account, username: user.username })
  }
  return found
}

/** A name that there is not, unless it may be a secret that was meant for another place. */
function nameText(name: string): string {
  return isShownText(name) ? name : 'of that name'
}

function unknownAccount({ accountName, username }: AccountName): CommandError {
  const whose = username === undefined ? '' : ` of user ${nameText(username)}`
  const message = `there is no account ${nameText(accountName)}${whose}: see account list`
  return new CommandError(EXIT.usage, 'NOT_FOUND', message)
}

function keysOf({ encryptionKeys }: Config): NonNullable<Config['encryptionKeys']> {
  if (encryptionKeys !== undefined) return encryptionKeys
  throw new CommandError(
    EXIT.configuration,
    'ENCRYPTION_KEYS_MISSING',
    'EVENTSAVER_ENCRYPTION_KEYS is not set, and secrets are stored encrypted: set it to an id and 32 random bytes, e.g. "2026:$(openssl rand -base64 32)", and keep it',
  )
}

const VISIBLE_ASCII = /^[!-~]+$/
const PEM = /^-----BEGIN [A-Z ]*PRIVATE KEY-----/

/** Checks a key before it is stored. A secret in PEM is the private half of an RSA key. */
function credentialOf({ apiKey, secret }: GivenKey): NewCredential {
  if (!VISIBLE_ASCII.test(apiKey)) {
    throw invalid('--api-key must be visible ASCII without blanks: copy it again')
  }
  const text = secret.reveal()
  if (!PEM.test(text)) {
    if (VISIBLE_ASCII.test(text)) return { apiKey, secret, keyType: 'hmac' }
    throw invalid(
      'the secret must be visible ASCII without blanks or line breaks, or a private key in PEM: copy it again',
    )
  }
  if (isRsaKey(text)) return { apiKey, secret, keyType: 'rsa' }
  throw invalid(
    'the secret is not an unencrypted RSA private key in PEM: export it without a passphrase',
  )
}

function isRsaKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa'
  } catch {
    return false
  }
}

function invalid(message: string): CommandError {
  return new CommandError(EXIT.usage, 'CREDENTIAL_INVALID', message)
}
