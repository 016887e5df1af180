import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startSimulator } from '@grid/bybit-sim'
import type { GridDatabase } from '@grid/db'
import { endWithThisProcess, freePort } from '@grid/testing'
import type { Kysely } from 'kysely'
import { describe, expect, it } from 'vitest'
import type { SaverStatus } from '../../src/health/status.ts'
import { Cli } from '../support/cli.ts'
import { ownFolder } from '../support/own-folder.ts'
import { ownDatabase } from '../support/rig.ts'

/** So few files that even the permitted connections take all of them. */
const LIMIT = 70
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** Starts `run` with a stderr of the test's own, below a program such as nohup where one is named. */
async function startSaver(
  env: Readonly<Record<string, string>>,
  { stderr = 'pipe', below = [] }: { stderr?: 'pipe' | number; below?: readonly string[] } = {},
): Promise<{ child: ChildProcess; exited: Promise<unknown>; get: Get; port: number }> {
  const port = await freePort()
  const words = [...below, process.execPath, '--conditions=@grid/source', MAIN, 'run']
  const child = spawn(words[0] ?? '', words.slice(1), {
    env: {
      ...process.env,
      EVENTSAVER_DATA_DIR: ownFolder(),
      ...env,
      EVENTSAVER_HTTP_ADDRESS: `127.0.0.1:${port}`,
    },
    stdio: ['ignore', 'ignore', stderr],
  })
  endWithThisProcess(child)
  const exited = once(child, 'exit').then(([code, signal]) => signal ?? code)
  const get: Get = async (path) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => null)
    return (await response?.text()) ?? ''
  }
  return { child, exited, get, port }
}

type Get = (path: string) => Promise<string>

async function persisted(get: Get): Promise<number> {
  const text = await get('/status')
  if (text === '') return 0
  const { channels } = JSON.parse(text) as SaverStatus
  return channels.reduce((sum, entry) => sum + entry.persisted, 0)
}

const captures = (get: Get, more = 0) =>
  expect.poll(() => persisted(get), { timeout: 120_000 }).toBeGreaterThan(more)

describe('a log that cannot be written', () => {
  it('because the disk is full does not end the capture, and its lines are counted', async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 51, symbols: ['BTCUSDT'], tradesPerSecond: 50 })
    const env = {
      EVENTSAVER_WS_URL: sim.wsUrl,
      EVENTSAVER_DATABASE_URL: database.url,
      EVENTSAVER_SYMBOLS: 'BTCUSDT',
    }
    const { child, exited, get } = await startSaver(env, { stderr: openSync('/dev/full', 'w') })
    await captures(get)
    expect(await get('/metrics')).toMatch(/grid_log_lines_lost_total [1-9]/)
    child.kill('SIGTERM')
    expect(await exited).toBe(0)
  })

  it('because its reader is gone does not end the capture', async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 52, symbols: ['BTCUSDT'], tradesPerSecond: 50 })
    const env = {
      EVENTSAVER_WS_URL: sim.wsUrl,
      EVENTSAVER_DATABASE_URL: database.url,
      EVENTSAVER_SYMBOLS: 'BTCUSDT',
    }
    const { child, exited, get } = await startSaver(env)
    await captures(get)
    child.stderr?.destroy()
    await sim.fault({ kind: 'close', abrupt: true })
    await captures(get, await persisted(get))
    expect(await get('/metrics')).toMatch(/grid_log_lines_lost_total [1-9]/)
    child.kill('SIGTERM')
    expect(await exited).toBe(0)
  })
})

describe('file descriptors', () => {
  it('that clients of the HTTP port use up do not end the capture', async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 54, symbols: ['BTCUSDT'], tradesPerSecond: 50 })
    const env = {
      EVENTSAVER_WS_URL: sim.wsUrl,
      EVENTSAVER_DATABASE_URL: database.url,
      EVENTSAVER_SYMBOLS: 'BTCUSDT',
    }
    const below = ['bash', '-c', `ulimit -n ${LIMIT}; exec "$@"`, 'bash']
    const { child, exited, get, port } = await startSaver(env, { below })
    await captures(get)
    const sockets = Array.from({ length: 200 }, () => connect(port, '127.0.0.1').resume())
    for (const socket of sockets) socket.on('error', () => {})
    const openFiles = () => readdirSync(`/proc/${child.pid}/fd`).length
    await expect.poll(openFiles, { timeout: 120_000 }).toBe(LIMIT)
    // The watchdog looks every second.
    await wait(2500)
    for (const socket of sockets) socket.destroy()
    await captures(get, await persisted(get))
    child.kill('SIGTERM')
    expect(await exited).toBe(0)
  })
})

