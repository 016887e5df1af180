import { setTimeout as delay } from 'node:timers/promises'

/** Waits for a condition; fails, saying which, when it does not come about. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 15_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`never came about: ${what}`)
    await delay(2)
  }
}
