import { readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const FILE = 'released'

/**
 * The number before which segments were released, as the process before knew it; 0 where none did. It may be lower
 * than the truth and never higher, so that these segments may go even while no database says what is committed.
 */
export function readReleased(directory: string): number {
  try {
    const number = Number(readFileSync(join(directory, FILE), 'utf8'))
    return Number.isSafeInteger(number) && number > 0 ? number : 0
  } catch {
    return 0
  }
}

/** Writes what {@link readReleased} reads. */
export async function writeReleased(directory: string, number: number): Promise<void> {
  const path = join(directory, FILE)
  await writeFile(`${path}.tmp`, String(number), { mode: 0o600 })
  await rename(`${path}.tmp`, path)
}
