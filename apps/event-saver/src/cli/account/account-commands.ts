import type { Account } from '@grid/db'
import { type Command, Option } from 'commander'
import type { Config } from '../../config/config.ts'
import { isShownText } from '../../config/shown-text.ts'
import { CommandError, EXIT } from '../../exit-code.ts'
import {
  type AddCommand,
  type CommandContext,
  type CommandLine,
  type CommandOptions,
  JSON_OPTION,
} from '../command.ts'
import { accountLine, credentialLine, reportLines, strayLine } from './account-lines.ts'
import type { AccountName, GivenKey } from './manage-accounts.ts'
import { readSecret } from './read-secret.ts'

/** Loaded when it is needed: `run` starts without it. */
const implementation = () => import('./manage-accounts.ts')

/** Adds `account add`, `list`, `show`, `disable`, `enable`, `rotate`, `test`, `remove` and `reencrypt`. */
export function addAccountCommands(cli: CommandLine): void {
  const { program, context, print } = cli
  const accounts = program.command('account').description('manage the accounts that are captured')
  const add: AddCommand = (name, description, examples, action) =>
    cli.add(name, description, examples, action, accounts).option(...JSON_OPTION)
  const withUser = (sub: Command) => sub.option('--user <name>', 'whose account it is')
  const withName = (sub: Command) => withUser(sub).argument('<account>', 'name of the account')
  const withKey = (sub: Command) =>
    sub
      .requiredOption('--api-key <key>', 'the public part of the key')
      .option(
        '--secret-file <file>',
        'file with the secret or the RSA private key; - for the standard input',
      )
      .addOption(new Option('--secret [value]').hideHelp())
      .option('--no-check', 'store the key without asking the exchange about it')
  const keyOf = (options: CommandOptions) => givenKey(options, context)

  withUser(
    add(
      'list',
      'list the accounts of this environment',
      LIST_EXAMPLES,
      async ({ config }, options) => {
        const { listAccounts } = await implementation()
        const { accounts: list, strays } = await listAccounts(config, textOf(options['user']))
        print(options, list, list.map(accountLine))
        for (const stray of strays) context.err(`event-saver: WARNING: ${strayLine(stray)}\n`)
        return EXIT.ok
      },
    ),
  )

  withName(
    add(
      'show',
      'show an account and its keys, without secrets',
      SHOW_EXAMPLES,
      async ({ config }, options, args) => {
        const { showAccount } = await implementation()
        const details = await showAccount(config, nameOf(options, args))
        print(options, details, [accountLine(details), ...details.credentials.map(credentialLine)])
        return EXIT.ok
      },
    ),
  )

  withKey(
    add(
      'add',
      'add an account with its key, once the exchange accepts it; type the secret, or give it in a file or by the standard input',
      ADD_EXAMPLES,
      async ({ config }, options, args) => {
        const { accountName, username = '' } = nameOf(options, args)
        assertName('the account', accountName)
        assertName('--user', username)
        const { addAccount } = await implementation()
        const account = await addAccount(config, { accountName, username }, await keyOf(options))
        print(options, account, [`added ${accountLine(account)}`])
        return EXIT.ok
      },
    )
      .argument('<account>', 'name of the account')
      .requiredOption('--user <name>', 'whose account it is; a new name makes a new user'),
  )

  withName(
    withKey(
      add(
        'rotate',
        'give an account another key, once the exchange accepts it, and erase the secret of the old one',
        ROTATE_EXAMPLES,
        async ({ config }, options, args) => {
          const { rotateKey } = await implementation()
          const credential = await rotateKey(config, nameOf(options, args), await keyOf(options))
          print(options, credential, [credentialLine(credential)])
          await renew(config, credential.accountId, context)
          return EXIT.ok
        },
      ),
    ),
  )

  for (const [change, description] of CHANGES) {
    const examples = `  event-saver account ${change} main --user alice`
    withName(
      add(change, description, examples, async ({ config }, options, args) => {
        const { changeAccount } = await implementation()
        const account = await changeAccount(config, change, nameOf(options, args))
        print(options, account, [accountLine(account)])
        if (change === 'remove') await forget(config, account, context)
        if (change === 'disable') await renew(config, account.accountId, context)
        return EXIT.ok
      }),
    )
  }

  withName(
    add(
      'test',
      'ask the exchange what an account’s key may do; exit 3 when it cannot read all that is captured',
      TEST_EXAMPLES,
      async ({ config }, options, args) => {
        const { testAccount } = await implementation()
        const report = await testAccount(config, nameOf(options, args))
        print(options, report, reportLines(report))
        for (const warning of report.warnings) context.err(`event-saver: WARNING: ${warning}\n`)
        return report.readings.every(({ ok }) => ok) ? EXIT.ok : EXIT.problem
      },
    ),
  )

  add(
    'reencrypt',
    'encrypt all secrets with the first encryption key, and bind those of older versions to all of their row',
    REENCRYPT_EXAMPLES,
    async ({ config }, options) => {
      const { reencrypt } = await implementation()
      const changed = await reencrypt(config)
      await renew(config, null, context)
      print(options, { changed }, [`${changed} secrets encrypted anew`])
      return EXIT.ok
    },
  )
}

