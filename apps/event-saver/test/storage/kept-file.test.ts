import { chown, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getuid } from 'node:process'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { KeptFile } from '../../src/storage/kept-file.ts'

const DAY_US = 86_400_000_000

let dataDir: string
let nowUs: number
let log: { code?: string; reason?: string }[]

beforeEach(async () => {
  // A folder that does not exist yet, below one that others may enter.
  dataDir = join(await mkdtemp(join(tmpdir(), 'grid-kept-')), 'data')
  nowUs = Date.UTC(2026, 10, 30) * 1000
  log = []
})
afterEach(() => rm(join(dataDir, '..'), { recursive: true }))

/** A kept list of names, as a new process has it. */
function list(environment = 'mainnet'): KeptFile<string[]> {
  return new KeptFile({
    config: { dataDir },
    name: 'names',
    about: { environment },
    schema: z.array(z.string()),
    clock: { nowUs: () => nowUs, setTimer: () => ({ cancel() {} }) },
    log: pino({ level: 'debug' }, { write: (line) => log.push(JSON.parse(line)) }),
  })
}

async function keep(...names: string[]): Promise<void> {
  const kept = list()
  kept.keep(names)
  await kept.settled()
}

const path = (): string => join(dataDir, 'kept', 'names.json')
const mode = async (at: string): Promise<string> => ((await stat(at)).mode & 0o777).toString(8)

describe('what a process keeps', () => {
  it('is what the next one reads, in a file and folders for its owner alone', async () => {
    await keep('A', 'B')
    expect(list().read()).toEqual({ value: ['A', 'B'], keptAt: nowUs / 1000 })
    expect(await mode(path())).toBe('600')
    expect(await mode(join(dataDir, 'kept'))).toBe('700')
    expect(await mode(dataDir)).toBe('700')
    expect(await readdir(join(dataDir, 'kept'))).toEqual(['names.json'])
    expect(log).toEqual([])
  })

  it('takes a looser mode of its folder away', async () => {
    await mkdir(join(dataDir, 'kept'), { recursive: true, mode: 0o755 })
    await keep('A')
    expect(await mode(join(dataDir, 'kept'))).toBe('700')
  })

  it.skipIf(getuid?.() !== 0)('stays its folder’s owner’s when root writes it', async () => {
    await keep('A')
    await chown(join(dataDir, 'kept'), 65_534, 65_534)
    await keep('B')
    expect(await mode(path())).toBe('600')
    expect((await stat(path())).uid).toBe(65_534)
  })

  it('is replaced by what differs, and written again when it is an hour old', async () => {
    const kept = list()
    for (const names of [['A'], ['A'], ['B']]) {
      nowUs += 1000
      kept.keep(names)
    }
    await kept.settled()
    expect(list().read()).toMatchObject({ value: ['B'], keptAt: nowUs / 1000 })
    const writtenMs = nowUs / 1000
    nowUs += DAY_US / 48
    kept.keep(['B'])
    await kept.settled()
    expect(list().read()).toMatchObject({ keptAt: writtenMs })
    nowUs += DAY_US / 48
    kept.keep(['B'])
    await kept.settled()
    expect(list().read()).toMatchObject({ keptAt: nowUs / 1000 })
  })

  it('is gone once it is forgotten', async () => {
    await keep('A')
    const kept = list()
    kept.forget()
    await kept.settled()
    expect(list().read()).toBeNull()
    expect(log).toEqual([])
  })

  it('is nothing before the first time', () => {
    expect(list().read()).toBeNull()
    expect(log).toEqual([])
  })
})

describe('what was kept is ignored, and the log says why, when it is', () => {
  const refused = (reason: string): void => {
    expect(log).toMatchObject([
      { code: 'KEPT_FILE_IGNORED', reason: expect.stringContaining(reason) },
    ])
  }

  it.each([
    ['empty', ''],
    ['cut off', '{"about":{"environment":"mainnet"},"keptA'],
    ['of another form', '[1]'],
    ['of another kind of value', '{"about":{"environment":"mainnet"},"keptAt":1,"value":[1]}'],
  ])('%s', async (_what, text) => {
    await keep('A')
    await writeFile(path(), text)
    expect(list().read()).toBeNull()
    refused(text.startsWith('[') || text.endsWith('}') ? 'damaged' : 'cannot be read')
  })

  it('of another environment', async () => {
    await keep('A')
    expect(list('testnet').read()).toBeNull()
    refused('its environment is mainnet, not testnet')
  })

  it('older than three days, or of a time to come', async () => {
    await keep('A')
    nowUs += 3 * DAY_US
    expect(list().read()?.value).toEqual(['A'])
    nowUs += 1000
    expect(list().read()).toBeNull()
    refused('more than 3 days')
    nowUs -= 7 * DAY_US
    expect(list().read()).toBeNull()
  })
})

it('a folder that cannot be made is told of and ends nothing', async () => {
  await writeFile(dataDir, 'a file')
  await keep('A')
  expect(log).toMatchObject([{ code: 'KEPT_FILE_UNWRITABLE' }])
  expect(await readFile(dataDir, 'utf8')).toBe('a file')
})
