import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { endWithThisProcess } from '@grid/testing'
import type { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildProgram } from '../../src/cli/program.ts'
import { type DocumentedCommand, documentedCommands, ROOT } from './commands-in-documents.ts'

/** Commands that run here as they stand: to their end, or until they say that they work. */
const RUN_HERE: Readonly<Record<string, { exit: number } | { says: RegExp }>> = {
  'npx -y pnpm@12 --filter event-saver build': { exit: 0 },
  './node_modules/.bin/node --max-semi-space-size=16 apps/event-saver/dist/event-saver.mjs run': {
    says: /health, status and metrics at/,
  },
  "EVENTSAVER_CATEGORY=linear,spot EVENTSAVER_SYMBOLS='linear:*,spot:BTCUSDT' npx -y pnpm@12 start":
    { says: /health, status and metrics at/ },
  'npx -y pnpm@12 start': { says: /health, status and metrics at/ },
  'npx -y pnpm@12 demo --for 30s': { says: /streams live/ },
  'npx -y pnpm@12 event-saver run --help': { exit: 0 },
  'npx -y pnpm@12 event-saver config': { exit: 0 },
  'npx -y pnpm@12 --filter @grid/bybit-sim start --symbols BTCUSDT,ETHUSDT --trades-per-second 250':
    { says: /"wsUrl":"ws:/ },
}

/** Scripts that are not run here, and why. */
const SCRIPTS_ELSEWHERE: Readonly<Record<string, string>> = {
  bench: 'takes minutes',
  changeset: 'asks questions',
  check: 'CI runs it',
  install: 'every run of pnpm does it',
  format: 'would change files; CI checks with the same tool',
  soak: 'takes hours',
  start: 'another line with it is run here; this one names a database of the reader',
  test: 'CI runs it, and it would run this test',
  'test:at': 'CI runs one of its settings',
  typecheck: 'CI runs it',
}

/** How long a command may take to say that it works, on a machine with other work. */
const LONGEST_MS = 300_000
const COMMANDS = documentedCommands()
const PNPM = /^(?:[A-Z_]+=\S+\s+)*npx -y pnpm@12\s+(?:--filter[ =](?<filter>\S+)\s+)?(?<rest>.+)$/

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'grid-documents-'))
})
afterAll(() => rm(folder, { recursive: true }))

it('finds the commands', () => {
  expect(COMMANDS.length).toBeGreaterThan(60)
  for (const line of Object.keys(RUN_HERE)) {
    expect(COMMANDS.map((command) => command.line)).toContain(line)
  }
})

describe('a command in a document', () => {
  it.each(unique(COMMANDS))(
    '$document: $line',
    async (command) => {
      const { line } = command
      const run = RUN_HERE[line]
      if (run !== undefined) await runAsItStands(line, run)
      else await checkWithoutRunning(command)
    },
    2 * LONGEST_MS,
  )
})

function unique(commands: readonly DocumentedCommand[]): DocumentedCommand[] {
  return [...new Map(commands.map((command) => [command.line, command])).values()]
}

