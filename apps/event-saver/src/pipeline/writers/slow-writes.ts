import type { Clock } from '@grid/core-events'

/** A write that takes longer is told of. */
const SLOW_MS = 5000

/** Runs a write; tells once after 5 s that it is slow, and then when it is over. */
export async function tellingSlow<Outcome>(
  clock: Clock,
  write: () => Promise<Outcome>,
  onSlow: (ms: number, isOver: boolean) => void,
): Promise<Outcome> {
  const sinceUs = clock.nowUs()
  let isSlow = false
  const timer = clock.setTimer(() => {
    isSlow = true
    onSlow(SLOW_MS, false)
  }, SLOW_MS)
  try {
    return await write()
  } finally {
    timer.cancel()
    if (isSlow) onSlow(Math.max(SLOW_MS, Math.round((clock.nowUs() - sinceUs) / 1000)), true)
  }
}
