import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startSimulator } from '../../src/index.ts'
import { Client } from '../support/client.ts'
import { SteppedClock } from '../support/stepped-clock.ts'

const TOPIC = 'publicTrade.OLDUSDT'

function frame(ts: number): string {
  return `{"topic":"${TOPIC}", "type":"snapshot","ts":${ts},"data":[]}`
}

test('recorded frames reach their subscribers byte for byte, with the recording’s timing', async () => {
  const clock = new SteppedClock()
  await using sim = await startSimulator({ symbols: [], extraTopics: [TOPIC], clock })
  const client = await Client.open(sim.wsUrl)
  await client.subscribe(TOPIC)
  const frames = [frame(1000), frame(1400), frame(1400), frame(2600)]
  const replay = sim.replayFrames({ frames, speed: 4 })
  const arrived = async (): Promise<number> => {
    await client.ask({ op: 'ping' })
    return client.frames(TOPIC).length
  }
  expect(await arrived()).toBe(1)
  clock.advance(99)
  expect(await arrived()).toBe(1)
  clock.advance(1)
  expect(await arrived()).toBe(3)
  clock.advance(300)
  expect(await replay).toEqual({ frames: 4, sent: 4 })
  expect(await arrived()).toBe(4)
  expect(client.texts.filter((text) => text.includes('"topic"'))).toEqual(frames)
  expect(sim.truth().raws.map((raw) => [raw.text, raw.sentTo])).toEqual(
    frames.map((text) => [text, [1]]),
  )
})

test('a file can be replayed unpaced, and ending a replay by its signal is not an error', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bybit-sim-'))
  try {
    const file = join(folder, 'recording.ndjson')
    await writeFile(file, `${frame(1)}\n${frame(9_000_000)}\n`)
    await using sim = await startSimulator({ symbols: [], extraTopics: [TOPIC] })
    const client = await Client.open(sim.wsUrl)
    await client.subscribe(TOPIC)
    expect(await sim.replayFrames({ file, speed: 'unpaced' })).toEqual({ frames: 2, sent: 2 })
    const abort = new AbortController()
    const slow = sim.replayFrames({ file, signal: abort.signal })
    await client.until(() => client.frames(TOPIC).length === 3)
    abort.abort()
    expect(await slow).toEqual({ frames: 1, sent: 1 })
    await expect(sim.replayFrames({ frames: ['{}'] })).rejects.toThrow('topic')
  } finally {
    await rm(folder, { recursive: true })
  }
})
