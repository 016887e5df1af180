import { readFile } from 'node:fs/promises'
import { type Category, type Clock, sleep } from '@grid/core-events'
import { SimError } from '../base/errors.ts'

const MAX_SPEED = 8

/** What is replayed, and how fast. */
export interface ReplayOptions {
  /** The socket that they were recorded on; default `linear`. */
  readonly category?: Category
  /** A file with one recorded frame a line. */
  readonly file?: string
  /** Recorded frames, as the exchange sent them. */
  readonly frames?: readonly string[]
  /** Times the recording's own speed, by its `ts`: up to 8, or `'unpaced'`; default 1. */
  readonly speed?: number | 'unpaced'
  /** Ends the replay early. */
  readonly signal?: AbortSignal
}

/** What a replay did. */
export interface ReplayReport {
  readonly frames: number
  /** Frames that at least one connection got. */
  readonly sent: number
}

/** Plays frames in their order; one whose time lies before the last one's follows at once. */
export async function replayFrames(
  options: ReplayOptions,
  clock: Clock,
  send: (topic: string, text: string) => { readonly sentTo: readonly number[] },
): Promise<ReplayReport> {
  const { speed = 1, signal } = options
  if (speed !== 'unpaced' && !(speed > 0 && speed <= MAX_SPEED)) {
    throw new SimError(
      'SIM_BAD_INPUT',
      `speed must be above 0 and at most ${MAX_SPEED}, or 'unpaced'`,
    )
  }
  const recording = (await readFrames(options)).map(readEnvelope)
  const startedUs = clock.nowUs()
  const first = recording[0]?.ts ?? 0
  const report = { frames: 0, sent: 0 }
  for (const { topic, ts, text } of recording) {
    if (speed !== 'unpaced') {
      const waitMs = (ts - first) / speed - (clock.nowUs() - startedUs) / 1000
      if (waitMs > 0) await sleep(clock, waitMs, signal)
    }
    if (signal?.aborted) break
    report.frames++
    if (send(topic, text).sentTo.length > 0) report.sent++
  }
  return report
}

async function readFrames(options: ReplayOptions): Promise<readonly string[]> {
  if (options.frames !== undefined) return options.frames
  if (options.file === undefined) {
    throw new SimError('SIM_BAD_INPUT', 'a replay needs a file or frames')
  }
  const lines = (await readFile(options.file, 'utf8')).split('\n')
  return lines.filter((line) => line.trim() !== '')
}

function readEnvelope(text: string): { topic: string; ts: number; text: string } {
  const { topic, ts } = JSON.parse(text) as { topic?: unknown; ts?: unknown }
  if (typeof topic !== 'string' || typeof ts !== 'number') {
    throw new SimError(
      'SIM_BAD_INPUT',
      `a recorded frame has no topic and ts: ${text.slice(0, 80)}`,
    )
  }
  return { topic, ts, text }
}
