import { readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'

/** How long a process was ready to run and had no processor, in a time before it was killed. Milliseconds. */
export interface Starvation {
  readonly duringMs: number
  readonly waitedMs: number
}

/**
 * Measures, for at least a time, how long a process's main thread waits for a processor. What it does not read
 * meanwhile, no program could have kept.
 */
export async function measureStarvation(pid: number, forMs: number): Promise<Starvation> {
  const beganMs = Date.now()
  const before = await readWaited(pid)
  await wait(forMs)
  const after = await readWaited(pid)
  return { duringMs: Date.now() - beganMs, waitedMs: after - before }
}

async function readWaited(pid: number): Promise<number> {
  const [, nanoseconds] = (await readFile(`/proc/${pid}/schedstat`, 'utf8').catch(() => '')).split(
    ' ',
  )
  return Number(nanoseconds ?? 0) / 1e6
}
