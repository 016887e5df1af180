import { MOST_AHEAD_MS } from '@grid/core-events'
import { sqlText } from './sql-text.ts'

/** SQL condition of a row whose exchange time is not ahead of its receipt by more than a minute. */
export function isBelievableSql(row: string): string {
  return `${row}.exchange_ts <= ${row}.local_ts + interval '${MOST_AHEAD_MS / 1000} s'`
}

/** SQL of the time at which a row counts as having happened, as `believableTs` gives it. */
export function believableSql(row: string): string {
  return sqlText`
    case when ${isBelievableSql(row)}
      then ${row}.exchange_ts else ${row}.local_ts end`
}

/** SQL condition of a row that was received before a time, in epoch microseconds. */
export function isReceivedBeforeSql(row: string, epochUs: number): string {
  if (!Number.isSafeInteger(epochUs)) {
    throw new RangeError(`${epochUs} is no time in whole epoch microseconds`)
  }
  return `${row}.local_ts < timestamptz 'epoch' + ${epochUs} * interval '1 microsecond'`
}
