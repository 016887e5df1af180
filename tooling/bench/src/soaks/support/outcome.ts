import { loadavg } from 'node:os'
import type { AccountsProof } from '@grid/proof'
import { spread } from '../../support/figures.ts'
import type { EndFault, Judgement } from './judge.ts'

/** The lines of a report, and whether something was wrong. */
export interface Outcome {
  readonly lines: string[]
  readonly failed: boolean
}

/** Says how a database compares with what was sent. */
export function describeJudgement(judgement: Judgement): Outcome {
  const { proof, underWay, underWayLost, oldestLostMs, faults, lateness } = judgement
  const { trades, tickers, missing, unexpected, different } = proof
  return {
    failed:
      missing + unexpected + different + proof.unsentOutsideGaps > 0 ||
      proof.neverSent.length > 0 ||
      trades.sent === 0,
    lines: [
      `  trades               sent ${trades.sent}, stored ${trades.stored}; tickers sent ${tickers.sent}, stored ${tickers.stored}`,
      `  differences          missing ${missing}, unexpected ${unexpected}, columns that differ ${different}`,
      `  under way at an end  ${underWay}, of which not stored ${underWayLost}; the earliest lost was written ${oldestLostMs.toFixed(0)} ms before`,
      ...(lateness.length === 0
        ? []
        : [
            `  sockets read late    by at most ${spread(lateness, 0)} ms in the last second before an end, longest ${Math.max(...lateness).toFixed(0)}`,
          ]),
      ...faults.map(describeFault),
      `  sent to nobody       ${proof.unsent}, stored by filling gaps ${proof.repaired}, neither stored nor in a gap ${proof.unsentOutsideGaps}`,
      ...proof.uncovered.slice(0, 5).map((one) => `    ${one}`),
      ...proof.samples.slice(0, 5).map((sample) => `    ${sample}`),
    ],
  }
}

function describeFault({ items, oldestMs, silentMs, life }: EndFault): string {
  const starvation = life?.starvation ?? null
  const starved =
    starvation === null
      ? ''
      : `; of the last ${starvation.duringMs} ms its main thread waited ${starvation.waitedMs.toFixed(0)} for a processor`
  return `    an end lost ${items} too many, up to ${oldestMs.toFixed(0)} ms old; the last that is stored came ${silentMs.toFixed(0)} ms before${starved}`
}

/** Says how accounts compare with their books. */
export function describeAccounts(proof: AccountsProof): Outcome {
  const { executions, orderStates, missing, unexpected, different, samples } = proof
  return {
    failed: missing + unexpected + different > 0 || executions === 0,
    lines: [
      `  accounts             executions ${executions}, states of orders ${orderStates}: missing ${missing}, unexpected ${unexpected}, columns that differ ${different}`,
      ...samples.slice(0, 5).map((sample) => `    ${sample}`),
    ],
  }
}

/** The machine's load now, for a report. */
export function load(): string {
  return `load ${loadavg()
    .map((one) => one.toFixed(1))
    .join(' ')}`
}
