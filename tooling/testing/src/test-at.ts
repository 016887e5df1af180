import { execFileSync, spawnSync } from 'node:child_process'
import { argv, env, exit, stderr } from 'node:process'

/** A time at which the tests run, and where. */
interface Setting {
  /** What the clock of each test file shows at its start, by UTC; `today` stands for the date. Left out, the time that it is. */
  readonly at?: string
  /** The time zone and the language of the machine; as they are, if left out. */
  readonly env?: Readonly<Record<'TZ' | 'LANG', string>>
}

/** What `test` runs: `GRID_TEST_SETTING` chooses another setting for it. */
const UNMOVED = 'now'

const SETTINGS: Readonly<Record<string, Setting>> = {
  [UNMOVED]: {},
  'after-midnight': { at: 'todayT00:01:00Z' },
  'before-noon': { at: 'todayT11:59:00Z' },
  'before-midnight': { at: 'todayT23:58:00Z' },
  'over-midnight': { at: 'todayT23:59:57Z' },
  'month-end': { at: '2027-04-30T23:58:00Z' },
  'year-end': { at: '2027-12-31T23:58:00Z' },
  'leap-day': { at: '2028-02-29T12:00:00Z' },
  newfoundland: {
    at: 'todayT11:40:00Z',
    env: { TZ: 'America/St_Johns', LANG: 'tr_TR.UTF-8' },
  },
  india: { at: 'todayT19:00:00Z', env: { TZ: 'Asia/Kolkata', LANG: 'hi_IN.UTF-8' } },
}

const USAGE = `Runs the tests with another clock, time zone and language.

  npx -y pnpm@12 test:at SETTING [turbo's flags, such as --filter=@grid/db]

SETTING is one of
${Object.entries(SETTINGS)
  .map(
    ([name, setting]) =>
      `  ${name.padEnd(16)}${setting.at ?? 'the time that it is'}  ${Object.values(setting.env ?? {}).join(' ')}`,
  )
  .join('\n')}
  commit          one of them, by the hash of the commit that is checked out
`

const [asked = '', ...flags] = argv.slice(2)
const name = asked === UNMOVED ? (env['GRID_TEST_SETTING'] ?? UNMOVED) : asked
const chosen = name === 'commit' ? byCommit() : name
const setting = SETTINGS[chosen]
if (setting === undefined) {
  stderr.write(USAGE)
  exit(2)
}
const at = setting.at?.replace('today', new Date().toISOString().slice(0, 10))
const moved = { ...(at !== undefined && { GRID_TEST_AT: at }), ...setting.env }
if (chosen !== UNMOVED) stderr.write(`tests at ${chosen}: ${JSON.stringify(moved)}\n`)
const args = ['run', 'test', '--concurrency=2', '--continue', ...flags]
// LC_ALL is stronger than LANG.
const { LC_ALL: _, ...rest } = env
const { status } = spawnSync('turbo', args, { stdio: 'inherit', env: { ...rest, ...moved } })
exit(status ?? 1)

function byCommit(): string {
  const hash = execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' })
  const names = Object.keys(SETTINGS).filter((name) => name !== UNMOVED)
  return names[Number.parseInt(hash.slice(0, 8), 16) % names.length] ?? ''
}
