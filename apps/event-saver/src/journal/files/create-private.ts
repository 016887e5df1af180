import { type FileHandle, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { getuid } from 'node:process'

/**
 * Makes a file that its owner alone may read. One that root makes in another user's folder is that user's: a command as
 * root would otherwise leave a saver that runs as that user what it cannot read. Rejects when there is such a file.
 */
export async function createPrivate(path: string): Promise<FileHandle> {
  const file = await open(path, 'wx', 0o600)
  if (getuid?.() !== 0) return file
  // Some file systems leave no owner to choose.
  await stat(dirname(path))
    .then(({ uid, gid }) => file.chown(uid, gid))
    .catch(() => {})
  return file
}
