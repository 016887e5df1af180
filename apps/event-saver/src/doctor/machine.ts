import { existsSync } from 'node:fs'
import { readFile, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Config } from '../config/config.ts'
import { reasonOf } from '../log/reason.ts'
import { tryWriting } from '../storage/data-folder.ts'
import { keptFolder } from '../storage/kept-file.ts'
import { type Finding, problem, well } from './finding.ts'

const MIN_FREE_BYTES = 1024 ** 3
/** Enough for a socket for every 500 topics, those of the database and the HTTP server, and a reserve. */
const MIN_FILES = 1024

/** Checks the free space on the disk of a folder, or of the nearest parent that exists. */
export async function examineDisk(folder: string): Promise<Finding> {
  for (let path = folder; ; path = dirname(path)) {
    const disk = await statfs(path).catch(() => null)
    if (disk === null && path !== dirname(path)) continue
    if (disk === null)
      return problem('DISK_SPACE', `${folder} cannot be examined`, 'set EVENTSAVER_DATA_DIR')
    const free = disk.bavail * disk.bsize
    const detail = `${(free / 1024 ** 3).toFixed(1)} GiB free at ${path}`
    if (free >= MIN_FREE_BYTES) return well('DISK_SPACE', detail)
    return problem(
      'DISK_SPACE',
      detail,
      'free at least 1 GiB, or name a folder of another disk with EVENTSAVER_DATA_DIR or EVENTSAVER_DATABASE_URL',
    )
  }
}

/** Checks that a data directory can be written, and the folder in it for what a start begins with, by writing files to the disk. */
export async function examineDataDir(config: Pick<Config, 'dataDir'>): Promise<Finding> {
  const { dataDir } = config
  const kept = keptFolder(config)
  for (const folder of existsSync(kept) ? [dataDir, kept] : [dataDir]) {
    const unusable = await folderProblem('DATA_DIR', folder)
    if (unusable !== null) return unusable
  }
  return well('DATA_DIR', `a file could be written to ${dataDir}, and to its disk`)
}

/** A problem when a folder cannot be written; null when it can. */
export async function folderProblem(
  code: Finding['code'],
  folder: string,
): Promise<Finding | null> {
  try {
    await tryWriting(folder)
    return null
  } catch (error) {
    const detail = `the folder ${folder} cannot be written: ${reasonOf(error)}`
    const fix = 'name one that this user can write, with EVENTSAVER_DATA_DIR'
    return problem(code, detail, fix)
  }
}

/** Checks how many files and sockets the process may have open. */
export async function examineFileLimit(): Promise<Finding> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '')
  const [, soft] = /^Max open files\s+(\S+)/m.exec(limits) ?? []
  if (soft === undefined) return well('FILE_LIMIT', 'this operating system does not tell the limit')
  if (soft === 'unlimited' || Number(soft) >= MIN_FILES) {
    return well('FILE_LIMIT', `${soft} files and sockets may be open`)
  }
  const detail = `only ${soft} files and sockets may be open`
  return problem('FILE_LIMIT', detail, `raise it to ${MIN_FILES} (ulimit -n, LimitNOFILE)`)
}
