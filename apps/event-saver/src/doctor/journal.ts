import { existsSync, statSync } from 'node:fs'
import type { Config } from '../config/config.ts'
import { environmentOfJournal } from '../journal/files/directory.ts'
import { reasonOf } from '../log/reason.ts'
import { journalFolder } from '../storage/data-journal.ts'
import { type Finding, problem, well } from './finding.ts'
import { folderProblem } from './machine.ts'

/** Checks that a journal which exists is this user's and this environment's, and can be written; a saver may use it. */
export async function examineJournal(config: Config): Promise<Finding[]> {
  const folder = journalFolder(config)
  if (config.journal === 'memory' || !existsSync(folder)) return []
  const unusable = await folderProblem('JOURNAL', folder)
  if (unusable !== null) return [unusable]
  const user = process.geteuid?.()
  if (user !== undefined && user !== 0 && statSync(folder).uid !== user) {
    const detail = `the folder ${folder} belongs to another user, so that its mode cannot be set`
    return [problem('JOURNAL', detail, 'give it to this user (chown), or name another data folder')]
  }
  try {
    const found = environmentOfJournal(folder)
    if (found === null || found === config.environmentStamp) {
      return [well('JOURNAL', `a file could be written to ${folder}, and to its disk`)]
    }
    const detail = `the journal in ${folder} is of ${found}, this configuration captures ${config.environmentStamp}`
    return [problem('JOURNAL', detail, 'name another folder with EVENTSAVER_DATA_DIR')]
  } catch (error) {
    const detail = `the journal in ${folder} cannot be read: ${reasonOf(error)}`
    return [problem('JOURNAL', detail, 'name another folder with EVENTSAVER_DATA_DIR')]
  }
}
