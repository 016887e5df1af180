import { type Clock, systemClock } from '@grid/core-events'

/** A clock whose timers fire at once, so that no test waits for a pause. */
export const HURRIED_CLOCK: Clock = {
  nowUs: () => systemClock.nowUs(),
  setTimer: (callback) => systemClock.setTimer(callback, 0),
}
