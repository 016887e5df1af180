import { setTimeout as delay } from 'node:timers/promises'

/** Waits for a condition; fails with its name if it does not become true. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 15_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`never happened: ${what}`)
    await delay(2)
  }
}
