import module from 'node:module'

/**
 * Writes the code that this start compiled into the cache of compiled code, if one is used and lacks it.
 * Node does so at a clean exit only, so that a process that is always killed would never have a cache.
 */
export function keepCompiledCode(): void {
  // Not within the step that handles a frame: it takes some milliseconds.
  setImmediate(() => module.flushCompileCache?.())
}
