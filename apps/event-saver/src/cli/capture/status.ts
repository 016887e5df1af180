import { durationText } from '@grid/core-events'
import type { Config } from '../../config/config.ts'
import { CommandError, EXIT } from '../../exit-code.ts'
import type { SaverStatus } from '../../health/status.ts'
import { plainText } from '../plain-text.ts'

/** Reads the status of the running saver. Throws with exit code 3 when none answers. */
export async function fetchStatus(config: Config): Promise<SaverStatus> {
  const { host, port } = config.httpAddress
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/status`
  try {
    const token = config.httpToken?.reveal()
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(5000) })
    if (response.status === 401 || response.status === 403) {
      const reason = (await response.text()).trim()
      throw new CommandError(EXIT.configuration, 'STATUS_REFUSED', `${url} refuses: ${reason}`)
    }
    const body: unknown = await response.json()
    if (response.ok && isStatus(body)) return body
  } catch (cause) {
    if (cause instanceof CommandError) throw cause
    throw new CommandError(
      EXIT.problem,
      'SAVER_UNREACHABLE',
      `no saver answers at ${url}; is it running, and is EVENTSAVER_HTTP_ADDRESS the same?`,
      { cause },
    )
  }
  throw new CommandError(EXIT.problem, 'NOT_A_SAVER', `the server at ${url} is not an event-saver`)
}

function isStatus(body: unknown): body is SaverStatus {
  return typeof body === 'object' && body !== null && 'name' in body && body.name === 'event-saver'
}

function lostLines({ deadLetters, gaps }: SaverStatus['evidenceLost']): string[] {
  if (deadLetters + gaps === 0) return []
  return [`EVIDENCE LOST: ${deadLetters} dead letters and ${gaps} gaps stand in the log alone`]
}

/** The status as lines for a person. */
export function statusLines(status: SaverStatus): string[] {
  const uptime = durationText(status.now - status.startedAt)
  const lines = [
    `event-saver ${status.ready ? 'ready' : 'NOT READY'}, pid ${status.pid}, up ${uptime}, ${status.environment}`,
    `database ${status.database}${status.databaseReady ? '' : ' (not reached yet)'}`,
    ...status.checks.map((check) => `${check.ok ? 'ok  ' : 'FAIL'} ${check.code}: ${check.detail}`),
    ...status.accounts.map(
      ({ accountName, state, code, reason, unread }) =>
        `account ${accountName}: ${state}${code === null ? '' : ` (${code}: ${reason})`}` +
        (unread.length === 0 ? '' : `, cannot read ${unread.join(', ')}`),
    ),
    ...status.instruments.map(
      ({ category, listed, recordedAt, changes, ended }) =>
        `instruments ${category}: ${listed ?? 'not read yet'}${listed === null ? '' : ' listed'}, ` +
        `recorded ${recordedAt === null ? 'never' : `${durationText(Math.max(0, status.now - recordedAt))} ago`}, ` +
        `${changes} changes, ${ended} ended`,
    ),
    ...status.channels
      .filter((entry) => entry.received > 0)
      .map(
        (entry) =>
          `${entry.channel}: received ${entry.received}, persisted ${entry.persisted}, merged ${entry.merged}, ` +
          `duplicate ${entry.duplicate}, conflict ${entry.conflict}, filtered ${entry.filtered}, ` +
          `discarded ${entry.discarded}, dropped ${entry.dropped}, ` +
          `dead-lettered ${entry.deadLettered}, waiting ${entry.waiting}` +
          (entry.imbalance === 0 ? '' : `, UNACCOUNTED ${entry.imbalance}`),
      ),
    `gaps: ${status.gaps.open} open, ${status.gaps.partial} filled in part, ${status.gaps.unrecoverable} unrecoverable, ${status.gaps.ignored} ignored`,
    ...lostLines(status.evidenceLost),
  ]
  return lines.map(plainText)
}
