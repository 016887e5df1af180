import { posix } from 'node:path'
import type { Finding } from './finding.ts'

/** How many files a folder of sources may hold before it must be divided. */
const MOST_FILES = 16

/** Finds the folders with too many files. */
export function findFullFolders(files: readonly string[]): Finding[] {
  return [...Map.groupBy(files, (file) => posix.dirname(file))]
    .filter(([, inside]) => inside.length > MOST_FILES)
    .map(([folder, inside]) => ({
      key: `size ${folder}`,
      message: `${folder} holds ${inside.length} files; more than ${MOST_FILES} need folders of their own`,
    }))
}
