import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ServerUser } from './postgres-binaries.ts'

/** A running server program. */
export interface GuardedServer {
  readonly isRunning: boolean
  /** Its output so far. */
  output(): string
  /** Ends it and removes its directory. */
  stop(): Promise<void>
}

/**
 * Runs a server program as another user, with all its files in `home`.
 *
 * It ends and `home` is removed when `stop` is called, and also when this process dies, even by
 * kill -9.
 */
export function startGuarded(
  program: string,
  args: readonly string[],
  { user, home }: { readonly user: ServerUser; readonly home: string },
): GuardedServer {
  const log = join(home, 'log')
  const output = openSync(log, 'a')
  const server = spawn(program, args, {
    ...user,
    cwd: '/',
    // In its own process group, so that Ctrl+C reaches only this process, which ends the server at last.
    detached: true,
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  server.unref()
  if (server.pid === undefined) throw new Error(`cannot run ${program}`)
  const { release, done } = guard(server.pid, home)
  return {
    get isRunning(): boolean {
      return server.exitCode === null && server.signalCode === null
    },
    output: () => readFileSync(log, 'utf8'),
    async stop(): Promise<void> {
      server.ref()
      release()
      await ended
      await done
    },
  }
}

/**
 * Starts a shell that ends the server and removes its directory once the shell's input ends. That
 * happens on `release`, and when this process dies, even by kill -9.
 */
function guard(pid: number, home: string): { release(): void; done: Promise<void> } {
  const script = `cat >/dev/null
kill -INT ${pid} 2>/dev/null
for i in $(seq 100); do kill -0 ${pid} 2>/dev/null || break; sleep 0.1; done
rm -rf '${home}'`
  const shell = spawn('/bin/sh', ['-c', script], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const done = new Promise<void>((resolve) => shell.once('exit', () => resolve()))
  shell.unref()
  const release = (): void => {
    shell.ref()
    shell.stdin.end()
  }
  return { release, done }
}
