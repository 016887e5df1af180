import type { Config } from '../config/config.ts'
import { findCollectorHolder } from '../storage/collector-claim.ts'
import { type Finding, problem, well } from './finding.ts'

/** Checks that no saver of another machine captures under this collector's name; one of this machine is told. */
export async function examineCollector(config: Config): Promise<Finding[]> {
  const holder = await findCollectorHolder(config)
  if (holder === null) return []
  const detail = `the name "${config.collector}" is held by ${holder.text}`
  if (holder.isOfThisMachine) return [well('COLLECTOR', `${detail}: a second saver is refused`)]
  const fix = 'stop that saver, or set EVENTSAVER_COLLECTOR to a name of its own'
  return [problem('COLLECTOR', detail, fix)]
}