async function runAsItStands(
  line: string,
  wanted: { exit: number } | { says: RegExp },
): Promise<void> {
  // As in a shell of a reader: the machine's own Node, and nothing of the pnpm that runs this test.
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(npm|pnpm|node|eventsaver|init_cwd)/i.test(name),
  )
  const path = process.env['PATH']?.split(':').filter((part) => !part.includes('node_modules'))
  const child = spawn('sh', ['-c', line], {
    cwd: ROOT,
    detached: true,
    env: {
      ...Object.fromEntries(own),
      PATH: path?.join(':'),
      EVENTSAVER_DATABASE_URL: 'postgres://nobody@127.0.0.1:9/grid',
      EVENTSAVER_WS_URL: 'ws://127.0.0.1:9',
      EVENTSAVER_REST_URL: 'http://127.0.0.1:2',
      EVENTSAVER_HTTP_ADDRESS: '127.0.0.1:0',
      EVENTSAVER_DATA_DIR: folder,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  endWithThisProcess(child, { group: true })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const ended = once(child, 'close')
  try {
    if ('exit' in wanted) {
      const [code] = await ended
      expect(code, output).toBe(wanted.exit)
    } else {
      const isOver = ended.then(() => true)
      await expect
        .poll(async () => wanted.says.test(output) || (await Promise.race([isOver, false])), {
          timeout: LONGEST_MS,
        })
        .toBe(true)
      expect(output).toMatch(wanted.says)
    }
  } finally {
    await end(child, ended)
  }
}

/** Ends a command with everything that it started: in good order if it can. */
async function end(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  const signal = (name: NodeJS.Signals): void => {
    if (child.pid === undefined) return
    try {
      process.kill(-child.pid, name)
    } catch {
      // Nothing of it is left.
    }
  }
  signal('SIGTERM')
  await Promise.race([ended, delay(10_000)])
  signal('SIGKILL')
  await ended
}

/** Checks what a command names: options of the app, scripts, folders and files. */
async function checkWithoutRunning({ document, line }: DocumentedCommand): Promise<void> {
  const steps = line.split(' && ')
  const last = steps.at(-1) ?? ''
  let at = /test\/README\.md$|^tooling\//.test(document) ? packageOf(document) : '.'
  for (const step of [...steps.slice(0, -1), last]) {
    const [, target] = /^cd (\S+)$/.exec(step) ?? []
    if (target !== undefined) {
      at = target
      expect(existsSync(join(ROOT, target)), target).toBe(true)
    } else await checkStep(step, at)
  }
}

async function checkStep(step: string, at: string): Promise<void> {
  const [, args] = /(?:^|\s)event-saver (?!exec\b|run test\b)(.+)$/.exec(step) ?? []
  if (args !== undefined && !step.includes('--filter')) return parses(args)
  // tooling/checks installs the packages as a reader would.
  if (/^(npm install|pnpm add) /.test(step)) return
  if (/^export [A-Z_]+=/.test(step)) return
  const { filter, rest } = PNPM.exec(step)?.groups ?? {}
  expect(rest, `${step} is neither run nor known here`).toBeDefined()
  const folderName = filter === undefined ? at : folderOf(filter)
  const [, tests] = /^exec vitest (.+)$/.exec(rest ?? '') ?? []
  if (tests === undefined) return checkScript(rest ?? '', filter === undefined ? '.' : folderName)
  for (const name of tests.split(' ').filter((word) => word.startsWith('test/'))) {
    // A document of no package names files of another one as examples.
    const folders = folderName === 'tooling/testing' ? ['packages/db'] : [folderName]
    expect(
      folders.some((at) => existsSync(join(ROOT, at, name))),
      `${folderName}/${name}`,
    ).toBe(true)
  }
}

function checkScript(rest: string, folderName: string): void {
  const script = rest.replace(/^run /, '').split(' ')[0] ?? ''
  const reason = SCRIPTS_ELSEWHERE[script]
  expect(reason, `${script} is neither run here nor listed with a reason`).toBeDefined()
  const { scripts } = JSON.parse(readFileSync(join(ROOT, folderName, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  if (!['changeset', 'install'].includes(script)) expect(scripts).toHaveProperty([script])
}

/** Parses a command line by the app's own program, without doing what it says. */
async function parses(text: string): Promise<void> {
  const args = text
    .replace(/\s+>.*$/, '')
    .replaceAll('<command>', 'run')
    .split(' ')
    .map((word) => word.replaceAll("'", ''))
    .filter((word) => word !== '' && word !== '--help')
  const silent = { argv: [], env: {}, cwd: '/', out: () => {}, err: () => {} }
  const program = buildProgram({ ...silent, stdin: Readable.from([]) }, () => {})
  const parsed: string[] = []
  for (const command of leaves(program)) {
    command.action(() => {
      parsed.push(command.name())
    })
  }
  await program.parseAsync(args, { from: 'user' })
  expect(parsed).toHaveLength(1)
}

function leaves(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves)
}

/** The folder of the package that a document belongs to. */
function packageOf(document: string): string {
  for (let at = dirname(document); at !== '.'; at = dirname(at)) {
    if (existsSync(join(ROOT, at, 'package.json'))) return at
  }
  return '.'
}

function folderOf(filter: string): string {
  const name = filter.replace(/^@grid\//, '')
  const found = ['packages', 'apps', 'tooling'].find((parent) =>
    existsSync(join(ROOT, parent, name, 'package.json')),
  )
  return join(found ?? '', name)
}
