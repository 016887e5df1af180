import { readFile } from 'node:fs/promises'
import { type Category, type Clock, sleep } from '@grid/core-events'
import { SimError } from '../base/errors.ts'

const MAX_SPEED = 8

/** Which frames are replayed, and how fast. */
export interface ReplayOptions {
  /** The socket that they are sent on; default `linear`. */
  readonly category?: Category
  /** A file with one recorded frame on each line. */
  readonly file?: string
  /** Frames in place of a file: JSON texts with `topic` and `ts`, sent as they are. */
  readonly frames?: readonly string[]
  /** A multiple of the recording's own speed, by `ts`: up to 8, or `'unpaced'`; default 1. */
  readonly speed?: number | 'unpaced'
  /** Ends the replay early. */
  readonly signal?: AbortSignal
}

/** The result of a replay. */
export interface ReplayReport {
  readonly frames: number
  /** Frames that were written to at least one connection. */
  readonly sent: number
}

/**
 * Plays frames in their order; a frame that is older than its predecessor follows it at once.
 *
 * Throws `SIM_BAD_INPUT` for a speed out of range, and for frames that cannot be read.
 */
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