const CHANGES = [
  ['enable', 'capture an account'],
  ['disable', 'stop capturing an account; its key stays'],
  ['remove', 'erase an account’s keys, and from the journal what it sent; its stored data stays'],
] as const

async function forget(
  config: Config,
  account: Account,
  { err }: Pick<CommandContext, 'err'>,
): Promise<void> {
  const { forgetAccount } = await import('./forget-account.ts')
  if (await forgetAccount(config, account)) return
  err(
    'event-saver: the saver that runs takes what the account sent out of its journal, once it is stored\n',
  )
}

async function renew(
  config: Config,
  accountId: string | null,
  { err }: Pick<CommandContext, 'err'>,
): Promise<void> {
  const { renewKept } = await import('./forget-account.ts')
  const reason = await renewKept(config, accountId)
  if (reason === null) return
  err(
    `event-saver: WARNING: a start without the database would begin with the accounts and keys of before (${reason}): remove ${config.dataDir}/kept/accounts.json\n`,
  )
}

function nameOf(options: CommandOptions, [accountName = '']: readonly string[]): AccountName {
  return { accountName, username: textOf(options['user']) }
}

/** Letters of any script, but no character that a list or a log would not show. */
const NAME = /^(?!\s)[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,100}(?<!\s)$/u

/** Refuses a bad name for something new. Existing accounts may have any name. */
function assertName(what: string, name: string): void {
  if (NAME.test(name)) return
  const text = isShownText(name)
    ? JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}…` : name)
    : 'what is not shown'
  const message = `${what} is named ${text}: choose 1 to 100 characters, no control characters, no blank at either end`
  throw new CommandError(EXIT.usage, 'NAME_INVALID', message)
}

async function givenKey(options: CommandOptions, context: CommandContext): Promise<GivenKey> {
  if (options['secret'] !== undefined) {
    throw new CommandError(
      EXIT.usage,
      'SECRET_IN_ARGUMENT',
      'a secret must not be an argument, which other users of this host can read: type it, use --secret-file or the standard input; if this was a real one, replace the key',
    )
  }
  const { cwd, stdin, err } = context
  const file = textOf(options['secretFile'])
  const secret = await readSecret({ file, cwd, stdin, ask: err })
  return {
    apiKey: textOf(options['apiKey']) ?? '',
    secret,
    isChecked: options['check'] !== false,
    onWarning: (warning) => err(`event-saver: WARNING: ${warning}\n`),
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

const LIST_EXAMPLES = `  event-saver account list
  event-saver account list --user alice --json`
const SHOW_EXAMPLES = `  event-saver account show main --user alice`
const ADD_EXAMPLES = `  event-saver account add main --user alice --api-key XXXXXXXX
  event-saver account add main --user alice --api-key XXXXXXXX --secret-file ./secret`
const ROTATE_EXAMPLES = `  event-saver account rotate main --user alice --api-key YYYYYYYY --secret-file ./secret`
const TEST_EXAMPLES = `  event-saver account test main --user alice`
const REENCRYPT_EXAMPLES = `  EVENTSAVER_ENCRYPTION_KEYS=new:…,old:… event-saver account reencrypt`
