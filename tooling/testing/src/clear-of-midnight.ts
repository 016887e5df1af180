import { setTimeout as delay } from 'node:timers/promises'

const DAY_MS = 86_400_000
/** Longer than a test lasts that names days. */
const MARGIN_MS = 30_000

/**
 * Lets UTC's midnight pass if it is near. For tests of which days are over: they cannot say so while a
 * day ends between their question and the answer.
 *
 * @example
 * beforeEach(clearOfMidnight)
 */
export async function clearOfMidnight(): Promise<void> {
  const leftMs = DAY_MS - (Date.now() % DAY_MS)
  // A timer may be early by a little.
  if (leftMs < MARGIN_MS) await delay(leftMs + 50)
}
