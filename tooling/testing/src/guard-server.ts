import { spawn } from 'node:child_process'

/**
 * A shell that waits for the end of its input, which comes when we let go or die, even by
 * kill -9, and then ends the server and removes its directory.
 */
export function guardServer(pid: number, home: string): { release(): void; done: Promise<void> } {
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