describe('an address for health', () => {
  it('that this machine does not have yet does not keep it from capturing', async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 57, symbols: ['BTCUSDT'], tradesPerSecond: 50 })
    await using cli = new Cli(['run'], {
      EVENTSAVER_WS_URL: sim.wsUrl,
      EVENTSAVER_DATABASE_URL: database.url,
      EVENTSAVER_SYMBOLS: 'BTCUSDT',
      EVENTSAVER_HTTP_ADDRESS: '192.0.2.1:9464',
    })
    const stored = () => storedTrades(database.db).catch(() => 0)
    await expect.poll(stored, { timeout: 120_000 }).toBeGreaterThan(20)
    await expect
      .poll(() => cli.log, { timeout: 120_000 })
      .toContainEqual(expect.objectContaining({ code: 'HTTP_ADDRESS_UNUSABLE', level: 40 }))
    expect(cli.httpAddress).toBeUndefined()
    cli.kill('SIGTERM')
    expect(await cli.exited).toBe(0)
  })
})

/** A saver whose items wait, as only a stop stores them. */
async function startWaiting(
  wsUrl: string,
  databaseUrl: string,
  more: { env?: Readonly<Record<string, string>>; below?: readonly string[] } = {},
): Promise<{ child: ChildProcess; exited: Promise<unknown> }> {
  const { child, exited, get } = await startSaver(
    {
      EVENTSAVER_WS_URL: wsUrl,
      EVENTSAVER_DATABASE_URL: databaseUrl,
      EVENTSAVER_SYMBOLS: 'BTCUSDT',
      EVENTSAVER_FLUSH_INTERVAL: '60s',
      ...more.env,
    },
    { below: more.below ?? [] },
  )
  const waiting = async (): Promise<number> => {
    const text = await get('/status')
    if (text === '') return 0
    const status = JSON.parse(text) as SaverStatus
    if (!status.databaseReady) return 0
    return status.channels.reduce((sum, entry) => sum + entry.waiting, 0)
  }
  await expect.poll(waiting, { timeout: 120_000 }).toBeGreaterThan(50)
  return { child, exited }
}

async function storedTrades(db: Kysely<GridDatabase>): Promise<number> {
  const { count } = await db
    .selectFrom('public_trades')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

describe('SIGHUP', () => {
  it.each([[[]], [['nohup']]])('stores what waits and exits 0, started %j', async (below) => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 53, symbols: ['BTCUSDT'], tradesPerSecond: 50 })
    const { child, exited } = await startWaiting(sim.wsUrl, database.url, { below })
    // Twice, as a closing terminal does.
    child.kill('SIGHUP')
    child.kill('SIGHUP')
    expect(await exited).toBe(0)
    expect(await storedTrades(database.db)).toBeGreaterThan(20)
  })
})

describe('a signal that asks for something else', () => {
  it('ends nothing, opens no debugger, and SIGQUIT stores what waits', async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 56, symbols: ['BTCUSDT'], tradesPerSecond: 50 })
    const { child, exited } = await startWaiting(sim.wsUrl, database.url, {})
    let log = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log += text
    })
    const ignored = ['SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGPWR'] as const
    for (const signal of ignored) child.kill(signal)
    await expect
      .poll(() => ignored.filter((signal) => log.includes(`${signal} means`)))
      .toEqual(ignored)
    expect(log).not.toContain('Debugger')
    child.kill('SIGQUIT')
    expect(await exited).toBe(0)
    expect(await storedTrades(database.db)).toBeGreaterThan(20)
  })
})

describe('an error that nothing caught', () => {
  it('ends the capture with 1, and what waits is stored before', async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 55, symbols: ['BTCUSDT'], tradesPerSecond: 50 })
    const code = "process.on('SIGUSR2',()=>setTimeout(()=>{throw new Error('EMFILE')}))"
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` }
    const { child, exited } = await startWaiting(sim.wsUrl, database.url, { env })
    child.kill('SIGUSR2')
    expect(await exited).toBe(1)
    expect(await storedTrades(database.db)).toBeGreaterThan(20)
  })
})

describe('stdout', () => {
  it('that is full makes a command fail and say so', async () => {
    const child = spawn(process.execPath, ['--conditions=@grid/source', MAIN, 'config'], {
      stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
    })
    let stderr = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    const [code] = await once(child, 'close')
    expect(stderr).toContain('cannot write to stdout')
    expect(code).toBe(1)
  })

  it('that is read slowly gets all', async () => {
    const symbols = Array.from({ length: 30_000 }, (_, n) => `A${n}USDT`)
    const settings = join(ownFolder(), 'settings.json')
    writeFileSync(settings, JSON.stringify({ symbols }))
    const args = ['config', '--json', '--config', settings]
    const child = spawn(process.execPath, ['--conditions=@grid/source', MAIN, ...args], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    endWithThisProcess(child)
    const exited = once(child, 'exit')
    await once(child.stdout, 'readable')
    // Time enough to end with what is in the pipe.
    await wait(1000)
    let text = ''
    for await (const part of child.stdout.setEncoding('utf8')) text += part
    expect(JSON.parse(text)).toMatchObject({ symbols: symbols.join(',') })
    expect(await exited).toEqual([0, null])
  })

  it('whose reader left ends a command without a trace of the program', async () => {
    await using cli = new Cli(['config'])
    cli.closeStdout()
    expect(await cli.exited).toBe(1)
    expect(cli.stderr).toBe('')
  })
})
