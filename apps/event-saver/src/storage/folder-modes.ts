import { statSync } from 'node:fs'
import { dirname } from 'node:path'

const OTHERS = 0o077
const WRITABLE_BY_ALL = 0o002
const STICKY = 0o1000

/**
 * What lets others at the folder of the embedded database or of the journal although its modes were mended: a file system
 * that keeps no modes, another owner, or a folder above it that everybody can write and so replace. Null
 * when nothing does.
 */
export function openFolder(folder: string): string | null {
  const mode = modeOf(folder)
  if (mode !== null && (mode & OTHERS) !== 0) {
    return `${folder} has mode 0${mode.toString(8)}, which cannot be changed: others can read or write what is in it; name a folder of a file system that keeps modes, owned by this user`
  }
  for (let above = dirname(folder); ; above = dirname(above)) {
    const modeAbove = modeOf(above)
    const isOpen = modeAbove !== null && (modeAbove & WRITABLE_BY_ALL) !== 0
    if (isOpen && (modeAbove & STICKY) === 0) {
      return `${above} has mode 0${modeAbove.toString(8)}: everybody can put another folder in the place of ${folder}; take that right away (chmod o-w), or name another folder`
    }
    if (above === dirname(above)) return null
  }
}

function modeOf(path: string): number | null {
  try {
    return statSync(path).mode & 0o7777
  } catch {
    return null
  }
}
