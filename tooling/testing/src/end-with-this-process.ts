import { type ChildProcess, spawn } from 'node:child_process'

/**
 * Kills a child once this process ends, even by kill -9: a test that is given up never comes to its own
 * cleaning up, and its child would run for ever. `group` kills the whole group of a detached child.
 */
export function endWithThisProcess(child: ChildProcess, { group = false } = {}): void {
  const { pid } = child
  if (pid === undefined) return
  const script = `cat >/dev/null; kill -KILL ${group ? '-' : ''}${pid} 2>/dev/null`
  const shell = spawn('/bin/sh', ['-c', script], {
    cwd: '/',
    // In its own process group, so that Ctrl+C reaches only this process.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  shell.unref()
  // Another process may get the number.
  child.once('exit', () => {
    shell.kill('SIGKILL')
    shell.stdin.destroy()
  })
}
