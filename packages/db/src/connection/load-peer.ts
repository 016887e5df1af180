import { DatabaseError } from '../errors.ts'

/** Imports an optional peer dependency; throws `DRIVER_MISSING`, naming the package to install. */
export async function loadPeer<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load()
  } catch (cause) {
    const code = (cause as { code?: unknown } | null)?.code
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'ERR_UNKNOWN_BUILTIN_MODULE') throw cause
    const remedy = name.startsWith('node:')
      ? `this Node.js has no ${name}: use 22.13 or newer`
      : `the package "${name}" is not installed: run npm install ${name}`
    throw new DatabaseError('DRIVER_MISSING', remedy, { cause, context: { package: name } })
  }
}
